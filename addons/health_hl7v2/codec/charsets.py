"""From bytes to text: which character set a message is in.

A byte order mark wins, then the charset of the HTTP ``Content-Type``
(HL7-over-HTTP), then MSH-18 (table 0211). Without any of them, or with the
default "ASCII", bytes that are valid UTF-8 are read so, others as ISO 8859-1,
because feeds that send accents under "ASCII" are common and no byte is lost.
"""

import codecs
import contextlib
import re

from .errors import Hl7Error

#: HL7 table 0211 to Python codec names.
TABLE_0211 = {
    "": "",
    "ASCII": "",
    "ISO IR6": "",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    "WINDOWS-1252": "cp1252",
}

_HTTP_CHARSET = re.compile(r"""charset\s*=\s*["']?([^"';\s]+)""", re.I)
_BEFORE = " \t\r\n\x0b\x1c\ufeff"
_AFTER = "\r\n\x0b\x1c"
_HTTP_CODECS = {"us-ascii": "", "ascii": ""}
#: Text codecs that a partner may name; others (zlib, idna, punycode …) are no character sets of messages.
_ACCEPTED = re.compile(
    r"utf-?(8|16|32)|(iso-?)?8859|latin|cp\d|windows|shift|sjis|euc|iso-?2022|gb|big5|koi8|mac", re.I
)


def http_charset(content_type: str) -> str | None:
    """Return the codec that a Content-Type names, ``None`` when it names none.

    :raises Hl7Error: an unknown charset
    """
    if not content_type or "charset" not in content_type.lower():
        return None
    match = _HTTP_CHARSET.search(content_type)
    if not match:
        return None
    name = match.group(1)
    if name.lower() in _HTTP_CODECS:
        return ""
    if _ACCEPTED.match(name):
        with contextlib.suppress(LookupError, ValueError):
            return codecs.lookup(name).name
    raise Hl7Error("103", "The charset of the Content-Type is not known", "Content-Type", "AR")


def header_charset(body: bytes) -> str:
    """Return the codec that MSH-18 names, ``""`` for the default.

    :raises Hl7Error: a value that is not in table 0211
    """
    head = body[: _line_end(body)]
    fields = head.split(head[3:4]) if len(head) > 3 else []
    if len(fields) < 18:
        return ""
    raw = fields[17]
    encoding_characters = fields[1]
    if len(encoding_characters) > 1:
        raw = raw.split(encoding_characters[1:2])[0]
    if len(encoding_characters) > 0:
        raw = raw.split(encoding_characters[:1])[0]
    name = raw.decode("latin-1").strip().upper()
    if name in TABLE_0211:
        return TABLE_0211[name]
    for prefix in ("ISO ", "ISO-", "ISO"):
        short = name.removeprefix(prefix).replace("-", "/", 1)
        if short in TABLE_0211:
            return TABLE_0211[short]
    raise Hl7Error("103", "The character set is not one of table 0211", "MSH-18")


def _line_end(body: bytes) -> int:
    ends = [n for n in (body.find(b"\r"), body.find(b"\n")) if n >= 0]
    return min(ends) if ends else len(body)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return ``(text, codec name)`` of a message or batch, without BOM, MLLP bytes and outer blanks.

    :raises Hl7Error: bytes that are not in the declared character set, or NUL characters
    """
    codec = _byte_order_mark(body)
    if codec is None:
        codec = http_charset(content_type)
        if codec is None or codec == "":
            body = body.lstrip(b" \t\r\n\x0b\x1c")
            codec = codec if codec is not None else header_charset(body)
    if codec == "":
        try:
            text, codec = body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            text, codec = body.decode("iso8859-1"), "iso8859-1"
    else:
        try:
            text = body.decode(codec)
        except (UnicodeError, LookupError):
            raise Hl7Error("102", "The bytes are not in the declared character set", "MSH-18") from None
    text = text.lstrip(_BEFORE).rstrip(_AFTER)
    if "\0" in text:
        raise Hl7Error("102", "The message contains NUL characters", "MSH")
    return text, codec


def _byte_order_mark(body: bytes) -> str | None:
    head = body[:4]
    if head[:3] == codecs.BOM_UTF8:
        return "utf-8-sig"
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-32" if head == codecs.BOM_UTF32_LE else "utf-16"
    if head[1:2] == b"\0" and head[3:4] == b"\0" and head[:1] > b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[2:3] == b"\0" and head[1:2] > b"\0":
        return "utf-16-be"
    return None
