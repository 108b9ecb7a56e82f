"""A partner that speaks MLLP: one message in flight, sent again until it is acknowledged."""

from __future__ import annotations

import socket
import time

from . import hl7
from .door import Answer, GivenUp

START, END = b"\x0b", b"\x1c\r"


class MllpSender:
    """One connection to an MLLP listener, opened again whenever it breaks.

    :param patience: seconds to go on with one message while nobody acknowledges it
    """

    def __init__(self, port: int, host: str = "127.0.0.1", *, patience: float = 120.0, timeout: float = 15.0):
        self.address = (host, port)
        self.patience = patience
        self.timeout = timeout
        self.resent = 0
        self._socket: socket.socket | None = None
        self._rest = b""

    def send(self, raw: bytes) -> Answer:
        """Send one message until an acknowledgement comes back.

        :raises GivenUp: when none came in time
        """
        deadline = time.monotonic() + self.patience
        while True:
            try:
                if self._socket is None:
                    self._socket = socket.create_connection(self.address, self.timeout)
                    self._rest = b""
                self._socket.sendall(START + raw + END)
                (ack,) = hl7.acknowledgements(self._frame())
                return Answer(200, ack["code"], ack["error"], ack["control"], ack["raw"])
            except (OSError, ValueError):
                self.close()
                if time.monotonic() > deadline:
                    raise GivenUp(f"mllp: no acknowledgement for {self.patience:.0f} s") from None
                self.resent += 1
                time.sleep(0.3)

    def _frame(self) -> bytes:
        while END not in self._rest:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError
            self._rest += data
        frame, _end, self._rest = self._rest.partition(END)
        return frame.partition(START)[2]

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
