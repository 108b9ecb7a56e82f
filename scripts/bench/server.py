"""Starting and stopping the processes that are measured; each is known by its own process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from . import settings

running: list[Process] = []


class Process:
    """A process in a session of its own, so that its workers end with it."""

    def __init__(self, name: str, command: list[str], **options):
        logs = settings.HOME / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = logs / f"{name}.log"
        with self.log.open("w") as stream:
            self.popen = subprocess.Popen(
                command,
                stdout=options.pop("stdout", stream),
                stderr=stream,
                stdin=options.pop("stdin", subprocess.DEVNULL),
                start_new_session=True,
                **options,
            )
        running.append(self)

    def alive(self) -> bool:
        return self.popen.poll() is None

    def stop(self, patience: float = 15.0) -> None:
        """End it: politely first, then with everything that is left of its session."""
        if self in running:
            running.remove(self)
        if self.alive():
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def stop_all() -> None:
    """End everything that was started and still runs."""
    for process in reversed(running[:]):
        process.stop()


def configure(name: str, database: str, port: int, extra: str = "", **options) -> Path:
    """Write a configuration derived from the project's own, as ``make demo`` does."""
    target = settings.HOME / f"{name}.conf"
    pairs = {
        "db_name": database,
        "data_dir": str(settings.HOME / "data"),
        "proxy_mode": "False",
        "workers": "2",
        "max_cron_threads": "2",
        "http_interface": "127.0.0.1",
        "http_port": str(port),
        "gevent_port": str(port + 1),
        **{key: str(value) for key, value in options.items()},
    }
    subprocess.run(
        [sys.executable, "-W", "ignore", settings.ROOT / "scripts" / "conf.py", target]
        + [f"{key}={value}" for key, value in pairs.items()],
        check=True,
    )
    if extra:
        with target.open("a") as stream:
            stream.write(extra)
    return target


@contextmanager
def odoo(name: str, conf: Path, port: int, environment: dict[str, str] | None = None):
    """A served Odoo; gives its :class:`Process` once it answers."""
    process = Process(name, [settings.ODOO, "-c", str(conf)], env={**os.environ, **(environment or {})})
    try:
        wait_for_port(process, port)
        yield process
    finally:
        process.stop()


@contextmanager
def command(name: str, arguments: list[str], port: int = 0, ready: str = ""):
    """Another Odoo command that runs until it is stopped, such as the listener.

    :param port: wait until it answers there
    :param ready: or wait until its log holds this text
    """
    process = Process(name, [settings.ODOO, *arguments])
    try:
        if port:
            wait_for_port(process, port)
        deadline = time.monotonic() + 60
        while ready and ready not in process.log.read_text(errors="replace"):
            if not process.alive() or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start:\n{process.tail()}")
            time.sleep(0.05)
        yield process
    finally:
        process.stop()


def wait_for_port(process: Process, port: int, patience: float = 60.0) -> None:
    """Wait until somebody listens on a port.

    :raises RuntimeError: the process ended, or never listened
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.alive():
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.name} does not listen on port {port}:\n{process.tail()}")
