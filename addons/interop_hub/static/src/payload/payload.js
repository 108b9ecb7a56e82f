import { Component, markup, onMounted, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * Asks why, then shows the body of one message. The body lives in this
 * component only: it is never stored, neither in the browser nor on the server.
 */
export class Payload extends Component {
    static template = "interop_hub.Payload";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ reason: "", html: null, busy: false });
        this.input = useRef("reason");
        this.messageId = this.props.action.context.active_id;
        this.suggestions = [_t("Failed message"), _t("Question of the partner"), _t("Complaint of a patient")];
        onMounted(() => this.input.el?.focus());
    }

    async open() {
        const reason = this.state.reason.trim();
        if (!reason || this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { html } = await this.orm.call("interop.message", "action_open_payload", [[this.messageId]], { reason });
            this.state.html = markup(html);
        } finally {
            this.state.busy = false;
        }
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.open();
        }
    }
}

registry.category("actions").add("interop_hub.payload", Payload);
