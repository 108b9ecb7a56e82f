import json

from markupsafe import Markup, escape

from odoo import api, models

from ..contract import Inbound, Split
from ..exceptions import Rejected


class InteropHandler(models.AbstractModel):
    """What a format or a partner adds to the hub: take apart, identify, acknowledge, process, show.

    Inherit it under a new ``_name`` and name that on the interface. At the door
    (``_split``, ``_identify``, ``_acknowledge``) nothing but the bytes is looked at.
    """

    _name = "interop.handler"
    _description = "Message Handler"

    _label = ""
    _content_types: tuple[str, ...] = ()
    _response_type = "application/json"

    @api.model
    def _split(self, interface, body: bytes, content_type: str) -> Split:
        """Take a request body apart into messages.

        :raises Rejected: when the whole body is unusable
        """
        return Split([body])

    @api.model
    def _identify(self, interface, body: bytes, content_type: str) -> Inbound:
        """Read keys and type of one message; bad input sets ``error`` instead of raising."""
        raise NotImplementedError(f"{self._name} does not identify messages")

    @api.model
    def _acknowledge(self, interface, inbound: Inbound, error: Rejected | None = None) -> bytes:
        """The answer to one message: positive, or negative with the error."""
        answer = {"reference": inbound.reference, "status": "rejected" if error else "accepted"}
        if error:
            answer["error"] = {"code": error.code, "detail": error.text, "location": error.location}
        return json.dumps(answer).encode()

    @api.model
    def _conflict(self, interface, inbound: Inbound) -> Rejected:
        """The refusal of a message whose key was used before for another body."""
        return Rejected("conflict", "this key was used before for a message with another body")

    @api.model
    def _process(self, interface, messages) -> None:
        """Apply messages of one interface, oldest first, as a set.

        :raises SetFailed: when some of them failed
        :raises InteropError: when the set failed as a whole; it is then narrowed down
        """
        raise NotImplementedError(f"{self._name} does not process messages")

    @api.model
    def _render(self, interface, body: bytes) -> Markup:
        """A body as a person can read it."""
        return Markup("<pre class='o_interop_payload'>%s</pre>") % escape(body.decode("utf-8", "replace"))
