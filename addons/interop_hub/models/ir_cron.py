import socket
import zlib

from odoo import api, models
from odoo.tools import config

from ..locks import CRON


class IrCron(models.Model):
    """Shares out the cron workers of a node, so that no queue waits behind other people's jobs.

    Realtime lanes may use all workers. Standard lanes leave one free for them.
    Batch lanes, and the jobs of every other addon, also leave one to the
    standard lanes when there are three workers or more. A job that finds no
    place stays ready, and whoever gives a place back calls the workers again.
    """

    _inherit = "ir.cron"

    @classmethod
    def _process_job(cls, cron_cr, job):
        workers = config["max_cron_threads"]
        latency = cls._latency_class(cron_cr, job["id"])
        if workers < 2 or latency == "realtime":
            return super()._process_job(cron_cr, job)
        node = zlib.crc32(f"{socket.gethostname()}:{config['http_port']}".encode()) & 0x00FF_FFFF
        for place in range(workers - 1 if latency == "standard" else max(workers - 2, 1)):
            key = [CRON, node * 64 + place]
            cron_cr.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            if cron_cr.fetchone()[0]:
                break
        else:
            return None
        try:
            return super()._process_job(cron_cr, job)
        finally:
            if not cron_cr.closed and not cron_cr._cnx.closed:
                cron_cr.commit()
                cron_cr.execute("SELECT pg_advisory_unlock(%s, %s)", key)
                if any(ready["id"] != job["id"] for ready in cls._get_all_ready_jobs(cron_cr)):
                    cron_cr.postcommit.add(api.Environment(cron_cr, job["user_id"], {})["ir.cron"]._notifydb)

    @classmethod
    def _latency_class(cls, cr, cron_id: int) -> str | None:
        """Latency class of the lane that a scheduled action drains; None for any other job."""
        cr.execute(
            "SELECT l.latency_class FROM interop_lane_slot s JOIN interop_lane l ON l.id = s.lane_id"
            " WHERE s.cron_id = %s",
            [cron_id],
        )
        row = cr.fetchone()
        return row[0] if row else None
