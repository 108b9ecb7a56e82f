"""The charge side of the story: DFT messages of the EHR and of the laboratory."""

from __future__ import annotations

from datetime import datetime

from . import hl7
from .world import Visit, charge_segment

APPLICATIONS = {"EHR": "EHRMAIN", "LAB": "LIS"}


def charge_message(
    control, system: str, visit: Visit, lines: list[dict], at: datetime, *, event="P03", end="\r"
) -> tuple[bytes, dict]:
    """A DFT with one FT1 per line; returns the bytes and the fact.

    The laboratory writes version 2.3 and leaves assigning authorities to the receiver.

    :param lines: dicts with transaction, action, service, description, date, quantity, unit_price, amount, unit, order, modifier
    """
    newer = system == "EHR"
    sending = visit.facility.sending[system]
    segments = [
        hl7.header(
            APPLICATIONS[system], sending, at, f"DFT^{event}^DFT_{event}" if newer else f"DFT^{event}", control,
            version="2.5.1" if newer else "2.3",
        ),
        hl7.segment("EVN", {1: event, 2: hl7.moment(at)}),
        visit.person.pid(bare=not newer),
        visit.pv1(authority=newer and lines[0]["transaction"][-1] in "02468", place=False, full=False),
        *(charge_segment(number, line, newer) for number, line in enumerate(lines, start=1)),
    ]  # fmt: skip
    seen: dict[str, int] = {}
    charges = []
    for line in lines:
        seen[line["transaction"]] = seen.get(line["transaction"], 0) + 1
        charges.append({**line, "line": seen[line["transaction"]]})
    fact = {
        "kind": "charges",
        "system": system,
        "sending": sending,
        "visit": visit.number,
        "ids": visit.person.ids if newer else visit.person.ids[:1],
        "charges": charges,
        "at": at,
    }
    return hl7.message(segments, end), fact
