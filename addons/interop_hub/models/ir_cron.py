import socket
import zlib

from odoo import api, models
from odoo.tools import config

from ..locks import CRON


class IrCron(models.Model):
    """Keeps one cron worker of each node free for realtime lanes.

    Any other job, whoever's it is, first takes one of (workers - 1) places of
    its node. When none is left the job stays ready, and whoever gives a place
    back calls the workers again.
    """

    _inherit = "ir.cron"

    @classmethod
    def _process_job(cls, cron_cr, job):
        places = config["max_cron_threads"] - 1
        if places < 1 or cls._is_realtime(cron_cr, job["id"]):
            return super()._process_job(cron_cr, job)
        node = zlib.crc32(f"{socket.gethostname()}:{config['http_port']}".encode()) & 0x00FF_FFFF
        for place in range(places):
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
    def _is_realtime(cls, cr, cron_id: int) -> bool:
        cr.execute(
            """SELECT TRUE FROM interop_lane_slot s JOIN interop_lane l ON l.id = s.lane_id
                WHERE s.cron_id = %s AND l.latency_class = 'realtime'""",
            [cron_id],
        )
        return bool(cr.fetchone())
