import socket
import zlib
from unittest.mock import patch

from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.interop_hub.locks import CRON

from .common import HubCase


@tagged("post_install", "-at_install")
class TestCronPlaces(HubCase):
    """With two cron workers, other jobs share one place and realtime lanes always find the other worker free."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(config._runtime_options, {"max_cron_threads": 2}))
        self.other_worker = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(self.other_worker.close)
        self.slow = self.env["ir.cron"].create(
            {
                "name": "A slow job of another addon",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "state": "code",
                "code": "env['ir.config_parameter'].set_param('interop.test.ran', 'yes')",
            }
        )

    def occupy(self, place=0):
        node = zlib.crc32(f"{socket.gethostname()}:{config['http_port']}".encode()) & 0x00FF_FFFF
        self.other_worker.execute("SELECT pg_try_advisory_lock(%s, %s)", [CRON, node * 64 + place])
        self.assertTrue(self.other_worker.fetchone()[0])
        self.addCleanup(self.other_worker.execute, "SELECT pg_advisory_unlock_all()")

    def run_job(self, cron):
        cron.nextcall = "2020-01-01 00:00:00"
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            job = self.registry["ir.cron"]._acquire_one_job(cr, cron.id)
            self.registry["ir.cron"]._process_job(cr, job)
            cr.commit()
        cron.invalidate_recordset()
        return cron.nextcall.year > 2020

    def test_another_job_runs_while_a_place_is_free(self):
        self.assertTrue(self.run_job(self.slow))
        self.assertEqual(self.env["ir.config_parameter"].get_param("interop.test.ran"), "yes")

    def test_another_job_stays_ready_while_the_place_is_taken(self):
        self.occupy()
        self.assertFalse(self.run_job(self.slow))
        self.assertFalse(self.env["ir.config_parameter"].get_param("interop.test.ran"))

    def test_a_batch_lane_needs_a_place_too(self):
        self.lane.latency_class = "batch"
        message = self.send({"id": "1"})
        self.occupy()
        self.assertFalse(self.run_job(self.lane.slot_ids.cron_id))
        self.assertEqual(message.state, "received")

    def test_a_realtime_lane_needs_none(self):
        self.lane.latency_class = "realtime"
        message = self.send({"id": "1"})
        self.occupy()
        self.assertTrue(self.run_job(self.lane.slot_ids.cron_id))
        self.assertEqual(message.state, "done")

    def test_with_three_workers_a_standard_lane_finds_a_place_beside_other_jobs(self):
        config["max_cron_threads"] = 3
        message = self.send({"id": "1"})
        self.occupy()
        self.assertFalse(self.run_job(self.slow))
        self.assertTrue(self.run_job(self.lane.slot_ids.cron_id))
        self.assertEqual(message.state, "done")
