"""A PostgreSQL that a test may kill: a cluster of its own beside the project's."""

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

from .paths import BUILD, ROOT


class Cluster:
    """The project's script in a folder of its own, so that no other database is harmed.

    :raises RuntimeError: when the machine has no PostgreSQL server to start
    """

    def __init__(self, name: str):
        self.folder = BUILD / name
        self.script_env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        self.script_env["INTEROP_BUILD"] = str(self.folder)
        self.env: dict[str, str] = {}

    def start(self) -> None:
        """Start it, after a crash too: until it answers, as the killed one may linger for a moment."""
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(RuntimeError):
                self._script("start")
                pairs = (line.split("=", 1) for line in (self.folder / "pg.env").read_text().split())
                self.env = {**dict(pairs), "PGUSER": "odoo"}
                if self._answers():
                    return
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start, see {self.folder}")
            time.sleep(0.5)

    def _answers(self) -> bool:
        command = ["psql", "-qAt", "-d", "postgres", "-c", "SELECT 1"]
        done = subprocess.run(command, env={**os.environ, **self.env}, capture_output=True, timeout=30, check=False)
        return done.returncode == 0

    def kill(self) -> None:
        """SIGKILL the postmaster, as a power cut would."""
        self._script("kill")

    def stop(self) -> None:
        self._script("stop")

    def _script(self, command: str) -> None:
        done = subprocess.run(
            [str(ROOT / "scripts" / "pg.sh"), command], env=self.script_env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"pg.sh {command}: {done.stderr[-500:]}")

    def copy(self, database: str) -> None:
        """Copy a database of the test run's PostgreSQL into this one."""
        here = {**os.environ, **self.env}
        subprocess.run(["dropdb", "--if-exists", "-f", database], env=here, capture_output=True, check=False)
        subprocess.run(["createdb", "-T", "template0", "-E", "UTF8", database], env=here, check=True)
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            dump = Path(folder) / "dump"
            subprocess.run(["pg_dump", "-Fd", "-Z0", "-j2", "-f", str(dump), database], check=True)
            subprocess.run(
                ["pg_restore", "-j2", "--no-owner", "-d", database, str(dump)],
                env=here,
                check=True,
                capture_output=True,
            )
