import json
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.interop_hub import keyring

from .. import reader
from ..query import Question, Token
from ..resource import installed
from ..write import as_partner

PAGE = 2000
KEEP_HOURS = 24
MAX_OPEN = 5
MAX_RECORDS = 2_000_000
#: Pages in one transaction of the action that writes exports.
PAGES_PER_RUN = 25


class InteropRestJob(models.Model):
    """A bulk request of a partner: lines that came in, or records that are written for download.

    Exports are written by a scheduled action as the partner's technical user, so
    they hold what that account may see, and lie sealed until they expire.
    """

    _name = "interop.rest.job"
    _description = "Bulk Job of the REST API"
    _order = "id desc"
    _rec_name = "token"

    token = fields.Char(required=True, readonly=True, default=lambda self: secrets.token_hex(16), copy=False)
    kind = fields.Selection([("import", "Import"), ("export", "Export")], required=True, readonly=True)
    resource = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    progress = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_progress",
        help="An import is done when none of its lines waits any more",
    )
    account_id = fields.Many2one(
        "interop.service.account", "Partner", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    question = fields.Binary(attachment=False, readonly=True, copy=False, groups="base.group_system")
    key_id = fields.Char(readonly=True, groups="base.group_system")
    position = fields.Binary(attachment=False, readonly=True, copy=False, groups="base.group_system")
    phi = fields.Boolean("Protected Information", readonly=True, help="The partner's scope covers protected fields")
    record_count = fields.Integer("Records", readonly=True)
    refused_count = fields.Integer("Refused at the Door", readonly=True)
    size = fields.Integer("Bytes", readonly=True)
    error_code = fields.Char(readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)
    finished_at = fields.Datetime(readonly=True)
    line_ids = fields.One2many("interop.rest.line", "job_id", "Lines", readonly=True)
    chunk_ids = fields.One2many("interop.rest.chunk", "job_id", readonly=True)

    _token_unique = models.UniqueIndex("(token)", "Another job has this token.")
    _due = models.Index("(id) WHERE kind = 'export' AND state IN ('waiting', 'running')")

    def _compute_progress(self):
        imports = self.filtered(lambda job: job.kind == "import" and job.state == "running")
        self.env.cr.execute(
            """SELECT DISTINCT l.job_id FROM interop_rest_line l JOIN interop_message m ON m.id = l.message_id
                WHERE l.job_id = ANY(%s) AND m.state IN ('received', 'retry')""",
            [imports.ids],
        )
        running = {row[0] for row in self.env.cr.fetchall()}
        for job in self:
            job.progress = "done" if job in imports and job.id not in running else job.state

    # -- exports -----------------------------------------------------------------

    @api.model
    def _start_export(self, account_id: int, resource, question: Question, *, phi: bool):
        """Plan an export and wake the action that writes it.

        :raises UserError: the account has too many open exports
        """
        jobs = self.sudo()
        mine = [("kind", "=", "export"), ("account_id", "=", account_id), ("state", "in", ("waiting", "running"))]
        if jobs.search_count(mine) >= MAX_OPEN:
            raise UserError(self.env._("Too many open exports."))
        job = jobs.create(
            {
                "kind": "export",
                "resource": resource.name,
                "account_id": account_id,
                "phi": phi,
                "expires_at": fields.Datetime.now() + timedelta(hours=KEEP_HOURS),
            }
        )
        # Filters may hold protected information: sealed like everything of that kind.
        content = {
            "names": question.names,
            "conditions": [[path, operator, _plain(value)] for path, operator, value in question.conditions],
            "updated_since": question.updated_since and question.updated_since.isoformat(),
        }
        job._keep_question(content)
        self.env.ref("interop_api.cron_rest_export").sudo()._trigger()
        return job

    def _aad(self) -> bytes:
        return f"rest.job:{self.token}".encode()

    def _keep_question(self, content: dict) -> None:
        key_id, blob = keyring.ring().encrypt(json.dumps(content, default=str).encode(), self._aad())
        self.env.cr.execute(
            "UPDATE interop_rest_job SET question = %s, key_id = %s WHERE id = %s", [blob, key_id, self.id]
        )
        self.invalidate_recordset(["question", "key_id"], flush=False)

    def _question(self) -> Question:
        self.env.cr.execute("SELECT key_id, question FROM interop_rest_job WHERE id = %s", [self.id])
        key_id, blob = self.env.cr.fetchone()
        content = json.loads(keyring.ring().decrypt(key_id, bytes(blob), self._aad()))
        since = content["updated_since"]
        return Question(
            tuple(content["names"]),
            [(path, operator, _live(value)) for path, operator, value in content["conditions"]],
            limit=PAGE,
            updated_since=since and fields.Datetime.to_datetime(since.replace("T", " ")[:19]),
        )

    @api.model
    def _run_exports(self) -> None:
        """Write the next pages of the oldest open export; called by the scheduled action until none is left."""
        job = self.search([("kind", "=", "export"), ("state", "in", ("waiting", "running"))], order="id", limit=1)
        if not job:
            return
        job = job.try_lock_for_update()
        remaining = 1
        if job:
            try:
                with self.env.cr.savepoint():
                    job._write_pages()
            except Exception as error:
                job.write({"state": "failed", "error_code": type(error).__name__, "finished_at": fields.Datetime.now()})
            remaining = self.search_count([("kind", "=", "export"), ("state", "in", ("waiting", "running"))], limit=1)
        self.env["ir.cron"]._commit_progress(1, remaining=remaining)

    def _write_pages(self) -> None:
        self.ensure_one()
        resource = installed(self.env).get(self.resource)
        account = self.account_id
        if not resource or not account.active or not account.user_id:
            raise LookupError("resource or account is gone")
        env = as_partner(self.env, account.user_id.id)
        question = self._question()
        question.after = json.loads(self.sudo().position) if self.sudo().position else None
        number = len(self.chunk_ids)
        count, size = self.record_count, self.size
        rows = []
        for _page in range(PAGES_PER_RUN):
            page = reader.read_page(env, resource, question)
            if page.records:
                body = b"".join(
                    json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                    for record in page.records
                )
                number += 1
                key_id, blob = keyring.ring().encrypt(body, self._aad() + b":%d" % number)
                rows.append((self.id, number, key_id, blob))
                count, size = count + len(page.records), size + len(body)
            question.after = page.position
            if page.position is None or count >= MAX_RECORDS:
                break
        if rows:
            self.env.cr.execute_values(
                "INSERT INTO interop_rest_chunk (job_id, number, key_id, sealed) VALUES %s", rows, page_size=len(rows)
            )
        done = question.after is None
        over = not done and count >= MAX_RECORDS
        self.write(
            {
                "record_count": count,
                "size": size,
                "state": "done" if done else "failed" if over else "running",
                "error_code": "export.too_large" if over else False,
                "finished_at": fields.Datetime.now() if done or over else False,
                "position": json.dumps(question.after).encode() if question.after else False,
            }
        )
        self.invalidate_recordset(["chunk_ids"])

    def _download(self):
        """The export's content, piece by piece."""
        self.env.cr.execute("SELECT id FROM interop_rest_chunk WHERE job_id = %s ORDER BY number", [self.id])
        ids_ = [row[0] for row in self.env.cr.fetchall()]
        for chunk_id in ids_:
            self.env.cr.execute("SELECT number, key_id, sealed FROM interop_rest_chunk WHERE id = %s", [chunk_id])
            number, key_id, sealed = self.env.cr.fetchone()
            yield keyring.ring().decrypt(key_id, bytes(sealed), self._aad() + b":%d" % number)

    # -- imports -----------------------------------------------------------------

    @api.model
    def _start_import(self, account_id: int, resource, rows: list[tuple]):
        """Note the lines of an import.

        :param rows: ``(number, message id or None, error as dict or None)`` of each line
        """
        refused = sum(1 for _number, message_id, _error in rows if not message_id)
        job = self.sudo().create(
            {
                "kind": "import",
                "resource": resource.name,
                "account_id": account_id,
                "state": "running" if refused < len(rows) else "done",
                "record_count": len(rows),
                "refused_count": refused,
                "expires_at": fields.Datetime.now() + timedelta(hours=7 * 24),
            }
        )
        self.env.cr.execute_values(
            "INSERT INTO interop_rest_line (job_id, number, message_id, error) VALUES %s",
            [(job.id, number, message_id, json.dumps(error) if error else None) for number, message_id, error in rows],
            page_size=len(rows) or 1,
        )
        return job

    def _counts(self) -> dict[str, int]:
        """Lines of an import by what became of them, in one query."""
        self.ensure_one()
        self.env.cr.execute(
            """SELECT CASE WHEN l.message_id IS NULL THEN 'refused'
                           WHEN m.state IN ('done') THEN 'done'
                           WHEN m.state IN ('rejected', 'discarded') THEN 'refused'
                           WHEN m.state IN ('quarantined', 'ambiguous', 'dead', 'held') THEN 'person'
                           ELSE 'waiting' END AS what, count(*)
                 FROM interop_rest_line l LEFT JOIN interop_message m ON m.id = l.message_id
                WHERE l.job_id = %s GROUP BY 1""",
            [self.id],
        )
        return {"done": 0, "refused": 0, "person": 0, "waiting": 0} | dict(self.env.cr.fetchall())

    def _results(self) -> list[dict]:
        """What became of each line of an import, in order."""
        self.env.cr.execute(
            """SELECT l.number, l.error, m.uuid, m.state, m.error_code, m.error_text, m.acknowledgement
                 FROM interop_rest_line l LEFT JOIN interop_message m ON m.id = l.message_id
                WHERE l.job_id = %s ORDER BY l.number""",
            [self.id],
        )
        results = []
        for number, error, uuid, state, code, text, acknowledgement in self.env.cr.fetchall():
            result = {"line": number, "message": uuid, "state": state or "refused"}
            if error:
                result |= error if isinstance(error, dict) else json.loads(error)
            if code:
                result["errors"] = [{"code": code, "detail": text}]
            if state == "done" and acknowledgement:
                known = json.loads(bytes(acknowledgement))
                result |= {"id": known["id"], "created": known["created"], "authority": known["authority"]}
            results.append(result)
        return results

    # -- ending ------------------------------------------------------------------

    def _cancel(self) -> None:
        """Stop an export and delete what it wrote; lines of an import that were taken in stay with the inbox."""
        self.sudo().chunk_ids.unlink()
        self.sudo().write({"state": "cancelled", "finished_at": fields.Datetime.now(), "size": 0})

    def action_cancel(self):
        """Stop the export, or delete what it wrote before it expires."""
        self.check_access("write")
        self.filtered(lambda job: job.kind == "export")._cancel()

    @api.autovacuum
    def _gc_expired(self):
        expired = self.sudo().search([("expires_at", "<", fields.Datetime.now())], limit=200)
        expired.unlink()
        return len(expired), len(expired) == 200


def _plain(value):
    if hasattr(value, "isoformat"):
        return {"at" if hasattr(value, "hour") else "on": value.isoformat()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return (
        {"token": str(value)} if isinstance(value, Token) else value if isinstance(value, (bool, int)) else str(value)
    )


def _live(value):
    if isinstance(value, list):
        return [_live(item) for item in value]
    if isinstance(value, dict):
        kind, text = next(iter(value.items()))
        if kind == "token":
            return Token(text)
        return fields.Date.to_date(text) if kind == "on" else fields.Datetime.to_datetime(text.replace("T", " ")[:19])
    return value
