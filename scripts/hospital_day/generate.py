"""The hospital day: about 2,300 messages over 300 patients, the same for the same seed and date.

The three interfaces run side by side, so nothing in the day may depend on
which of them is faster. Where it would, the later message is in wave 2, which
is sent when everything of wave 1 has taken effect:

* charges of a cancelled visit, and of an outpatient visit that became inpatient;
* some amendments and credits, to meet charges that are invoiced already;
* messages that name identifiers of two living patients.

``tests/test_hospital_day.py`` plays the expectation in many interleavings to
prove that the rest does not depend on the order.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from . import adt, dft, master
from .charges import Cashier
from .message import Message
from .people import PATIENTS, PRIORS, Registry
from .refused import refused_adt, refused_batch
from .story import tell
from .world import Person, Visit

INTERFACES = ("ehr-adt", "ehr-dft", "lab-batch")
SYSTEM_OF = {"ehr-adt": "EHR", "ehr-dft": "EHR", "lab-batch": "LAB"}


def yesterday() -> date:
    """The day that is played by default."""
    return datetime.now(UTC).date() - timedelta(days=1)


def tag_of(seed: int | str, day: date) -> str:
    """Six digits that stand for seed and day, part of every number that the day gives out."""
    return f"{(day.toordinal() * 7 + zlib.crc32(str(seed).encode()) % 7) % 1000000:06d}"


def generate(seed: int | str = 1, day: date | None = None) -> list[Message]:
    """All messages of the day, ordered by wave, then send order per interface.

    :param day: the day on which it happens, default yesterday (UTC)
    """
    return Day(seed, day or yesterday()).messages()


class Day:
    """Tells the story patient by patient into streams, then mixes the streams."""

    def __init__(self, seed, day: date):
        self.day = day
        self.rng = Random(f"hospital-day:{seed}:{day.isoformat()}")
        self.master = master.load()
        self.tag = tag_of(seed, day)
        self.people = Registry(self.master, self.rng, day, self.tag)
        self.cashier = Cashier(self.master, self.rng, self.tag)
        self._controls = defaultdict(int)
        self._visits = 0
        # (wave, interface) -> shard -> [(place in the day 0..1 or None, raw, control, ack, error, facts, note)]
        self._streams: dict[tuple[int, str], dict[str, list]] = defaultdict(lambda: defaultdict(list))
        self._late: set[str] = set()
        self.clean_visits: list[Visit] = []

    # -- what is written ----------------------------------------------------------

    def control(self, interface: str) -> str:
        self._controls[interface] += 1
        prefix = {"ehr-adt": "A", "ehr-dft": "D", "lab-batch": "L"}[interface]
        return f"{prefix}{self.tag}{self._controls[interface]:06d}"

    def say(self, interface: str, shard: str, written, control: str, *, wave=1, note="", ack="AA", error="") -> None:
        """Put a message at the end of a patient's stream."""
        raw, fact = written
        self._streams[wave, interface][shard].append((raw, control, ack, error, (fact,) if fact else (), note))

    def visit_says(self, event: str, visit: Visit, minutes: int = 20, *, wave=1, note="", **options) -> None:
        """Advance the visit's clock and tell one event."""
        visit.clock += timedelta(minutes=minutes)
        control = self.control("ehr-adt")
        accept = options.get("accept", "")
        written = adt.visit_event(control, event, visit, visit.clock, **options)
        self.say(
            "ehr-adt", visit.person.mrn, written, control, wave=wave, note=note or event, ack="CA" if accept else "AA"
        )

    def charges_say(self, system: str, visit: Visit, lines: list[dict], *, wave=1, note="charge", event="P03") -> None:
        """Tell charges of a visit."""
        interface = "ehr-dft" if system == "EHR" else "lab-batch"
        control = self.control(interface)
        end = "\r\n" if system == "EHR" and self.rng.random() < 0.03 else "\r"
        at = self.at(17) + timedelta(seconds=self._controls[interface])
        written = dft.charge_message(control, system, visit, lines, at, event=event, end=end)
        self.say(interface, visit.person.mrn, written, control, wave=wave, note=note)

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        return datetime.combine(self.day + timedelta(days=days), time(hour, minute), UTC)

    # -- people and visits ------------------------------------------------------------

    def visit(self, person: Person, letter: str, *, facility=None, units=None) -> Visit:
        """A visit about to begin, in a unit that fits its class."""
        rng = self.rng
        facility = facility or rng.choice(
            [f for f in self.master.facilities.values() if f.authority == person.authority]
        )
        self._visits += 1
        start = self.at(rng.randrange(6, 11), rng.randrange(60), days=-rng.randrange(0, 4) if letter in "IB" else 0)
        visit = Visit(
            number=f"V{self.tag}{self._visits:04d}",
            person=person,
            facility=facility,
            letter=letter,
            admitted_at=start,
            attending=rng.choice([p for p in self.master.practitioners if p.facility == facility.code]),
            place=("", "", ""),
            coverages=list(person.coverages),
            clock=start.replace(year=self.day.year, month=self.day.month, day=self.day.day),
        )
        visit.place = self.place(visit)
        return visit

    def place(self, visit: Visit, other_than: str = "") -> tuple[str, str, str]:
        """A point of care of the visit's facility, as the EHR calls it."""
        kinds = {"I": ("inpatient",), "B": ("obstetrics", "inpatient"), "E": ("emergency",), "O": ("outpatient",),
                 "R": ("recurring", "outpatient"), "P": ("inpatient",)}[visit.letter]  # fmt: skip
        units = [
            u.codes["EHR"]
            for u in self.master.units
            if u.facility == visit.facility.code and u.kind in kinds and "EHR" in u.codes
        ]
        unit = self.rng.choice([u for u in units if u != other_than] or units)
        if visit.letter in "OR":
            return (unit, "", "")
        return (unit, str(self.rng.randrange(100, 140)), self.rng.choice("AB"))

    def move(self, visit: Visit, place=None) -> None:
        visit.prior_place, visit.place = visit.place, place or self.place(visit, other_than=visit.place[0])

    def admissible(self) -> list[Person]:
        """300 patients, of whom the last 12 are second registrations of others."""
        facilities = list(self.master.facilities.values())
        weights = (45, 30, 25)
        return [self.people.person(self.rng.choices(facilities, weights)[0]) for _ in range(PATIENTS - PRIORS)]

    # -- the day -------------------------------------------------------------------------

    def messages(self) -> list[Message]:
        """Tell everything and put it into send order."""
        tell(self)
        refused_adt(self)
        self._resend()
        result = []
        for wave in (1, 2):
            for interface in INTERFACES:
                ordered = self._mix(self._streams[wave, interface])
                if interface == "lab-batch" and wave == 1:
                    ordered = refused_batch(self, ordered)
                start = len(result)
                result.extend(
                    Message(start + number, wave, interface, shard, raw, control, ack, error, facts, note)
                    for number, (shard, (raw, control, ack, error, facts, note)) in enumerate(ordered)
                )
        return result

    def be_late(self, person: Person) -> None:
        """Send the patient's ADT stream near the end of the day."""
        self._late.add(person.mrn)

    def _mix(self, streams: dict[str, list]) -> list[tuple[str, tuple]]:
        placed = []
        for shard, entries in streams.items():
            low = 0.9 if shard in self._late else 0.0
            moments = sorted(low + (1 - low) * self.rng.random() for _ in entries)
            placed.extend(
                (moment, shard, index, entry)
                for index, (moment, entry) in enumerate(zip(moments, entries, strict=True))
            )
        placed.sort(key=lambda p: p[:3])
        return [(shard, entry) for _moment, shard, _index, entry in placed]

    def _resend(self) -> None:
        """Resend some messages as they were, and some under their old control id with another body."""
        rng = self.rng
        for (wave, _interface), streams in self._streams.items():
            if wave != 1:
                continue
            for entries in streams.values():
                for entry in list(entries):
                    raw, control, ack, _error, facts, _note = entry
                    if ack not in ("AA", "CA") or not facts:
                        continue
                    draw = rng.random()
                    behind = rng.randrange(entries.index(entry) + 1, len(entries) + 1)
                    if draw < 0.04:
                        entries.insert(behind, (raw, control, ack, "", (), "duplicate"))
                    elif draw < 0.052:
                        refusal = "CE" if ack == "CA" else "AE"
                        entries.insert(behind, (_altered(raw), control, refusal, "205", (), "conflict"))


def _altered(raw: bytes) -> bytes:
    """Another body under the same control id, one that would do harm: charges turn into credits, visits end cancelled."""
    for old, new in (
        (b"|CG|", b"|CD|"),
        (b"ADT^A01^ADT_A01|", b"ADT^A11^ADT_A09|"),
        (b"ADT^A04^ADT_A01|", b"ADT^A11^ADT_A09|"),
        (b"PV1|1|I|", b"PV1|1|O|"),
    ):
        if old in raw:
            return raw.replace(old, new)
    return raw + b"ZZZ|1|ALTERED\r"
