import json

from odoo.tests import tagged

from odoo.addons.interop_api.tests.common import SECRET, DoorCase

from .common import EventCase

PATH = "/interop/v1/subscriptions"


@tagged("post_install", "-at_install")
class TestPartnerApi(DoorCase, EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.type.scope = "interop/thing.read"
        cls.hidden = cls.make_type("hidden.made", scope="interop/hidden.read")
        cls.account.scopes = "interop/subscription.cruds interop/event.read interop/thing.read"
        cls.account.company_id = cls.env.company
        cls.stranger = cls.make_account("stranger", cls.interface, scopes="interop/subscription.cruds interop/thing.rs")

    def call(self, method, path, body=None, client="tester", status=200):
        response = self.url_open(
            path, data=json.dumps(body) if body is not None else None, method=method,
            headers={**self.basic(client, SECRET), "Content-Type": "application/json"},
        )  # fmt: skip
        self.assertEqual(response.status_code, status, response.text)
        return response.json() if response.text else None

    def make(self, **values):
        return self.call(
            "POST", PATH, {"url": "https://partner.example/hook", "events": ["thing.*"], **values}, status=201
        )

    def test_a_partner_manages_its_own(self):
        made = self.make(
            name="Mine", ordered=True, format="cloudevents", filter={"color": "red"}, facilities=["A", "B"]
        )
        self.assertTrue(made["secret"].startswith("whsec_"))
        self.assertEqual((made["state"], made["types"], made["ordered"]), ("active", ["thing.made"], True))
        path = f"{PATH}/{made['id']}"
        self.assertNotIn("secret", self.call("GET", path))
        changed = self.call("PATCH", path, {"ordered": False, "facilities": None, "filter": None})
        self.assertEqual((changed["ordered"], changed["facilities"], changed["filter"]), (False, [], None))
        self.assertEqual(self.call("POST", f"{path}/pause")["state"], "paused")
        self.assertEqual(self.call("POST", f"{path}/resume")["state"], "active")
        self.call("POST", f"{path}/test")
        self.env["interop.event"]._fan_out()
        log = self.call("GET", f"{path}/deliveries")["deliveries"]
        self.assertEqual([(row["type"], row["state"]) for row in log], [("subscription.tested", "pending")])
        self.assertTrue(
            self.call("POST", f"{path}/secret", {"kind": "ed25519"}, status=201)["verify_with"].startswith("whpk_")
        )
        self.assertEqual(len(self.call("GET", PATH)["subscriptions"]), 1)
        self.call("DELETE", path, status=204)
        self.call("GET", path, status=404)

    def test_others_are_strangers(self):
        made = self.make()
        path = f"{PATH}/{made['id']}"
        for method, where in (
            ("GET", path),
            ("PATCH", path),
            ("DELETE", path),
            ("POST", f"{path}/test"),
            ("GET", f"{path}/deliveries"),
        ):
            self.call(method, where, {} if method == "PATCH" else None, client="stranger", status=404)
        self.assertEqual(self.call("GET", PATH, client="stranger")["subscriptions"], [])

    def test_scopes_limit(self):
        self.call("POST", PATH, {"url": "https://p.example/", "events": ["hidden.made"]}, status=403)
        types = self.make(events=["*"])["types"]
        self.assertIn("thing.made", types)
        self.assertNotIn("hidden.made", types)
        self.account.scopes = "interop/subscription.rs"
        self.call("POST", PATH, {"url": "https://p.example/", "events": ["thing.*"]}, status=403)
        self.call("GET", "/interop/v1/events", status=403)

    def test_bad_requests_are_told_apart(self):
        for body in (
            {}, {"url": "https://p.example/"}, {"url": "http://p.example/", "events": ["*"]}, [],
            {"url": "https://p.example/", "events": "x"}, {"url": "https://p.example/", "events": ["*"], "trusted": True},
            {"url": "https://p.example/", "events": ["nothing.fits"]}, {"url": "https://p.example/", "events": ["*"], "format": "x"},
            {"url": "https://p.example/", "events": ["*"], "connections": 1000},
        ):  # fmt: skip
            with self.subTest(body):
                self.call("POST", PATH, body, status=422)

    def test_events_by_cursor(self):
        self.happen(1, 2, 3)
        self.happen(9, type="hidden.made")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.happen(8, company_id=company.id)
        self.env["interop.event"]._fan_out()
        first = self.call("GET", "/interop/v1/events?limit=2&attributes=1")
        self.assertEqual([event["data"]["attributes"]["n"] for event in first["events"]], [1, 2])
        self.assertTrue(first["more"])
        second = self.call("GET", f"/interop/v1/events?after={first['cursor']}&attributes=1")
        self.assertEqual([event["data"]["attributes"]["n"] for event in second["events"]], [3])
        third = self.call("GET", f"/interop/v1/events?after={second['cursor']}")
        self.assertEqual((third["events"], third["cursor"]), ([], second["cursor"]))
        self.assertNotIn("attributes", self.call("GET", "/interop/v1/events")["events"][0]["data"])
        for bad in ("after=x", "after=-1", "limit=99999", "after=99999999999999"):
            self.call("GET", f"/interop/v1/events?{bad}", status=400)

    def test_replay(self):
        self.happen(1, 2)
        self.env["interop.event"]._fan_out()
        made = self.make()
        path = f"{PATH}/{made['id']}/replay"
        self.assertEqual(self.call("POST", path, {"since": "2000-01-01T00:00:00Z"}, status=202)["events"], 2)
        self.assertEqual(self.call("POST", path, {"after": "0"}, status=202)["events"], 0, "handed out already")
        self.call("POST", path, {}, status=422)

    def test_the_catalog_is_public(self):
        as_json = self.url_open("/interop/v1/events/catalog?format=json").json()
        entry = next(entry for entry in as_json["events"] if entry["type"] == "thing.made")
        self.assertEqual(entry["scope"], "interop/thing.read")
        page = self.url_open("/interop/v1/events/catalog", headers={"Accept": "text/html"})
        self.assertIn("thing.made", page.text)
        self.assertIn("text/html", page.headers["Content-Type"])
        schema = self.url_open(entry["schema"]).json()
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertEqual(self.url_open("/interop/v1/events/schema/thing.made/99").status_code, 404)
        document = self.url_open("/interop/v1/events/asyncapi.json").json()
        self.assertIn("thing_made", document["operations"])
