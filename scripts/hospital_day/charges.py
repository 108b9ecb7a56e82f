"""What is charged in a visit: lines, repetitions, amendments and credits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from .master import Master, Service
from .world import Visit

#: Categories that a kind of visit draws from.
CATEGORIES = {
    "I": ("Accommodation", "Imaging", "Procedures", "Pharmacy", "Supplies", "Therapy", "Visits"),
    "B": ("Accommodation", "Procedures", "Pharmacy", "Supplies"),
    "E": ("Visits", "Imaging", "Procedures", "Pharmacy", "Supplies"),
    "O": ("Visits", "Imaging", "Procedures", "Therapy"),
    "R": ("Therapy", "Procedures", "Pharmacy"),
}
QUANTITIES = ("1", "1", "1", "1", "2", "3", "0.5", "4", "1.5")


class Cashier:
    """Draws charge lines; transaction numbers of the two systems collide on purpose."""

    def __init__(self, master: Master, rng: Random, tag: str):
        self.master = master
        self.rng = rng
        self.tag = tag
        self._next = {"EHR": 0, "LAB": 0}
        services = sorted(master.services.values(), key=lambda s: s.code)
        self._clean = {system: [s for s in services if system in s.mapped and s.billable] for system in ("EHR", "LAB")}
        self.unmapped = {
            system: [s for s in services if s.codes.get(system) and system not in s.mapped] for system in ("EHR", "LAB")
        }
        self.courtesy = [s for s in services if not s.billable]
        self._categories = {}
        for service in self._clean["EHR"]:
            self._categories.setdefault(service.category, []).append(service)
        self._laboratory = self._clean["LAB"]

    def transaction(self, system: str) -> str:
        """The next transaction number of a system."""
        self._next[system] += 1
        return f"T{self.tag}{self._next[system]:05d}"

    def line(
        self, system: str, visit: Visit, day: date, *, service: Service | None = None, unit: str | None = None
    ) -> dict:
        """One charge that nothing is wrong with.

        :param unit: source code of the location to say; ``None`` draws one of the facility or none
        """
        rng = self.rng
        if service is None:
            if system == "LAB":
                service = rng.choice(self._laboratory)
            else:
                service = rng.choice(self._categories[rng.choice(CATEGORIES[visit.letter])])
        if unit is None:
            units = [
                u.codes[system] for u in self.master.units if u.facility == visit.facility.code and system in u.codes
            ]
            unit = rng.choice(units) if rng.random() < 0.4 else ""
        quantity = rng.choice(QUANTITIES)
        style = rng.random()
        unit_price = amount = None
        if style < 0.65 and service.billable:
            unit_price = service.list_price * rng.choice((Decimal("1"), Decimal("1.075"), Decimal("0.95")))
            unit_price = unit_price.quantize(Decimal("0.001")).normalize()
            unit_price = Decimal(f"{unit_price:f}")
            if style < 0.4:
                amount = (unit_price * Decimal(quantity)).quantize(Decimal("0.01"))
        return {
            "transaction": self.transaction(system),
            "action": "charge",
            "service": service.codes[system],
            "description": service.name,
            "date": day.isoformat(),
            "quantity": quantity,
            "unit_price": None if unit_price is None else str(unit_price),
            "amount": None if amount is None else str(amount),
            "unit": unit,
            "order": f"O{self.tag}{rng.randrange(10**6):06d}" if rng.random() < 0.5 else "",
            "modifier": rng.choice(("LT", "RT", "59")) if rng.random() < 0.1 else "",
        }

    def lines(self, system: str, visit: Visit, day: date) -> list[dict]:
        """One to four charges of one message; sometimes two of them are lines of one transaction."""
        lines = [self.line(system, visit, day) for _ in range(self.rng.choices((1, 2, 3, 4), (40, 30, 20, 10))[0])]
        if len(lines) > 1 and self.rng.random() < 0.25:
            lines[1]["transaction"] = lines[0]["transaction"]
        return lines

    def amended(self, lines: list[dict]) -> list[dict]:
        """The same lines with another quantity in the last one."""
        last = dict(lines[-1])
        last["quantity"] = str(Decimal(last["quantity"]) + 1)
        if last["amount"] is not None:
            last["amount"] = str((Decimal(last["unit_price"]) * Decimal(last["quantity"])).quantize(Decimal("0.01")))
        return [*lines[:-1], last]

    @staticmethod
    def credited(lines: list[dict]) -> list[dict]:
        """The credits of these lines."""
        return [{**line, "action": "credit"} for line in lines]
