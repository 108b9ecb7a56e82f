"""Writing HL7 v2: just enough to say what a hospital says in a day. Shares nothing with the addon's codec."""

from __future__ import annotations

from datetime import date, datetime

ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}


def escape(text: object) -> str:
    """A value as it stands inside a component."""
    return "".join(ESCAPES.get(char, char) for char in str(text))


def moment(value: datetime | date | None, zone: bool = True) -> str:
    """HL7 DTM; a datetime is UTC and says so."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d%H%M%S") + ("+0000" if zone else "")
    return value.strftime("%Y%m%d")


def join(*components: object) -> str:
    """Components of one field, each escaped, trailing empty ones left out."""
    return "^".join("" if c is None else escape(c) for c in components).rstrip("^")


def segment(name: str, fields: dict[int, str]) -> str:
    """A segment from field numbers to raw field texts."""
    last = max(fields, default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def header(
    application, facility, at, message_type, control, *, version="2.5.1", processing="P", accept="", extra=None
) -> str:
    """MSH. ``accept`` is MSH-15; a value asks for enhanced mode."""
    fields = {
        2: application,
        3: facility,
        4: "ODOO",
        5: "HUB",
        6: moment(at),
        8: message_type,
        9: control,
        10: processing,
        11: version,
    }
    if accept:
        fields[14], fields[15] = accept, "NE"
    if version.startswith("2.5"):
        fields[17] = "UNICODE UTF-8"
    fields.update(extra or {})
    # MSH-1 is the separator itself: field n of the standard is text n-1 here.
    return segment("MSH", {1: "^~\\&", **fields})


def message(segments: list[str], end: str = "\r") -> bytes:
    """Encode the segments, each with its end."""
    return "".join(line + end for line in segments if line).encode()


def batch(messages: list[bytes], application: str, facility: str, at: datetime, number: str) -> bytes:
    """Frame messages as FHS/BHS … BTS/FTS with their counts."""
    stamp = moment(at)
    head = f"FHS|^~\\&|{application}|{facility}|ODOO|HUB|{stamp}||{number}\rBHS|^~\\&|{application}|{facility}|ODOO|HUB|{stamp}||||{number}\r"
    tail = f"BTS|{len(messages)}\rFTS|1\r"
    return head.encode() + b"".join(m if m.endswith((b"\r", b"\n")) else m + b"\r" for m in messages) + tail.encode()


def acknowledgements(body: bytes) -> list[dict[str, str]]:
    """The acknowledgements in a response: dicts with code, control (MSA-2), error (ERR-3.1), type (MSH-9).

    :raises ValueError: when the body is no HL7 acknowledgement
    """
    found: list[dict[str, str]] = []
    for line in body.decode("utf-8", "replace").replace("\n", "\r").split("\r"):
        if line.startswith("MSH") and len(line) > 8:
            fields = line.split(line[3])
            found.append(
                {"type": fields[8] if len(fields) > 8 else "", "code": "", "control": "", "error": "", "raw": ""}
            )
        if not found or line[:3] in ("BTS", "FTS", "BHS", "FHS"):
            continue
        if line:
            found[-1]["raw"] += line + "\r"
        if line.startswith("MSA"):
            fields = line.split("|")
            found[-1]["code"] = fields[1]
            found[-1]["control"] = fields[2] if len(fields) > 2 else ""
        elif line.startswith("ERR") and not found[-1]["error"]:
            fields = line.split("|")
            found[-1]["error"] = fields[3].split("^")[0] if len(fields) > 3 else ""
    if not found or not all(ack["code"] for ack in found):
        raise ValueError("not an HL7 acknowledgement")
    return found
