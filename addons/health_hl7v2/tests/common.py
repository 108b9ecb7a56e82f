"""An HL7 v2 interface of a small hospital, and messages for it."""

from odoo.tests import TransactionCase

from odoo.addons.interop_hub.drain import Drain

PID = "PID|1||{mrn}^^^NORTH^MR||Everyman^Adam^J||19610615|M|||1200 N Elm Street^^Greensboro^NC^27401^USA"
PV1 = "PV1|1|{letter}|{place}||||||||||||||||{visit}^^^NORTH^VN|||||||||||||||||||||||||20260305101300+0000"
FT1 = "FT1|1|{transaction}||20260305||CG|71045^Chest x-ray^L|||1|100.50"


def hl7(
    event="A01", control="C1", *, kind="ADT", mrn="100234", visit="V1", letter="I", place="4E^136^B", more=(), **msh
):
    """Return a message; ``facility``, ``version``, ``accept`` and ``application`` go into MSH."""
    accept = (
        f"|||{msh.get('accept', '')}|{msh.get('application', '')}" if msh.keys() & {"accept", "application"} else ""
    )
    lines = [
        f"MSH|^~\\&|EHR|{msh.get('facility', 'NORTH')}|ODOO|CITY|20260305101500+0000||{kind}^{event}|{control}|P"
        f"|{msh.get('version', '2.5.1')}{accept}",
        f"EVN|{event}|20260305101400+0000",
        PID.format(mrn=mrn),
        PV1.format(visit=visit, letter=letter, place=place) if visit else "",
        *more,
    ]
    return "".join(line + "\r" for line in lines if line).encode()


def acks(body: bytes) -> list[tuple[str, str, str]]:
    """Return (MSA-1, MSA-2, ERR-3.1) of the acknowledgements in an answer."""
    found = []
    for line in body.decode().split("\r"):
        fields = line.split("|")
        if fields[0] == "MSA":
            found.append([fields[1], fields[2], ""])
        elif fields[0] == "ERR":
            found[-1][2] = fields[3].split("^")[0]
    return [tuple(ack) for ack in found]


class Hl7Case(TransactionCase):
    """A system, a facility that it sends as NORTH, and an active interface."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.env["interop.system"].create({"name": "HL7 Test EHR", "code": "HL7T", "kind": "ehr"})
        cls.facility = cls.env["health.facility"].create(
            {
                "name": "HL7 Test Hospital",
                "code": "HL7TEST",
                "patient_authority": "NORTH",
                "visit_authority": "NORTH",
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": "NORTH"})],
            }
        )
        cls.lane = cls.env["interop.lane"].create({"name": "HL7 test lane", "code": "hl7-test-lane"})
        cls.interface = cls.env["interop.interface"].create(
            {
                "name": "HL7 test",
                "code": "hl7-test",
                "system_id": cls.system.id,
                "lane_id": cls.lane.id,
                "handler": "health.hl7v2.handler",
                "state": "active",
            }
        )

    def send(self, body, content_type="application/hl7-v2"):
        """Bring one request body to the door."""
        return self.env["interop.message"]._receive(self.interface, body, content_type)

    def messages(self, reception):
        """The stored messages of a reception."""
        return self.env["interop.message"].browse([result.message_id for result in reception.results])

    def drain(self):
        """Process everything in transactions of its own, as a worker does."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            Drain(self.env(cr=cr), self.lane.id, 0).run(30.0)
        self.env.invalidate_all()

    def encounter(self, number):
        """The visit with this number."""
        return self.env["health.encounter"].search([("number", "=", number), ("authority", "=", "NORTH")])

    def account(self, mrn):
        """The account that an identifier leads to."""
        identifier = self.env["health.patient.identifier"].search([("value", "=", mrn), ("authority", "=", "NORTH")])
        return identifier.account_id
