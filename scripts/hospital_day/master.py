"""The demo hospital's master data, read from the files that the addon loads too."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "addons" / "health_suite" / "data"


@dataclass(frozen=True)
class Facility:
    code: str
    name: str
    company: str
    authority: str
    sending: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Unit:
    """A location; ``codes`` is what each source system calls it, without an entry where nothing is mapped."""

    code: str
    facility: str
    kind: str
    codes: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class Service:
    code: str
    name: str
    category: str
    list_price: Decimal
    billable: bool
    codes: dict[str, str] = field(hash=False)
    mapped: frozenset[str]


@dataclass(frozen=True)
class Payer:
    code: str
    name: str
    share: Decimal
    source: str


@dataclass(frozen=True)
class Practitioner:
    npi: str
    given: str
    family: str
    facility: str


@dataclass(frozen=True)
class Master:
    """Everything that both sides must agree on."""

    raw: dict
    facilities: dict[str, Facility]
    units: tuple[Unit, ...]
    services: dict[str, Service]
    payers: dict[str, Payer]
    practitioners: tuple[Practitioner, ...]

    def facility_of(self, system: str, sending: str) -> Facility | None:
        """Facility that ``system`` means by the code in MSH-4."""
        return next((f for f in self.facilities.values() if f.sending.get(system) == sending), None)

    def unit_of(self, system: str, code: str) -> Unit | None:
        """Location behind a source system's unit code, if its mapping is approved."""
        return next((u for u in self.units if u.codes.get(system) == code), None)

    def service_of(self, system: str, code: str) -> Service | None:
        """Service behind a source code, if its mapping is approved."""
        return next((s for s in self.services.values() if s.codes.get(system) == code and system in s.mapped), None)

    def payer_of(self, source: str) -> Payer | None:
        """Payer behind the EHR's payer code, if its mapping is approved."""
        return next((p for p in self.payers.values() if p.source == source), None)


@cache
def load() -> Master:
    """Read ``hospital.json`` and ``services.csv``."""
    raw = json.loads((DATA / "hospital.json").read_text(encoding="utf-8"))
    with (DATA / "services.csv").open(encoding="utf-8", newline="") as stream:
        services = {
            row["code"]: Service(
                code=row["code"],
                name=row["name"],
                category=row["category"],
                list_price=Decimal(row["list_price"]),
                billable=row["billable"] == "1",
                codes={
                    system: row[f"{system.lower()}_code"] for system in ("EHR", "LAB") if row[f"{system.lower()}_code"]
                },
                mapped=frozenset(system for system in ("EHR", "LAB") if row[f"{system.lower()}_mapped"] == "1"),
            )
            for row in csv.DictReader(stream)
        }
    return Master(
        raw=raw,
        facilities={f["code"]: Facility(**f) for f in raw["facilities"]},
        units=tuple(
            Unit(u["code"], u["facility"], u["kind"], {system: u[system] for system in ("EHR", "LAB") if u[system]})
            for u in raw["locations"]
        ),
        services=services,
        payers={
            p["code"]: Payer(p["code"], p["name"], Decimal(p["patient_share"]) / 100, p["EHR"]) for p in raw["payers"]
        },
        practitioners=tuple(
            Practitioner(npi, given, family, facility) for given, family, facility, npi in raw["practitioners"]
        ),
    )
