"""Making up patients, deterministically."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from . import names
from .master import Facility, Master
from .world import Person

PATIENTS = 300
PRIORS = 12


class Registry:
    """Draws people and their numbers; every number carries the day, so that days never mix.

    :param tag: digits that stand for the day
    """

    def __init__(self, master: Master, rng: Random, day: date, tag: str):
        self.master = master
        self.rng = rng
        self.day = day
        self.tag = tag
        self._families = list(names.FAMILIES)
        rng.shuffle(self._families)
        self._mrn = 0

    def number(self) -> str:
        """The next medical record number."""
        self._mrn += 1
        return f"{self.tag}{self._mrn:04d}"

    def person(self, facility: Facility) -> Person:
        """A new patient of a facility."""
        rng = self.rng
        sex = rng.choice("FM")
        mrn = self.number()
        given = names.FEMALE if sex == "F" else names.MALE
        person = Person(
            mrn=mrn,
            authority=facility.authority,
            family=self._families[self._mrn % len(self._families)],
            given=rng.choice(given),
            middle=rng.choice(("", "", "", "Léonie" if sex == "F" else "Jürgen")),
            birth_date=self.day - timedelta(days=rng.randrange(200, 33000)),
            sex=sex,
            street=f"{rng.randrange(1, 9900)} {rng.choice(names.STREETS)}",
            city=rng.choice(names.CITIES),
            phone=f"555{rng.randrange(1000000, 9999999)}",
            national=f"NH{mrn}" if rng.random() < 0.3 else "",
        )
        person.coverages = self.coverages(person)
        return person

    def twin(self, person: Person) -> Person:
        """The same human registered a second time under another number."""
        return Person(
            mrn=self.number(),
            authority=person.authority,
            family=person.family,
            given=person.given,
            middle=person.middle,
            birth_date=person.birth_date,
            sex=person.sex,
            street=person.street,
            city=person.city,
            phone=person.phone,
            coverages=self.coverages(person),
        )

    def coverages(self, person: Person) -> list[dict]:
        """Zero to two insurances with known payers."""
        count = self.rng.choices((0, 1, 2), (12, 70, 18))[0]
        payers = self.rng.sample(sorted(self.master.payers.values(), key=lambda p: p.code), count)
        return [
            self.coverage(person, payer.source, payer.name, priority) for priority, payer in enumerate(payers, start=1)
        ]

    def unknown_coverage(self, person: Person, priority: int = 1) -> dict:
        """An insurance with a payer that nobody has mapped."""
        unknown = self.master.raw["unknown_payer"]
        return self.coverage(person, unknown["EHR"], unknown["name"], priority)

    def coverage(self, person: Person, code: str, name: str, priority: int) -> dict:
        return {
            "priority": priority,
            "payer": code,
            "name": name,
            "plan": f"{code[:3]}STD",
            "group": f"G{self.rng.randrange(100, 999)}",
            "from": f"{self.day.year}0101",
            "member": f"{code[:3]}{person.mrn}{priority}",
        }
