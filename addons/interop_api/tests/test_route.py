from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.interop_api.routes import interop_routes

from .common import DoorCase


@tagged("post_install", "-at_install")
class TestRoute(DoorCase):
    def test_every_route_belongs_to_an_interface(self):
        nameless = [
            route.path
            for route in interop_routes(self.env)
            if not route.interface and not route.path.startswith("/interop/test/")
        ]
        # What answers that there is nothing.
        self.assertFalse({path for path in nameless if "{rest}" not in path} - {"/interop"})

    def test_the_interfaces_exist(self):
        codes = set(self.env["interop.interface"].search([]).mapped("code"))
        for route in interop_routes(self.env):
            if route.interface and "{" not in route.interface and not route.path.startswith("/interop/test/"):
                self.assertIn(route.interface, codes, route.path)

    def test_what_is_listed(self):
        routes = {route.path: route for route in interop_routes(self.env)}
        inbound = routes["/interop/v1/inbound/{interface_code}"]
        self.assertEqual(
            (inbound.verbs, inbound.interface, inbound.addon), (("POST",), "{interface_code}", "interop_api")
        )
        token = routes["/interop/oauth2/token"]
        self.assertEqual((token.interface, token.auth, token.summary), ("front-door", "none", "Get an access token"))

    def test_the_screen_lists_them_for_those_who_may_look(self):
        viewer = new_test_user(self.env, "route-viewer", groups="interop_hub.group_metadata")
        Route = self.env["interop.route"].with_user(viewer)
        for _n in range(2):
            action = Route.action_open_list()
        found = Route.search(action["domain"])
        self.assertEqual(len(found), len(interop_routes(self.env)))
        self.assertIn("/interop/oauth2/token", found.mapped("path"))
        nobody = new_test_user(self.env, "route-nobody", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["interop.route"].with_user(nobody).action_open_list()
