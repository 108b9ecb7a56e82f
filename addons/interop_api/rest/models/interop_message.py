import hashlib
import json

from odoo import api, models

from odoo.addons.interop_hub import keyring

from ..write import Refused


class InteropMessage(models.Model):
    _inherit = "interop.message"

    @api.model
    def _rest_known(self, interface, inbound) -> bool:
        """Whether this very write came before under the same idempotency key."""
        key = keyring.ring().digest(f"{interface.id}:{inbound.key}")
        self.env.cr.execute(
            "SELECT body_hash FROM interop_message WHERE interface_id = %s AND idempotency_key = %s",
            [interface.id, key],
        )
        row = self.env.cr.fetchone()
        return bool(row) and row[0] == hashlib.sha256(inbound.body).hexdigest()

    @api.model
    def _rest_outcome(self, now) -> tuple[str, Exception | None, dict]:
        """State, error and result of a write, for a message of now or of before.

        :param now: what the inbox said of it
        """
        self.env.cr.execute(
            "SELECT state, error_code, error_text, acknowledgement FROM interop_message WHERE id = %s",
            [now.message_id],
        )
        state, code, text, acknowledgement = self.env.cr.fetchone()
        error, result = now.error, json.loads(bytes(acknowledgement)) if acknowledgement else {}
        if state == "rejected" and error is not None:
            # The same refusal is told to a repetition.
            told = {"status": error.http_status, "detail": error.text, "errors": getattr(error, "errors", [])}
            now.remember(self.env, json.dumps(told).encode())
        elif state == "rejected":
            detail = result.get("detail") or (text or "").removeprefix(f"{code}: ")
            error = Refused(code or "rejected", detail, result.get("errors"), status=result.get("status", 422))
        return state, error, result
