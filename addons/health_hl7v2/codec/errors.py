"""The one error of this codec, in the terms of an HL7 acknowledgement."""

#: HL7 table 0357, message error condition codes.
CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}


class Hl7Error(ValueError):
    """The message cannot be taken; says what is wrong and where, never a value of the message.

    :param code: a code of table 0357
    :param text: plain English for the sender
    :param location: ``SEG``, ``SEG-field`` or ``SEG[n]-field.component``
    :param ack: ``"AE"`` (content) or ``"AR"`` (the message as such is not for us)
    """

    def __init__(self, code: str, text: str, location: str = "", ack: str = "AE"):
        super().__init__(code, text, location)
        self.code = code
        self.text = text
        self.location = location
        self.ack = ack

    def __str__(self) -> str:
        where = f" at {self.location}" if self.location else ""
        return f"{self.code}: {self.text}{where}"
