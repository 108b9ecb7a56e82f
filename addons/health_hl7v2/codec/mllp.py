"""The Minimal Lower Layer Protocol: ``0x0B`` data ``0x1C 0x0D``. Pure: bytes in, frames out."""

START = b"\x0b"
END = b"\x1c\r"
_STARTS = (b"\x0bMSH", b"\x0bFHS", b"\x0bBHS")


class TooLarge(Exception):
    """A frame passed the size limit; ``head`` is its beginning, enough to answer it."""

    def __init__(self, head: bytes):
        super().__init__("frame too large")
        self.head = head


class Framer:
    """Takes a stream apart into frames, however the network cut it.

    Bytes between frames are dropped. A frame that was left unfinished, with a
    new one begun, is dropped too: its sender never saw it acknowledged.

    :param limit: largest content of a frame, in bytes
    :ivar dropped: number of bytes outside of frames so far
    """

    __slots__ = ("_buffer", "_inside", "_searched", "_skipping", "dropped", "limit")

    _HEAD = 4096

    def __init__(self, limit: int):
        self.limit = limit
        self.dropped = 0
        self._buffer = bytearray()
        self._inside = False
        self._skipping = False
        self._searched = 0

    @property
    def unfinished(self) -> bool:
        """Whether a frame has begun that has not ended yet."""
        return self._inside

    def feed(self, data: bytes) -> list[bytes | TooLarge]:
        """Return the frames that are complete now, in order.

        A frame that passes the limit gives one :class:`TooLarge` (not raised)
        when it does, and the rest of it is skipped.
        """
        frames = []
        buffer = self._buffer
        buffer += data
        while buffer:
            if not self._inside:
                start = buffer.find(START)
                if start < 0:
                    self.dropped += len(buffer)
                    buffer.clear()
                    break
                self.dropped += start
                del buffer[: start + 1]
                self._inside, self._searched = True, 0
                continue
            end = buffer.find(END, self._searched)
            if end < 0:
                self._searched = max(len(buffer) - 1, 0)
                self._check_size(frames)
                break
            content = bytes(buffer[:end])
            del buffer[: end + 2]
            self._inside = False
            if self._skipping:
                self._skipping = False
                continue
            content = self._last_begun(content)
            frames.append(content if len(content) <= self.limit else TooLarge(content[: self._HEAD]))
        return frames

    def _last_begun(self, content: bytes) -> bytes:
        begun = max(content.rfind(start) for start in _STARTS)
        if begun < 0:
            return content
        self.dropped += begun + 1
        return content[begun + 1 :]

    def _check_size(self, frames: list) -> None:
        buffer = self._buffer
        if len(buffer) <= self.limit + 1:
            return
        if not self._skipping:
            self._skipping = True
            frames.append(TooLarge(bytes(buffer[: self._HEAD])))
        del buffer[:-1]
        self._searched = 0


def frame(content: bytes) -> bytes:
    """Put content into a frame."""
    return START + content + END
