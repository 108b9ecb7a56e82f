"""Looking for patient data where none may be."""

import re
from collections.abc import Iterable
from pathlib import Path

# Beginnings of HL7 segments that carry patients; a log has no business with them.
PAYLOAD = re.compile(r"(?:PID|NK1|IN1|GT1|MRG|FT1|PV1)\|\d*\||MSH\|\^~")


def secrets_of(messages: Iterable) -> set[str]:
    """Names, identifiers, phones, streets and member numbers that the messages of a day carry."""
    found: set[str] = set()
    for message in messages:
        for line in message.raw.decode("utf-8", "replace").replace("\n", "\r").split("\r"):
            fields = line.split("|")
            if fields[0] == "PID" and len(fields) > 13:
                found.update(cx.split("^")[0] for cx in fields[3].split("~"))
                found.update(fields[5].split("^")[:1])
                found.add(fields[11].split("^")[0])
                found.add(fields[13])
            elif fields[0] == "PV1" and len(fields) > 19:
                found.add(fields[19].split("^")[0])
            elif fields[0] == "IN1" and len(fields) > 36:
                found.add(fields[36])
            elif fields[0] == "MRG" and len(fields) > 1:
                found.add(fields[1].split("^")[0])
    return {value for value in found if len(value) >= 6 and value != '""'}


def leaks(text: str, secrets: Iterable[str]) -> list[str]:
    """Which kinds of patient data a text holds; the values themselves are masked."""
    found = [f"{secret[:2]}… ({len(secret)} characters)" for secret in secrets if secret in text]
    found += [f"payload fragment {match[0]!r}" for match in PAYLOAD.finditer(text)]
    return found


def scan(paths: Iterable[Path], secrets: set[str]) -> list[str]:
    """File, line number and kind of each leak in files."""
    pattern = re.compile("|".join(re.escape(secret) for secret in sorted(secrets)) or r"(?!)")
    found = []
    for path in paths:
        with path.open(errors="replace") as stream:
            for number, line in enumerate(stream, start=1):
                if pattern.search(line) or PAYLOAD.search(line):
                    found.append(f"{path.name}:{number}: {', '.join(leaks(line, secrets))}")
    return found
