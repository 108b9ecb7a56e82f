"""A process with Odoo loaded that does what the bench asks of one database (see ``inside.py``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from . import settings
from .server import Process


class Helper:
    """Call ``inside`` functions: ``helper("accept", interface="ehr-adt", …)``."""

    def __init__(self, process: Process):
        self.process = process

    def __call__(self, function: str, **arguments):
        pipe = self.process.popen
        pipe.stdin.write(json.dumps({"do": function, "with": arguments}) + "\n")
        pipe.stdin.flush()
        line = pipe.stdout.readline()
        if not line:
            raise RuntimeError(f"the helper ended during {function}:\n{self.process.tail()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{function}: {answer['error']}\n{self.process.tail()}")
        return answer["result"]


@contextmanager
def helper(conf: Path, database: str):
    """A helper for one database."""
    process = Process(
        f"helper-{database}",
        [sys.executable, "-W", "ignore", "-m", "bench.inside", str(conf), database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.ROOT / "scripts",
        env={**os.environ, "PYTHONPATH": str(settings.EXTRAS)},
    )
    try:
        yield Helper(process)
    finally:
        process.popen.stdin.close()
        process.stop()
