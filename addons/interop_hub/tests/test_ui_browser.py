import shutil

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import ChromeBrowser

from odoo.addons.interop_hub.drain import Drain

from .common import HubCase

HELPERS = """
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    async function until(what, find, seconds = 20) {
        const end = Date.now() + seconds * 1000;
        while (Date.now() < end) {
            const found = find();
            if (found) {
                return found;
            }
            await sleep(50);
        }
        throw new Error(`not seen: ${what}`);
    }
    const $ = (selector) => document.querySelector(selector);
    const see = (selector, seconds) => until(selector, () => $(selector), seconds);
    const button = (text) => until(`button ${text}`, () =>
        [...document.querySelectorAll("button")].find((el) => el.textContent.trim().startsWith(text)));
    async function rpc(model, method, args, kwargs = {}) {
        const response = await fetch(`/web/dataset/call_kw/${model}/${method}`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ jsonrpc: "2.0", method: "call", params: { model, method, args, kwargs } }),
        });
        return response.json();
    }
    const number = (tile) => Number($(`[data-tile=${tile}] .o_interop_number`).textContent);
"""


def script(steps: str) -> str:
    return f"""(async () => {{
        try {{
            {HELPERS}
            {steps}
            console.log("test successful");
        }} catch (error) {{
            console.error(`test failed: ${{error.message}}`);
        }}
    }})()"""


@tagged("post_install", "-at_install")
class TestBrowser(HubCase, HttpCase):
    """The screens in a real browser. Without one these tests fail, they are not skipped."""

    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        names = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
        if not any(map(shutil.which, names)):
            raise AssertionError("browser tests need Chromium or Chrome on the path")
        super().setUpClass()
        cls.watcher = new_test_user(cls.env, "ui-watcher", "interop_hub.group_metadata", password="ui-watcher")
        cls.boss = new_test_user(
            cls.env, "ui-boss", "interop_hub.group_operator,interop_hub.group_payload", password="ui-boss"
        )

    def setUp(self):
        super().setUp()
        handle = ChromeBrowser._handle_console

        def handle_ours(browser, type, args=None, **options):
            # Packages of Odoo may lack this library of video calls; the page says so, and works.
            if "selfie_segmentation" not in str(args):
                handle(browser, type, args=args, **options)

        self.patch(ChromeBrowser, "_handle_console", handle_ours)

    def drain(self, lane=None, slot=0, budget=30.0):
        with self.registry.cursor() as cr:  # in test mode already, as the server has to share the transaction
            return Drain(self.env(cr=cr), (lane or self.lane).id, slot).run(budget)

    def broken(self):
        message = self.send({"id": "77", "patient": "Xaverius", "do": "permanent"})
        self.drain()
        message.invalidate_recordset()
        self.assertEqual(message.state, "dead")
        return message

    def test_overview_opens_records_refreshes_by_itself_and_brakes(self):
        message = self.broken()
        self.browser_js(
            "/odoo/interoperability",
            script(
                f"""
                await see(".o_interop_overview [data-interface='test-in']");
                const dead = number("dead");
                if (dead < 1) {{ throw new Error("the dead message is not counted"); }}
                // Somebody else discards it: the number falls without a click.
                await rpc("interop.message", "action_discard", [[{message.id}]], {{ reason: "sent by mistake" }});
                await until("fresh number", () => number("dead") === dead - 1, 12);
                // The brake asks, stops, shows it, and lets go.
                (await see(".o_interop_brake")).click();
                (await see(".modal .btn-danger")).click();
                await see(".o_interop_banner");
                (await see(".o_interop_release")).click();
                (await see(".modal .btn-primary")).click();
                await until("no banner", () => !$(".o_interop_banner"));
                // A number opens the records behind it.
                $("[data-tile=dead]").click();
                await see(".o_list_view");
                """
            ),
            ready="odoo.isReady === true",
            login="ui-boss",
            timeout=90,
        )
        actions = self.env["interop.audit.event"].search([("user_id", "=", self.boss.id)]).mapped("action")
        self.assertLessEqual({"message.discard", "brake.on", "brake.off"}, set(actions))
        self.assertFalse(self.env["interop.lane"]._brake_is_on())

    def test_a_failed_message_is_found_read_and_replayed(self):
        message = self.broken()
        self.browser_js(
            "/odoo/interop-open-messages",
            script(
                """
                const row = await until("the failed message", () =>
                    [...document.querySelectorAll(".o_data_row")].find((el) => el.textContent.includes("test.bad")));
                if (!row.querySelector(".text-bg-danger")) { throw new Error("no red badge"); }
                row.querySelector("td[name=error_text]").click();
                await see(".o_form_view .o_interop_timeline");
                (await button("Show payload")).click();
                const input = await see("#interop_payload_reason");
                if (!$(".o_interop_payload_open").disabled) { throw new Error("opens without a reason"); }
                input.value = "question of the partner";
                input.dispatchEvent(new Event("input"));
                await until("enabled button", () => !$(".o_interop_payload_open").disabled);
                $(".o_interop_payload_open").click();
                await until("the body", () => $(".o_interop_body")?.textContent.includes("Xaverius"));
                $(".modal .btn-close").click();
                await until("no dialog", () => !$(".modal"));
                (await button("Replay")).click();
                const confirm = await until("the question", () => $(".modal button[name=action_confirm].btn-primary"));
                confirm.click();
                await until("received", () => $(".o_arrow_button_current")?.textContent.includes("Received"));
                """
            ),
            ready="odoo.isReady === true",
            login="ui-boss",
            timeout=90,
        )
        message.invalidate_recordset()
        self.assertEqual(message.state, "received")
        event = self.env["interop.audit.event"].search([("action", "=", "payload.view"), ("res_id", "=", message.id)])
        self.assertEqual((event.user_id, event.reason), (self.boss, "question of the partner"))

    def test_one_who_sees_only_metadata_does_not_get_the_body(self):
        message = self.broken()
        self.browser_js(
            f"/odoo/interop-messages/{message.id}",
            script(
                f"""
                await see(".o_form_view .o_interop_timeline");
                const texts = [...document.querySelectorAll(".o_statusbar_buttons button")].map((el) => el.textContent);
                if (texts.some((text) => /payload|Replay|Discard/.test(text))) {{ throw new Error("a button too many"); }}
                const answer = await rpc("interop.message", "action_open_payload", [[{message.id}]], {{ reason: "x" }});
                if (answer.error?.data?.name !== "odoo.exceptions.AccessError") {{ throw new Error("not refused"); }}
                if (JSON.stringify(answer).includes("Xaverius")) {{ throw new Error("the body leaked"); }}
                """
            ),
            ready="odoo.isReady === true",
            login="ui-watcher",
            timeout=60,
        )
        self.assertFalse(self.env["interop.audit.event"].search([("action", "=", "payload.view")]))
