"""Acknowledgements (HL7 v2.5.1 chapter 2, sections 2.9.2, 2.9.3 and 2.15).

In original mode (MSH-15 and MSH-16 empty) the answer is AA, AE or AR. In
enhanced mode MSH-15 asks for the accept acknowledgement CA, CE or CR (table
0155: AL always, NE never, ER on error, SU on success). When it asks for none
but MSH-16 wants an application acknowledgement, the application codes are
used: storing durably is what this application promises at that moment.
"""

import secrets
from datetime import UTC, datetime

from .errors import CONDITIONS, Hl7Error
from .grammar import DEFAULT, Grammar
from .header import Header
from .message import Segment

_ACCEPT_CODES = {"AA": "CA", "AE": "CE", "AR": "CR"}
_DEFAULT_GRAMMAR = Grammar(*DEFAULT, "utf-8")


def wanted(condition: str, positive: bool) -> bool:
    """Whether a condition of table 0155 asks for an answer; unknown conditions count as AL."""
    if condition == "NE":
        return False
    if condition == "ER":
        return not positive
    if condition == "SU":
        return positive
    return True


def code_for(accept: str, application: str, positive: bool, refusal: str = "AE") -> str:
    """Return MSA-1, ``""`` when the sender wants no answer.

    :param accept: MSH-15
    :param application: MSH-16
    :param refusal: AE or AR, used when not ``positive``
    """
    code = "AA" if positive else refusal
    if not accept and not application:
        return code
    if accept and wanted(accept, positive):
        return _ACCEPT_CODES[code]
    if application and wanted(application, positive):
        return code
    return ""


def acknowledge(header: Header | None, error: Hl7Error | None = None) -> bytes:
    """Build the answer to one message.

    :param header: of the message; ``None`` when not even that could be read
    :param error: why it is refused; ``None`` accepts
    :return: the ACK with CR line ends, ``b""`` when none may be sent
    """
    if header is None:
        error = error or Hl7Error("207", "The message cannot be read", ack="AR")
        stamp = now()
        lines = [
            f"MSH|^~\\&|||||{stamp}||ACK|{control_id()}|P|2.5.1",
            f"MSA|{error.ack}|",
            _err(error, _DEFAULT_GRAMMAR, False),
        ]
        return ("\r".join(lines) + "\r").encode()
    if header.type in ("ACK", "MCF"):
        return b""
    code = code_for(header.accept, header.application, error is None, error.ack if error else "")
    if not code:
        return b""
    msh = header.segment
    rules = msh.grammar
    c = rules.component
    event = rules.encode(header.event) if header.event else ""
    kind = f"ACK{c}{event}{c}ACK" if event and c else "ACK"
    ids = (msh[11] or "P", msh[12] or "2.5.1", msh[18] if header.charset_known else "")
    return _build(msh, code, kind, msh[10].strip(), ids, error)


def refuse_batch(opening: Segment | None, error: Hl7Error) -> bytes:
    """Build the answer to a batch or file that cannot be taken apart.

    :param opening: its FHS or BHS segment, whose control id (field 11) is acknowledged
    """
    if opening is None:
        return acknowledge(None, error)
    return _build(opening, error.ack, "ACK", opening[11].strip(), ("P", "2.5.1", ""), error)


def _build(to: Segment, code: str, kind: str, reference: str, ids: tuple, error: Hl7Error | None) -> bytes:
    """The ACK's bytes; ``to`` is a segment with sender and receiver in fields 3 to 6, ``ids`` MSH-11, -12 and -18."""
    rules = to.grammar
    f = rules.field
    processing_id, version, charset = ids
    head = (
        f"MSH{f}{rules.encoding_characters}{f}{to[5]}{f}{to[6]}{f}{to[3]}{f}{to[4]}{f}{now()}{f}{f}"
        f"{kind}{f}{control_id()}{f}{processing_id}{f}{version}"
    )
    if charset:
        head += f * 6 + charset
    lines = [head, f"MSA{f}{code}{f}{reference}"]
    if error:
        if version < "2.7":
            lines[1] += f + rules.encode(error.text)
        lines.append(_err(error, rules, version < "2.5"))
    return ("\r".join(lines) + "\r").encode(rules.codec, "replace")


def _err(error: Hl7Error, rules: Grammar, old: bool) -> str:
    """ERR with location (ERL), table 0357 code, severity and user message; ERR-1 too for old versions."""
    f, c, s = rules.field, rules.component or " ", rules.subcomponent or " "
    condition = CONDITIONS.get(error.code, "Application internal error")
    code = error.code if error.code in CONDITIONS else "207"
    erl = _erl(error.location)
    location = c.join(erl)
    first = c.join([*(erl + ["", "", ""])[:3], s.join((code, condition, "HL70357"))]) if old else ""
    return f.join(
        ["ERR", first, location, c.join((code, condition, "HL70357")), "E", "", "", "", rules.encode(error.text)]
    )


def _erl(location: str) -> list[str]:
    """``PID[2]-3.4`` as segment, sequence, field, repetition, component; none for other places."""
    segment, _dash, rest = location.partition("-")
    name, _bracket, ordinal = segment.partition("[")
    if len(name) != 3 or not name.isupper():
        return []
    parts = [name, ordinal.rstrip("]") or "1"]
    if rest:
        field, _dot, component = rest.partition(".")
        parts.append(field)
        if component:
            parts += ["1", component]
    return parts


def control_id() -> str:
    """A message control id of our own, 20 characters."""
    return secrets.token_hex(10)


def now() -> str:
    """The time of the answer, with its offset."""
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
