import { Component, onWillStart, onWillUnmount, useExternalListener, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { Bars } from "./bars";
import { age, latency, number } from "./format";

const INTERVAL = 5000;

/** What waits, what failed, how fast it goes: refreshes by itself while somebody looks. */
export class Overview extends Component {
    static template = "interop_hub.Overview";
    static components = { Bars, ControlPanel };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Overview");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.state = useState({ data: null, stale: false, busy: false });
        this.age = age;
        this.latency = latency;
        this.number = number;
        onWillStart(() => this.load());
        this.timer = setInterval(() => this.tick(), INTERVAL);
        onWillUnmount(() => clearInterval(this.timer));
        useExternalListener(document, "visibilitychange", () => this.tick());
    }

    tick() {
        if (document.visibilityState === "visible" && !this.loading) {
            return this.load();
        }
    }

    async load() {
        this.loading = true;
        try {
            this.state.data = await this.orm.silent.call("interop.overview", "get_data", []);
            this.state.stale = false;
        } catch (error) {
            if (!this.state.data) {
                throw error;
            }
            // A restarting server is no reason to throw the page away: say that it is old.
            this.state.stale = true;
        } finally {
            this.loading = false;
        }
    }

    // -- what is shown ---------------------------------------------------------

    get tiles() {
        const { totals } = this.state.data;
        const tile = (key, label, icon, tone, states, help) => ({ key, label, icon, tone: totals[key] ? tone : "muted", states, help, value: totals[key] });
        return [
            tile("received", _t("In the queue"), "fa-inbox", "info", ["received"], _t("Accepted, and processed next")),
            tile("retry", _t("Waiting for retry"), "fa-repeat", "warning", ["retry"], _t("Failed for now, tried again by itself")),
            tile("held", _t("Held back"), "fa-pause", "body", ["held"], _t("Behind an older message of the same patient or visit")),
            tile("quarantined", _t("Quarantined"), "fa-user-o", "warning", ["quarantined"], _t("A person has to decide or complete something")),
            tile("ambiguous", _t("Ambiguous"), "fa-question", "danger", ["ambiguous"], _t("Sent, but the answer is unknown")),
            tile("dead", _t("Dead"), "fa-times", "danger", ["dead"], _t("Failed for good")),
        ];
    }

    get done() {
        return this.state.data.minutes.map(([done]) => done);
    }

    get failed() {
        return this.state.data.minutes.map(([, failed]) => failed);
    }

    get peak() {
        return Math.max(...this.state.data.minutes.map(([done, failed]) => done + failed));
    }

    // -- the records behind the numbers ------------------------------------------

    openMessages(name, domain) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: "interop.message",
            views: [[false, "list"], [false, "form"], [false, "pivot"], [false, "graph"]],
            domain,
        });
    }

    openStates(name, states, interfaceId) {
        const domain = [["state", "in", states]];
        if (interfaceId) {
            domain.push(["interface_id", "=", interfaceId]);
        }
        return this.openMessages(name, domain);
    }

    openWaiting(row) {
        return this.openStates(_t("Waiting: %s", row.code), ["received", "retry", "held"], row.id);
    }

    openFailed(row) {
        return this.openStates(_t("Failed: %s", row.code), ["quarantined", "ambiguous", "dead"], row.id);
    }

    openOldest() {
        const { oldest } = this.state.data.totals;
        return oldest && this.openStates(_t("Waiting: %s", oldest.code), ["received", "retry", "held"], oldest.interface_id);
    }

    openHour(row) {
        const domain = [["received_at", ">=", "-1H"]];
        return this.openMessages(_t("Last hour"), row ? [...domain, ["interface_id", "=", row.id]] : domain);
    }

    openThroughput() {
        return this.action.doAction("interop_hub.action_stat");
    }

    openInterface(row) {
        return this.openRecord("interop.interface", row.id);
    }

    openLane(lane) {
        return this.openRecord("interop.lane", lane.id);
    }

    openRecord(model, id) {
        return this.action.doAction({ type: "ir.actions.act_window", res_model: model, res_id: id, views: [[false, "form"]] });
    }

    openLaneMessages(lane, states) {
        return this.openMessages(lane.name, [["lane_id", "=", lane.id], ["state", "in", states]]);
    }

    openExceptions(name, domain) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: "interop.exception",
            views: [[false, "kanban"], [false, "list"], [false, "form"]],
            domain: [["state", "in", ["open", "in_progress"]], ...domain],
        });
    }

    // -- operating -----------------------------------------------------------------

    ask(title, body, confirmLabel, model, method, ids, danger = true) {
        this.dialog.add(ConfirmationDialog, {
            title,
            body,
            confirmLabel,
            confirmClass: danger ? "btn-danger" : "btn-primary",
            confirm: () => this.operate(model, method, ids),
            cancel: () => {},
        });
    }

    async operate(model, method, ids) {
        this.state.busy = true;
        try {
            await this.orm.call(model, method, ids ? [ids] : []);
            await this.load();
        } finally {
            this.state.busy = false;
        }
    }

    brake() {
        this.ask(
            _t("Stop everything?"),
            _t("No lane processes anything and every door answers 503 until somebody releases the brake. Nothing is lost: what was accepted waits."),
            _t("Stop everything"),
            "interop.lane",
            "action_brake"
        );
    }

    releaseBrake() {
        this.ask(
            _t("Release the brake?"),
            _t("All doors open and all lanes that are not paused go on where they stopped."),
            _t("Release the brake"),
            "interop.lane",
            "action_release_brake",
            undefined,
            false
        );
    }

    toggleInterface(row) {
        if (row.state === "active") {
            this.ask(
                _t("Pause %s?", row.code),
                _t("Its door answers 503 and nothing of it is processed until somebody activates it again."),
                _t("Pause"),
                "interop.interface",
                "action_pause",
                [row.id]
            );
        } else {
            this.operate("interop.interface", "action_activate", [row.id]);
        }
    }

    toggleLane(lane) {
        if (lane.paused) {
            this.operate("interop.lane", "action_resume", [lane.id]);
        } else {
            this.ask(
                _t("Pause the lane %s?", lane.name),
                _t("Doors still accept, but nothing of this lane is processed until somebody resumes it."),
                _t("Pause"),
                "interop.lane",
                "action_pause",
                [lane.id]
            );
        }
    }
}

registry.category("actions").add("interop_hub.overview", Overview);
