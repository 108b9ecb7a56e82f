"""A served Odoo as in production: prefork HTTP workers, cron workers, its own configuration and log."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import requests

from .paths import BUILD, LOGS, ODOO, PY, ROOT

LOAD_DEMO = "env['health.suite.demo']._load(); env.cr.commit()\n"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Odoo on a database of its own.

    :param name: names the database, the configuration and the logs
    :param template: database that it is copied from
    :param pg: environment of the PostgreSQL to use, by default the one of the test run
    """

    def __init__(self, name: str, template: str, *, workers: int = 2, crons: int = 3, pg: dict | None = None):
        self.name = name
        # Another prefix lets two runs share one PostgreSQL.
        self.database = f"{os.environ.get('INTEROP_TEST_PREFIX', 'interop_test')}_{name}"
        self.template = template
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        self.crons = crons
        self.env = {**os.environ, **(pg or {}), "INTEROP_KEYRING": str(BUILD / "keyring.json")}
        self.conf = LOGS / f"served-{name}.conf"
        self.log = LOGS / f"served-{name}.log"
        self.process: subprocess.Popen | None = None
        self.others: dict[str, subprocess.Popen] = {}
        self.options: dict[str, tuple[str, ...]] = {}
        self.restarts: dict[str, int] = {}
        self._supervised = threading.Event()

    # -- life -------------------------------------------------------------------------

    def create(self, *, demo: bool = True) -> None:
        """Make the database and the configuration, and load the demo hospital."""
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")
        self.drop()
        self._run("createdb", "-T", self.template, self.database)
        self._run(
            PY, str(ROOT / "scripts" / "conf.py"), str(self.conf), f"db_name={self.database}",
            f"data_dir={BUILD / 'data'}", "proxy_mode=False", f"workers={self.workers}",
            f"max_cron_threads={self.crons}", f"http_port={self.port}", f"gevent_port={free_port()}",
            "http_interface=127.0.0.1", f"logfile={self.log}",
        )  # fmt: skip
        if demo:
            self.shell(LOAD_DEMO)

    def shell(self, code: str) -> str:
        """Run code in ``odoo shell``; what it prints."""
        command = [ODOO, "shell", "-c", str(self.conf), "-d", self.database, "--no-http", "--log-level=warn"]
        done = subprocess.run(
            command, input=code, env=self.env, capture_output=True, text=True, timeout=180, check=False
        )
        if done.returncode or "Traceback" in done.stderr.split("PyPDF2 is deprecated")[-1]:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout

    def start(self, timeout: float = 90) -> None:
        """Start it and wait until it answers."""
        self.process = self._spawn("odoo", [])
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/web/health", timeout=2).ok:
                    return
            time.sleep(0.3)
        raise RuntimeError(f"the server did not start, see {self.log}:\n{self.log.read_text()[-2000:]}")

    def spawn(self, command: str, *options: str) -> subprocess.Popen:
        """Start another of Odoo's commands on the same configuration, e.g. ``interop_worker``."""
        self.options[command] = options
        self.others[command] = process = self._spawn(command, [command], options)
        return process

    def supervise(self, pause: float = 1.0) -> None:
        """Start again whatever ends, as a service manager does, until :meth:`stop`.

        Odoo's own master ends when its database goes away while it starts a worker.

        :param pause: seconds before an ended process is started again
        """
        self._supervised.set()

        def watch():
            while self._supervised.is_set():
                for name, process in [("odoo", self.process), *self.others.items()]:
                    if process.poll() is not None:
                        time.sleep(pause)
                        if not self._supervised.is_set():
                            return
                        self.restarts[name] = self.restarts.get(name, 0) + 1
                        if name == "odoo":
                            self.process = self._spawn("odoo", [])
                        else:
                            self.spawn(name, *self.options[name])
                time.sleep(0.3)

        threading.Thread(target=watch, daemon=True).start()

    def _spawn(self, name: str, command: list[str], options=()) -> subprocess.Popen:
        out = (LOGS / f"served-{self.name}-{name}.out").open("ab")
        with out:
            return subprocess.Popen(
                [ODOO, *command, "-c", str(self.conf), *options],
                env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def stop(self) -> None:
        """End everything that was started here."""
        self._supervised.clear()
        time.sleep(0.1)
        for process in [*self.others.values(), self.process]:
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        self.others.clear()

    def drop(self) -> None:
        """Remove the database."""
        subprocess.run(["dropdb", "--if-exists", "-f", self.database], env=self.env, capture_output=True, check=False)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-1000:]}")

    # -- its processes --------------------------------------------------------------------

    def children(self, kind: str) -> list[int]:
        """Process ids of the workers of a kind: ``WorkerHTTP`` or ``WorkerCron``."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and kind in (path / "cmdline").read_text(errors="replace"):
                    found.append(int(path.name))
        return found

    def errors(self) -> list[str]:
        """Records of the log at ERROR or above, and tracebacks.

        A transaction that a concurrent one made to be repeated is none: Odoo
        logs its last statement before the repetition takes place.
        """
        records = re.split(
            r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} )", self.log.read_text(errors="replace"), flags=re.M
        )
        return [
            record[:300]
            for record in records
            if (re.match(r"\S+ \S+ \d+ (ERROR|CRITICAL) ", record) or "Traceback" in record)
            and not ("bad query" in record and re.search("SerializationFailure|could not serialize", record))
        ]

    def logs(self) -> list[Path]:
        """All files that its processes write to."""
        return [self.log, *LOGS.glob(f"served-{self.name}-*.out")]
