"""Reading HL7 v2 on one core, beside the usual library. No database, no Odoo."""

from __future__ import annotations

import importlib
import sys
import time
import types

from .. import settings
from ..messages import Hospital
from ..report import Figure, say

NAMES = ("parse",)

#: What a receiver of an ADT reads: segment, field, component.
PLACES = (
    ("MSH", 3, 1), ("MSH", 4, 1), ("MSH", 7, 1), ("MSH", 9, 1), ("MSH", 9, 2), ("MSH", 10, 1), ("MSH", 12, 1), ("EVN", 2, 1),
    ("PID", 3, 1), ("PID", 3, 4), ("PID", 3, 5), ("PID", 5, 1), ("PID", 5, 2), ("PID", 7, 1), ("PID", 8, 1), ("PID", 11, 1),
    ("PID", 11, 3), ("PID", 11, 5), ("PID", 13, 1), ("PV1", 2, 1), ("PV1", 3, 1), ("PV1", 3, 2), ("PV1", 7, 1), ("PV1", 7, 2),
    ("PV1", 19, 1), ("PV1", 44, 1), ("DG1", 3, 1), ("IN1", 2, 1), ("IN1", 3, 1), ("IN1", 4, 1), ("IN1", 36, 1),
)  # fmt: skip


def measure(_wanted: set[str]) -> list[Figure]:
    """Parse and read the 31 values that an ADT is read for; also up to the canonical commands."""
    sizes = settings.SIZES
    parse, decode_commands = _codec()
    hl7 = _reference()
    hospital = Hospital("P")
    bodies = [hospital.adt(number) for number in range(1000)]
    _agree(parse, hl7, bodies)

    def ours(body: bytes) -> None:
        message = parse(body)
        segments = {segment.name: segment for segment in message.segments}
        for name, field, component in PLACES:
            segments[name].value(field, component)

    def theirs(body: bytes) -> None:
        message = hl7.parse(body.decode())
        for name, field, component in PLACES:
            _value(message, name, field, component)

    values, full, reference = [], [], []
    for number in range(sizes.rounds):
        values.append(_rate(ours, bodies, sizes.parses))
        full.append(_rate(decode_commands, bodies, sizes.parses // 4))
        reference.append(_rate(theirs, bodies, sizes.parses_reference))
        say(
            f"parse, round {number + 1}: {values[-1]:,.0f}/s, to commands {full[-1]:,.0f}/s, hl7 {reference[-1]:,.0f}/s"
        )
    size = sum(map(len, bodies)) // len(bodies)
    return [
        Figure(
            "parse", "HL7 parse and read, one core", "messages/s", values, "python-hl7", reference, 10_000.0, absolute=True,
            note=f"ADT of {size} bytes on average; parsed, and {len(PLACES)} values read from each",
        ),
        Figure("parse-commands", "  decoded to canonical commands", "messages/s", full, "python-hl7", reference),
    ]  # fmt: skip


def _rate(function, bodies: list[bytes], count: int) -> float:
    started = time.process_time()
    for number in range(count):
        function(bodies[number % len(bodies)])
    return count / (time.process_time() - started)


def _agree(parse, hl7, bodies: list[bytes]) -> None:
    """Both must read the same, or the comparison means nothing."""
    for body in bodies[::100]:
        mine, theirs = parse(body), hl7.parse(body.decode())
        for place in PLACES:
            name, field, component = place
            if mine.first(name).value(field, component) != _value(theirs, *place):
                raise RuntimeError(f"the parsers disagree about {place}")


def _value(message, name: str, field: int, component: int) -> str:
    """One value as the reference library gives it; absent ones are empty."""
    try:
        return message.extract_field(name, 1, field, 1, component) or ""
    except (KeyError, IndexError):
        return ""


def _codec():
    """The addon's codec, imported without Odoo: its packages are entered under their own names, empty."""
    addons = settings.ROOT / "addons"
    for name, folder in (
        ("odoo", None),
        ("odoo.addons", addons),
        ("odoo.addons.health_core", addons / "health_core"),
        ("odoo.addons.health_hl7v2", addons / "health_hl7v2"),
    ):
        module = types.ModuleType(name)
        module.__path__ = [str(folder)] if folder else []
        sys.modules[name] = module
    codec = "odoo.addons.health_hl7v2.codec"
    return importlib.import_module(f"{codec}.message").parse, importlib.import_module(
        f"{codec}.examine"
    ).decode_commands


def _reference():
    sys.path.insert(0, str(settings.EXTRAS))
    try:
        return importlib.import_module("hl7")
    finally:
        sys.path.pop(0)
