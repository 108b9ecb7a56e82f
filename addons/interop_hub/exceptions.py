"""The errors of the pipeline, each mapped once to what happens with the message.

Texts are read by partners and operators and stored beside the message: they
name what is wrong and where, never a value from the message.
"""


class InteropError(Exception):
    """Base of everything that can go wrong with one message.

    :param code: short machine code, e.g. ``"103"`` (HL7 table 0357) or ``"mapping.service"``
    :param text: plain English for a person, free of patient data
    :param location: where in the message, e.g. ``"PID-3"`` or a JSON pointer
    :param hint: what to do about it
    """

    state = "retry"
    error_class = "retryable"
    http_status = 500

    def __init__(self, code: str, text: str, location: str = "", *, hint: str = ""):
        super().__init__(code, text, location)
        self.code = code
        self.text = text
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        where = f" at {self.location}" if self.location else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.code}: {self.text}{where}{hint}"


class Rejected(InteropError):
    """Refused at the door; the partner must correct and send again.

    :param ack: HL7 acknowledgement code, ``"AE"`` or ``"AR"``
    """

    state = "rejected"
    error_class = "rejected"
    http_status = 422

    def __init__(self, code: str, text: str, location: str = "", *, hint: str = "", ack: str = "AE"):
        super().__init__(code, text, location, hint=hint)
        self.ack = ack


class Permanent(InteropError):
    """Can never succeed as it stands: dead at the first attempt, waits for a person."""

    state = "dead"
    error_class = "permanent"
    http_status = 422


class Retryable(InteropError):
    """May succeed later: tried again with back-off, a bounded number of times.

    :param retry_after: seconds that the other side asked us to wait, if it did
    """

    def __init__(self, code: str, text: str, location: str = "", *, hint: str = "", retry_after: float = 0.0):
        super().__init__(code, text, location, hint=hint)
        self.retry_after = retry_after


class NeedsPerson(InteropError):
    """A person must decide or complete something; resolving the exception replays the message.

    :param exception_type: value of ``interop.exception.type``
    :param exception_key: one open exception exists per type, key and company
    :param amount: money at risk, in the company's currency
    """

    state = "quarantined"
    error_class = "person"
    http_status = 409

    def __init__(
        self,
        code: str,
        text: str,
        location: str = "",
        *,
        hint: str = "",
        exception_type: str = "other",
        exception_key: str = "",
        amount: float = 0.0,
    ):
        super().__init__(code, text, location, hint=hint)
        self.exception_type = exception_type
        self.exception_key = exception_key or code
        self.amount = amount


class Ambiguous(InteropError):
    """Sent, but the answer is unknown: never sent again without a person's decision."""

    state = "ambiguous"
    error_class = "ambiguous"
    http_status = 502


class Closed(InteropError):
    """The interface takes no messages now.

    :param status: HTTP status, 503 when paused or braked, 410 when retired
    :param retry_after: seconds after which it is worth trying again, 0 when never
    """

    def __init__(self, code: str, text: str, *, status: int = 503, retry_after: int = 60):
        super().__init__(code, text)
        self.status = self.http_status = status
        self.retry_after = retry_after


class SetFailed(Exception):
    """Some messages of a set failed before or while it was applied.

    The drain rolls the set back, marks these, holds their followers and calls
    the handler again with the rest.

    :param failures: ``{message id: InteropError}``
    """

    def __init__(self, failures: dict):
        super().__init__(f"{len(failures)} message(s) failed")
        self.failures = failures
