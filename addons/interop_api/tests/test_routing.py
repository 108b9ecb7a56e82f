import json
from unittest.mock import patch

from odoo import http
from odoo.http import Response, request
from odoo.tests import tagged

from odoo.addons.interop_api import problem
from odoo.addons.interop_api.problem import Problem

from .common import SECRET, DoorCase


class PolicyTestController(http.Controller):
    """Routes that show what the dispatcher does with what a route says."""

    def _answer(self):
        env, caller = request.env, request.dispatcher.caller
        answer = {
            "uid": env.uid,
            "su": env.su,
            "companies": env.companies.ids,
            "company": env.company.id,
            "account": caller and caller.client_id,
            "partners": env.user.has_group("interop_api.group_partner"),
            "quota": request.dispatcher.quota._asdict(),
        }
        return Response(json.dumps(answer), content_type="application/json")

    @http.route("/interop/test/system", type="interop", auth="interop", interface="test-serve", save_session=False)
    def system(self):
        return self._answer()

    @http.route(
        "/interop/test/partner",
        type="interop",
        auth="interop",
        interface="test-serve",
        identity="partner",
        verbs=("GET", "POST"),
        save_session=False,
        readonly=False,
    )
    def partner(self):
        return self._answer()

    @http.route(
        "/interop/test/scoped",
        type="interop",
        auth="interop",
        interface="test-serve",
        scope="interop/invoice.rs",
        save_session=False,
    )
    def scoped(self):
        request.dispatcher.require("interop", "payment", "c")
        return self._answer()

    @http.route("/interop/test/<string:interface_code>/x", type="interop", auth="interop", save_session=False)
    def by_argument(self, interface_code):
        return self._answer()

    @http.route(
        "/interop/test/rendered",
        type="interop",
        auth="interop",
        interface="test-serve",
        errors="shout",
        save_session=False,
    )
    def rendered(self):
        raise Problem(400, "test", "quiet")

    @http.route("/interop/test/nowhere", type="interop", auth="none", interface="test-absent", save_session=False)
    def nowhere(self):
        return Response("here")


def shout(error):
    return Response(error.detail.upper(), status=error.code, content_type="text/x-shout")


@tagged("post_install", "-at_install")
class TestRouting(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry.clear_cache("routing")
        cls.serve = cls.make_interface("test-serve", direction="serve", handler="interop.handler.serve")
        cls.company = cls.env["res.company"].create({"name": "Second"})
        cls.partner = cls.make_account("partner-1", cls.serve, scopes="interop/invoice.read interop/payment.c")

    def get(self, path, client_id="partner-1", secret=SECRET, **more):
        return self.url_open(f"/interop/test/{path}", headers=self.basic(client_id, secret), **more)

    def test_a_partner_is_its_technical_user_and_the_system_the_superuser(self):
        answer = self.get("partner").json()
        self.assertEqual((answer["uid"], answer["su"], answer["partners"]), (self.partner.user_id.id, False, True))
        self.assertEqual(answer["companies"], self.partner.company_id.ids)
        self.assertEqual(self.get("system").json()["su"], True)

    def test_companies_follow_the_account(self):
        self.partner.company_ids = self.company
        both = sorted((self.partner.company_id | self.company).ids)
        self.assertEqual(sorted(self.get("partner").json()["companies"]), both)
        self.partner.company_ids = False
        self.assertEqual(self.get("partner").json()["companies"], self.partner.company_id.ids)
        self.partner.company_id = self.company
        answer = self.get("partner").json()
        self.assertEqual((answer["companies"], answer["company"]), (self.company.ids, self.company.id))
        self.partner.company_ids = self.env.company
        answer = self.get("partner").json()
        self.assertEqual(answer["company"], self.company.id)
        self.assertEqual(set(answer["companies"]), {self.company.id, self.env.company.id})

    def test_an_account_without_company_reaches_those_to_come(self):
        self.partner.company_id = False
        third = self.env["res.company"].create({"name": "Third"})
        self.assertEqual(
            sorted(self.get("partner").json()["companies"]), sorted(self.env["res.company"].search([]).ids)
        )
        self.assertIn(third, self.partner.user_id.company_ids)

    def test_an_interface_of_another_account_is_403(self):
        self.assertProblem(self.get("partner", "tester"), 403, "interface")
        self.serve.open_to_all = True
        self.assertEqual(self.get("partner", "tester").status_code, 200)

    def test_paused_is_503_and_retired_410(self):
        self.serve.state = "paused"
        response = self.get("system")
        self.assertProblem(response, 503, "interface.paused")
        self.assertIn("Retry-After", response.headers)
        self.serve.state = "retired"
        self.assertProblem(self.get("system"), 410, "interface.retired")
        self.assertProblem(self.get("nowhere"), 503, "interface.missing")

    def test_the_interface_may_stand_in_the_url(self):
        self.assertEqual(self.get("test-serve/x").status_code, 200)
        for code in ("test-other", "test-absent", "UPPER", "x" * 80):
            self.assertProblem(self.get(f"{code}/x"), 403, "interface")

    def test_scopes_are_asked_for(self):
        self.assertEqual(self.get("scoped").status_code, 200)
        for scopes, needed in {
            "": "interop/invoice.",
            "interop/invoice.r interop/payment.c": "interop/invoice.s",
            "interop/invoice.rs": "interop/payment.c",
            "system/*.*": "interop/invoice.",
        }.items():
            self.partner.scopes = scopes
            response = self.get("scoped")
            self.assertIn(needed, self.assertProblem(response, 403, "scope")["scope"])
            self.assertIn('error="insufficient_scope"', response.headers["WWW-Authenticate"])

    def test_quotas_are_those_of_the_interface(self):
        self.serve.write({"max_page": 7, "max_bundle": 8, "max_json_depth": 9, "max_body_bytes": 10})
        self.assertEqual(self.get("system").json()["quota"], {"page": 7, "bundle": 8, "depth": 9, "body": 10})

    def test_errors_have_the_format_of_the_route(self):
        with patch.dict(problem.RENDERERS, {"shout": shout}):
            for response, status in (
                (self.get("rendered"), 400),
                (self.get("rendered", secret="wrong-secret"), 401),
                (self.url_open("/interop/test/rendered", method="PUT", headers=self.basic("partner-1")), 405),
                (self.get("rendered", "tester"), 403),
            ):
                self.assertEqual((response.status_code, response.headers["Content-Type"]), (status, "text/x-shout"))
            with patch.dict(problem.PREFIXES, {"/shouted/": "shout"}):
                response = self.url_open("/shouted/at/nothing")
                self.assertEqual((response.status_code, response.text), (404, "THERE IS NO SUCH RESOURCE."))
                self.assertIn("traceparent", response.headers)
                self.assertIn("text/html", self.url_open("/shoutednot").headers["Content-Type"])
