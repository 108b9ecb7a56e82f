"""Helpers for tests of the hub and of the addons above it."""

import json

from odoo import models
from odoo.orm.model_classes import add_to_registry
from odoo.tests import TransactionCase

from odoo.addons.interop_hub.contract import Inbound
from odoo.addons.interop_hub.drain import Drain
from odoo.addons.interop_hub.exceptions import NeedsPerson, Permanent, Rejected, Retryable, SetFailed

ERRORS = {
    "retry": lambda: Retryable("test.busy", "the other side is busy"),
    "permanent": lambda: Permanent("test.bad", "this can never work", "/do"),
    "person": lambda: NeedsPerson("test.unknown", "somebody must look", exception_type="other", exception_key="thing"),
    "reject": lambda: Rejected("test.refused", "this is refused after all", "/do"),
    "crash": lambda: ZeroDivisionError("secret value"),
}


class JsonTestHandler(models.AbstractModel):
    """``{"id": …, "patient": …, "do": …}``; processing writes the id to the log table of the test."""

    _name = "interop.test.handler"
    _inherit = ["interop.handler"]
    _description = "Test Handler"
    _module = None
    _label = "Test"
    _content_types = ("application/json",)

    def _identify(self, interface, body, content_type):
        try:
            data = json.loads(body)
            return Inbound(body, data["id"], data.get("patient", ""), "TEST", data["id"])
        except (ValueError, KeyError):
            return Inbound(body, "bad:" + body.hex(), error=Rejected("test.json", "not what was agreed", "/id"))

    def _process(self, interface, messages):
        sets = self.env.registry.interop_test_sets
        sets.append(len(messages))
        failures = {}
        bodies = messages._bodies()
        for message in messages:
            data = json.loads(bodies[message.id])
            todo = self.env.registry.interop_test_override.get(data["id"], data.get("do"))
            if todo == "set":
                failures[message.id] = ERRORS["person"]()
            elif todo:
                raise ERRORS[todo]()
            self.env["interop.link"]._add([(message.id, "res.partner", int(data["id"]))])
        if failures:
            raise SetFailed(failures)


class HubCase(TransactionCase):
    """A system, a lane and an interface with the test handler."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        add_to_registry(cls.registry, JsonTestHandler)
        cls.addClassCleanup(cls.registry.__delitem__, JsonTestHandler._name)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.interop_test_sets = []
        cls.registry.interop_test_override = {}
        cls.addClassCleanup(delattr, cls.registry, "interop_test_sets")
        cls.addClassCleanup(delattr, cls.registry, "interop_test_override")
        cls.system = cls.env["interop.system"].create({"name": "Test EHR", "code": "TEST", "kind": "ehr"})
        cls.lane = cls.env["interop.lane"].create({"name": "Test lane", "code": "test-lane"})
        cls.interface = cls.make_interface("test-in")

    @classmethod
    def make_interface(cls, code, **values):
        return cls.env["interop.interface"].create(
            {
                "name": code,
                "code": code,
                "system_id": cls.system.id,
                "lane_id": cls.lane.id,
                "handler": "interop.test.handler",
                "state": "active",
                **values,
            }
        )

    def setUp(self):
        super().setUp()
        self.registry.interop_test_sets.clear()
        self.registry.interop_test_override.clear()

    def send(self, *bodies, interface=None):
        """Let bodies (dicts) in; return the messages."""
        results = []
        for body in bodies:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            results += self.env["interop.message"]._receive(interface or self.interface, raw).results
        return self.env["interop.message"].browse([result.message_id for result in results])

    def drain(self, lane=None, slot=0, budget=30.0):
        """Drain a slot in transactions of its own, as a worker does."""
        lane = lane or self.lane
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            return Drain(self.env(cr=cr), lane.id, slot).run(budget)

    def effects(self):
        """Ids of the processed test messages, in the order of their effects."""
        self.env.cr.execute("SELECT res_id FROM interop_link WHERE res_model = 'res.partner' ORDER BY id")
        return [row[0] for row in self.env.cr.fetchall()]

    def fix(self, message_id, todo=None):
        """From now on the test message with this id does something else."""
        self.registry.interop_test_override[message_id] = todo

    def due(self, messages):
        """Make the next attempt of messages due."""
        self.env.cr.execute(
            "UPDATE interop_message SET next_attempt = next_attempt - interval '1 day' WHERE id = ANY(%s)",
            [messages.ids],
        )
        messages.invalidate_recordset()
