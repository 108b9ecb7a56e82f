"""What needs Odoo's own code, run in a process of its own: ``python -m bench.inside CONF DATABASE``.

Reads one JSON object ``{"do": function, "with": arguments}`` per line and
answers each with one line.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback

from .inside_fhir import fhir_fill, fhir_plans, fhir_prepare
from .inside_rest import rest_prepare
from .messages import Hospital

CHUNK = 500


def pause(env, interface: str) -> None:
    """Stop the lane of an interface."""
    env["interop.interface"]._by_code(interface).lane_id.action_pause()


def resume(env, interface: str) -> float:
    """Start the lane of an interface; return the time just before."""
    started = time.time()
    env["interop.interface"]._by_code(interface).lane_id.action_resume()
    env.cr.commit()
    return started


def accept(env, interface: str, kind: str, tag: str, count: int, **options) -> float:
    """Accept messages through the front door's own entry, many per transaction; return messages per second.

    :param kind: a method of :class:`Hospital` that writes message number *n*
    """
    hospital = Hospital(tag)
    write = getattr(hospital, kind)
    bodies = [write(number, **options) for number in range(count)]
    started = time.perf_counter()
    record = env["interop.interface"]._by_code(interface)
    for start in range(0, count, CHUNK):
        requests = [(body, "application/hl7-v2") for body in bodies[start : start + CHUNK]]
        for reception in env["interop.message"]._receive_many(record, requests):
            if b"MSA|AA" not in reception.body:
                raise RuntimeError(f"refused: {reception.body!r}")
        env.cr.commit()
        env.invalidate_all()
    return count / (time.perf_counter() - started)


def enqueue(env, count: int) -> float:
    """Put no-op jobs into the queue in one transaction; return the time when it was committed."""
    queue = env["queue.job"]
    for _number in range(count):
        queue.with_delay()._test_job()
    env.cr.commit()
    return time.time()


def install(env, addon: str) -> None:
    """Install an addon."""
    env["base.module.update"].create({}).update_module()
    env["ir.module.module"].search([("name", "=", addon)]).button_immediate_install()


FUNCTIONS = {
    function.__name__: function
    for function in (pause, resume, accept, enqueue, install, rest_prepare, fhir_prepare, fhir_fill, fhir_plans)
}


def main() -> None:
    """Answer until the input ends."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Odoo prints must not mix with the answers
    conf, database = sys.argv[1:]
    from odoo import api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(["-c", conf, "-d", database, "--no-http", "--logfile="], setup_logging=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            with Registry(database).cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                answer = {"result": FUNCTIONS[order["do"]](env, **order["with"])}
                cr.commit()
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(answer) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()
