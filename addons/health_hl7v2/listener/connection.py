"""One MLLP connection."""

import asyncio
import logging
import time
from collections import deque

from ..codec import mllp
from ..codec.errors import Hl7Error
from ..codec.examine import answer

_logger = logging.getLogger(__name__)

WINDOW = 64  #: messages of one connection that may wait for their answer; then it is not read further


class Connection(asyncio.Protocol):
    """One sender: frames in, answers out in the same order."""

    def __init__(self, listener, limit: int):
        self.listener = listener
        self.framer = mllp.Framer(limit)
        self.limit = limit
        self.transport = None
        self.timer = None
        self.sizes = deque()
        self.paused = False
        self.closed = False
        self.heard = 0.0

    def connection_made(self, transport):
        """Take the connection unless there are too many."""
        self.transport = transport
        listener = self.listener
        if len(listener.connections) >= listener.options.max_connections:
            _logger.warning("mllp: connection limit reached, one refused")
            self.closed = True
            transport.abort()
            return
        listener.connections.add(self)
        self.heard = time.monotonic()
        self._watch()

    def connection_lost(self, exc):
        """Forget the connection; what it sent is stored all the same if it was taken."""
        self.closed = True
        self.listener.connections.discard(self)
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        """Cut the stream into messages and hand them on."""
        self.heard = time.monotonic()
        for frame in self.framer.feed(data):
            if isinstance(frame, mllp.TooLarge):
                self._refuse(frame)
                return
            self.sizes.append(len(frame))
            self.listener.submit(self, frame)
        if self._is_full(1) and not self.paused:
            self.paused = True
            self.transport.pause_reading()

    def answer(self, acknowledgement: bytes):
        """Send the answer to the oldest open message; an empty one stands for none."""
        self.sizes.popleft()
        if self.closed:
            return
        self.heard = time.monotonic()
        if acknowledgement:
            self.transport.write(mllp.frame(acknowledgement))
        if self.paused and not self._is_full(2) and not self.listener.stopping.is_set():
            self.paused = False
            self.transport.resume_reading()

    def _is_full(self, part: int) -> bool:
        """Whether more than a part of what one connection may have unanswered is unanswered."""
        return len(self.sizes) >= WINDOW // part or sum(self.sizes) > self.limit // part

    def stop_reading(self):
        """Take nothing more; open messages are still answered."""
        if not self.closed and not self.paused:
            self.paused = True
            self.transport.pause_reading()

    def close(self):
        """Close after what was written is sent."""
        self.closed = True
        if self.transport:
            self.transport.close()

    def _refuse(self, frame):
        """Answer a frame over the size limit and close: nothing of it was kept.

        While earlier messages wait it is closed without: answers come in order or not at all.
        """
        _logger.warning("mllp: a message over the size limit was refused")
        error = Hl7Error("207", "The message is larger than this interface takes", ack="AR")
        if not self.sizes:
            self.transport.write(mllp.frame(answer(frame.head, error)))
        self.close()

    def _watch(self):
        timeout = self.listener.options.idle_timeout
        if timeout <= 0 or self.closed:
            return
        idle = time.monotonic() - self.heard
        if idle >= timeout and not self.sizes:
            self.close()
            return
        self.timer = asyncio.get_running_loop().call_later(max(timeout - idle, 0.1), self._watch)
