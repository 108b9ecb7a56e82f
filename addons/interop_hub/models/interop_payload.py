from odoo import api, fields, models

from .. import keyring
from ..columns import UncheckedMany2one

BATCH = 5000


class InteropPayload(models.Model):
    """The sealed body of a message: inserted once, never changed but by key rotation.

    The column ``sealed`` holds raw bytes and is read by SQL only, so no ORM
    call, export or remote API can hand it out.
    """

    _name = "interop.payload"
    _description = "Message Payload"
    _log_access = False
    _order = "id desc"

    message_id = fields.Many2one("interop.message", required=True, ondelete="cascade")
    interface_id = UncheckedMany2one("interop.interface", required=True)
    key_id = fields.Char(required=True)
    sha256 = fields.Char()
    size = fields.Integer()
    content_type = fields.Char()
    received_at = fields.Datetime()

    _message_unique = models.UniqueIndex("(message_id)")
    _interface_received = models.Index("(interface_id, received_at)")
    _key = models.Index("(key_id, id)")

    def init(self):
        self.env.cr.execute("ALTER TABLE interop_payload ADD COLUMN IF NOT EXISTS sealed bytea")
        self.env.cr.execute("ALTER TABLE interop_payload ALTER COLUMN sealed SET STORAGE EXTERNAL")

    @api.model
    def _bodies(self, message_ids) -> dict[int, bytes]:
        """Decrypted bodies by message id, in one query; purged ones are missing from the answer."""
        self.env.cr.execute(
            """SELECT p.message_id, m.uuid, p.key_id, p.sealed
                 FROM interop_payload p JOIN interop_message m ON m.id = p.message_id
                WHERE p.message_id = ANY(%s)""",
            [list(message_ids)],
        )
        ring = keyring.ring()
        return {
            message_id: ring.decrypt(key_id, sealed, uuid.encode())
            for message_id, uuid, key_id, sealed in self.env.cr.fetchall()
        }

    @api.autovacuum
    def _purge_expired(self):
        """Delete the bodies of finished messages past their interface's retention."""
        self.env.cr.execute(
            """DELETE FROM interop_payload WHERE id IN (
                   SELECT p.id
                     FROM interop_interface i
                     JOIN interop_payload p ON p.interface_id = i.id
                     JOIN interop_message m ON m.id = p.message_id
                    WHERE i.retention_payload_days > 0
                      AND p.received_at < now() AT TIME ZONE 'UTC' - make_interval(days => i.retention_payload_days)
                      AND m.state IN ('done', 'rejected', 'discarded')
                    LIMIT %s)""",
            [BATCH],
        )
        done = self.env.cr.rowcount
        return done, done == BATCH

    @api.model
    def _reencrypt(self, limit: int = 1000) -> int:
        """Seal up to ``limit`` values of old keys under the current one; return how many were."""
        ring = keyring.ring()
        for table, key_column, sealed_column, bound in self._sealed_tables():
            self.env.cr.execute(
                f"""SELECT id, {bound}, {key_column}, {sealed_column} FROM {table}
                     WHERE {key_column} <> %s ORDER BY {key_column}, id LIMIT %s FOR UPDATE SKIP LOCKED""",
                [ring.current, limit],
            )
            rows = [
                (row_id, *ring.encrypt(ring.decrypt(key_id, sealed, aad.encode()), aad.encode()))
                for row_id, aad, key_id, sealed in self.env.cr.fetchall()
            ]
            if rows:
                self.env.cr.execute_values(
                    f"""UPDATE {table} t SET {key_column} = v.key_id, {sealed_column} = v.sealed
                          FROM (VALUES %s) AS v(id, key_id, sealed) WHERE t.id = v.id""",
                    rows,
                    page_size=len(rows),
                )
                return len(rows)
        return 0

    @api.model
    def _sealed_tables(self) -> list[tuple[str, str, str, str]]:
        """Where sealed data stands: (table, key column, sealed column, SQL for the text that it is bound to).

        Addons that seal something of their own add a row, and key rotation re-encrypts it.
        """
        return [
            (
                "interop_payload",
                "key_id",
                "sealed",
                "(SELECT m.uuid FROM interop_message m WHERE m.id = interop_payload.message_id)",
            )
        ]

    @api.model
    def _key_usage(self) -> dict[str, int]:
        """How many sealed values need each key."""
        usage: dict[str, int] = {}
        for table, key_column, _sealed, _bound in self._sealed_tables():
            self.env.cr.execute(f"SELECT {key_column}, count(*) FROM {table} GROUP BY 1")
            for name, count in self.env.cr.fetchall():
                usage[name] = usage.get(name, 0) + count
        return usage
