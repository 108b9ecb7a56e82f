import json
import uuid
from dataclasses import dataclass

from odoo import api, models

from odoo.addons.interop_hub.contract import Inbound
from odoo.addons.interop_hub.exceptions import Permanent, SetFailed

from ..codec import bundle, jsonio
from ..codec.issues import FhirError, error, failures
from ..codec.validate import validate
from ..errors import Refused
from ..work import Work

#: Context keys of a request that waits: the technical user whose sight counts, our base URL as the client
#: sees it, and a list for the operations.
USER, BASE, REPORT = "health_fhir_user", "health_fhir_base", "health_fhir_report"
TYPE = "application/fhir+json"
_OPEN = b'{"resourceType":"Bundle","type":"transaction","entry":['


@dataclass(slots=True)
class FhirInbound(Inbound):
    """A message that keeps its plan for the answer."""

    plan: bundle.Plan | None = None


def single(method: str, url: str, body: bytes, **conditions) -> bytes:
    """One interaction as a transaction, so that the stored message says all of it.

    :param body: the resource as it was sent, kept to the last byte; empty for a deletion
    :param conditions: further members of ``entry.request``
    """
    request = {"method": method, "url": url, **{name: value for name, value in conditions.items() if value}}
    entry = b'{"request":' + json.dumps(request).encode()
    if body:
        entry += b',"resource":' + body.removeprefix(b"\xef\xbb\xbf").strip()
    return _OPEN + entry + b"}]}"


class HealthFhirHandler(models.AbstractModel):
    """FHIR for the hub: each message is a transaction, be it of one entry."""

    _name = "health.fhir.handler"
    _inherit = "interop.handler"
    _description = "FHIR Message Handler"

    _label = "FHIR R4"
    _content_types = (TYPE, "application/json")
    _response_type = "application/json"

    # --- the door ----------------------------------------------------------------

    @api.model
    def _identify(self, interface, body, content_type, base=""):
        """Read, validate and plan; a resource that is no Bundle is a create."""
        inbound = FhirInbound(body, str(uuid.uuid4()), content_type=content_type or TYPE)
        try:
            document = jsonio.parse(body)
            kind = str(document.get("resourceType", ""))
            if kind != "Bundle":
                self._accept(document, "")
                inbound.body = single("POST", kind, body)
                document = jsonio.parse(inbound.body)
            else:
                self._accept(document, "Bundle")
            inbound.plan = plan = bundle.plan(document, base=base)
            if plan.kind != "transaction":
                raise FhirError(error("value", "Bundle.type", "A batch is taken apart before it comes here."))
            writes = [entry for entry in plan.entries if entry.method not in ("GET", "HEAD")]
            inbound.message_type = (
                f"{writes[0].interaction} {writes[0].type}" if len(writes) == 1 else f"transaction of {len(writes)}"
            )
            inbound.ordering = self._ordering(writes)
        except FhirError as failure:
            inbound.error = Refused(failure)
        return inbound

    @api.model
    def _accept(self, document, kind: str) -> None:
        """Refuse what is not valid.

        :raises FhirError: 422 when the resource breaks a rule, 400 when it is no resource
        """
        found = failures(validate(document, profile_type=kind or None))
        if found:
            structural = any(issue.severity == "fatal" or issue.code == "structure" for issue in found)
            raise FhirError(found, 400 if structural else 422)

    @staticmethod
    def _ordering(writes) -> str:
        """Writes to one resource keep their order: behind one that waits, the next waits too."""
        entry = writes[0] if len(writes) == 1 else None
        return f"{entry.type}/{entry.id}" if entry and entry.id else ""

    @api.model
    def _acknowledge(self, interface, inbound, error=None):
        answer = {"status": "rejected" if error else "accepted"}
        if error:
            answer["error"] = {"code": error.code, "detail": error.text, "location": error.location}
        return json.dumps(answer).encode()

    # --- processing ----------------------------------------------------------------

    @api.model
    def _process(self, interface, messages):
        """Apply messages one after another, each as one set."""
        bodies = messages._bodies()
        for message in messages:
            body = bodies.get(message.id)
            if body is None:
                raise SetFailed({message.id: Permanent("body.missing", "The message has no body any more")})
            try:
                self._apply(interface, message, body)
            except FhirError as failure:
                raise SetFailed({message.id: Refused(failure)}) from None

    def _apply(self, interface, message, body) -> None:
        base = self.env.context.get(BASE) or self._base()
        plan = bundle.plan(jsonio.parse(body), base=base)
        user = self.env.context.get(USER)
        reader = self.env["health.fhir.store"]
        if user:
            reader = reader.with_user(user).with_context(self.env.context)
        work = Work(self.env, reader, interface, message.id, message.received_at.replace(microsecond=0), base)
        report = self.env.context.get(REPORT)
        operations = self.env["health.fhir.engine"]._apply(work, plan.ordered())
        if report is not None:
            report.extend(operations)

    def _base(self) -> str:
        """Our base URL when no request says it."""
        root = self.env["ir.config_parameter"].sudo().get_param("web.base.url") or ""
        return f"{root.rstrip('/')}/fhir/r4/"

    @api.model
    def _render(self, interface, body):
        try:
            text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        except ValueError:
            return super()._render(interface, body)
        return super()._render(interface, text.encode())
