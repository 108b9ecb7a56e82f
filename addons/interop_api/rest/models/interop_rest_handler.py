import json

from markupsafe import Markup
from pydantic import ValidationError

from odoo import api, models

from odoo.addons.interop_hub.contract import Inbound
from odoo.addons.interop_hub.exceptions import Permanent, Rejected, SetFailed

from .. import envelope, ids
from ..resource import Item, installed

_REMEMBER = """
    UPDATE interop_message m SET acknowledgement = v.acknowledgement
      FROM (VALUES %s) AS v(id, acknowledgement) WHERE m.id = v.id
"""


class InteropRestHandler(models.AbstractModel):
    """Writes of the REST API as messages: kept, recognised when repeated, replayed like any other.

    Bodies are envelopes that the API's own routes make after they checked the
    caller; no content type leads here from the general way in.
    """

    _name = "interop.rest.handler"
    _inherit = "interop.handler"
    _description = "REST API Message Handler"
    _label = "REST API (JSON)"
    _content_types = ()

    @api.model
    def _identify(self, interface, body, content_type):
        error = Rejected("envelope", "Send to the routes of the REST API instead")
        return Inbound(body=body, key="", error=error)

    @api.model
    def _process(self, interface, messages):
        """Apply envelopes, the set of each resource at once; leave the result in the acknowledgement.

        :raises SetFailed: for those that cannot be applied
        """
        bodies = messages._bodies()
        offered = installed(self.env)
        sets: dict[str, list[Item]] = {}
        failures = {}
        accounts = envelope.users_of(self.env, bodies.values())
        for message in messages:
            try:
                letter = envelope.Letter.load(bodies[message.id])
                resource = offered[letter.resource]
                data = letter.validated(resource)
                user_id = accounts[letter.account]
            except KeyError:
                failures[message.id] = Permanent("envelope", "The body, the resource or the account is gone")
            except ValidationError as error:
                failures[message.id] = Permanent("envelope", f"{error.error_count()} member(s) are not valid any more")
            else:
                item = Item(
                    message.id, interface.system_id.id, interface.id, interface.company_id.id, user_id,
                    letter.operation, ids.decode(resource.model, letter.id) if letter.id else None, data,
                )  # fmt: skip
                sets.setdefault(letter.resource, []).append(item)
        if failures:
            raise SetFailed(failures)
        for name, items in sets.items():
            offered[name].apply(self.env, items)
            self._remember_results(offered[name], items)

    @api.model
    def _remember_results(self, resource, items) -> None:
        """Keep what became of each item where its sender will look: ids and decisions, no values."""
        rows = [
            (
                item.message_id,
                json.dumps(
                    {
                        "resource": resource.name,
                        "id": ids.encode(resource.model, item.record_id) if item.record_id else None,
                        "created": item.created,
                        "authority": item.authority,
                    }
                ).encode(),
            )
            for item in items
        ]
        self.env.cr.execute_values(_REMEMBER, rows, template="(%s, %s::bytea)", page_size=len(rows))

    @api.model
    def _render(self, interface, body):
        try:
            document = json.loads(body)
        except ValueError:
            return super()._render(interface, body)
        head = f"{document.get('operation')} {document.get('resource')} {document.get('id') or ''}"
        return Markup("<h5>%s</h5><pre class='o_interop_payload'>%s</pre>") % (
            head,
            json.dumps(document.get("data"), indent=2, ensure_ascii=False),
        )
