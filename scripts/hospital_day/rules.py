"""The business rules, applied to facts one by one: an independent model of what the addons must do."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from . import master
from .message import Message

CENT = Decimal("0.01")
DAILY = ("outpatient", "recurring")
STARTED = ("admit", "register", "change_class")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Account:
    identifiers: set[tuple[str, str, str]]
    person: dict = field(default_factory=dict)
    merged_into: Account | None = None

    def living(self) -> Account:
        account = self
        while account.merged_into:
            account = account.merged_into
        return account


@dataclass
class Encounter:
    facility: str
    number: str
    account: Account
    status: str = "in_progress"
    klass: str = ""
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    places: list[tuple[str, str]] = field(default_factory=list)
    coverages: list[dict] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.facility}:{self.number}"


@dataclass
class Charge:
    said: dict
    facility: str
    visit: tuple[str, str]
    state: str = "captured"
    reason: str = ""
    amount: Decimal | None = None
    parts: list[tuple[str, str, Decimal]] = field(default_factory=list)
    center: str = ""


class World:
    """Patients, visits and charges as they stand.

    :param today: outpatient days before it are billed
    """

    def __init__(self, today: date):
        self.master = master.load()
        self.today = today
        self.accounts: list[Account] = []
        self.by_identifier: dict[tuple, Account] = {}
        self.encounters: dict[tuple[str, str], Encounter] = {}
        self.charges: dict[tuple, Charge] = {}
        self.captured: dict[tuple[str, str], set] = defaultdict(set)
        self.captures = 0
        self.exceptions: dict[str, set] = defaultdict(set)
        self.messages: Counter = Counter()

    def receive(self, message: Message) -> None:
        """Apply one message that the door acknowledged; repetitions and refused ones say nothing."""
        for fact in message.facts:
            self.messages["quarantined" if self._apply(fact) else "done"] += 1

    def _apply(self, fact: dict) -> bool:
        """Apply one fact; True when a person must look at the whole message."""
        system = fact.get("system", "EHR")
        facility = self.master.facility_of(system, fact["sending"])
        if facility is None:
            self.exceptions["unknown_facility"].add(f"{system}:{fact['sending']}")
            return True
        if fact["kind"] == "charges":
            for line in fact["charges"]:
                self._charge(system, facility.code, fact["visit"], line)
            return False
        if fact["kind"] == "merge":
            for survivor, prior, person in fact["pairs"]:
                self._merge(survivor, prior, person)
            return False
        matches = self._matches(fact["ids"])
        if len(matches) > 1:
            self.exceptions["identifier_conflict"].add(tuple(sorted(map(tuple, fact["ids"]))))
            return True
        account = self._account(fact["ids"])
        account.person.update(fact["person"])
        self._coverage_exceptions(fact["coverages"])
        if fact["kind"] == "visit":
            self._visit(fact, facility.code, account)
        return False

    # -- patients -----------------------------------------------------------------

    def _matches(self, identifiers) -> list[Account]:
        found = []
        for identifier in identifiers:
            account = self.by_identifier.get(tuple(identifier))
            if account and account.living() not in found:
                found.append(account.living())
        return found

    def _account(self, identifiers) -> Account:
        """Rule 2: the account of any of the identifiers, or a new one."""
        account = next(iter(self._matches(identifiers)), None)
        if account is None:
            account = Account(set())
            self.accounts.append(account)
        for identifier in map(tuple, identifiers):
            if identifier not in self.by_identifier:
                account.identifiers.add(identifier)
                self.by_identifier[identifier] = account
        return account

    def _merge(self, survivor_ids, prior_ids, person) -> None:
        """Rule 11; an unknown side is created, for its own messages may still be under way."""
        survivor, prior = self._account(survivor_ids), self._account(prior_ids)
        survivor.person.update(person)
        if survivor is prior:
            return
        prior.merged_into = survivor
        survivor.person = {**prior.person, **survivor.person}
        for encounter in self.encounters.values():
            encounter.account = encounter.account.living()

    def _coverage_exceptions(self, coverages) -> None:
        for coverage in coverages or ():
            if not self.master.payer_of(coverage["payer"]):
                self.exceptions["unmapped_payer"].add(f"EHR:{coverage['payer']}")

    # -- visits -----------------------------------------------------------------------

    def _visit(self, fact: dict, facility: str, account: Account) -> None:
        key = (facility, fact["visit"])
        encounter = self.encounters.get(key)
        arrived = encounter is None
        if encounter is None:
            encounter = self.encounters[key] = Encounter(*key, account, status="")
        before = encounter.status
        encounter.status = self._status(encounter, fact)
        if fact["event"] == "cancel_discharge":
            encounter.discharged_at = None
        encounter.klass = self._class(encounter, fact)
        encounter.admitted_at = fact["admitted_at"] or encounter.admitted_at
        encounter.discharged_at = fact["discharged_at"] or encounter.discharged_at
        place = (fact["unit"], fact["label"])
        if fact["event"] == "cancel_transfer" and len(encounter.places) > 1:
            encounter.places.pop()
        if not encounter.places or encounter.places[-1] != place:
            encounter.places.append(place)
        if fact["coverages"] is not None:
            encounter.coverages = sorted(fact["coverages"], key=lambda c: c["priority"])
        if arrived or "cancelled" in (before, encounter.status):
            for charge in self.charges.values():
                if (
                    charge.visit == key
                    and charge.state in ("quarantined", "captured")
                    and charge.reason != "unknown_original"
                ):
                    self._evaluate(charge)

    @staticmethod
    def _status(encounter: Encounter, fact: dict) -> str:
        """Rule 3. An admission that arrives after the discharge it precedes does not reopen the visit."""
        event, status = fact["event"], encounter.status
        if event == "preadmit":
            return "planned"
        if event == "discharge":
            return "finished"
        if event == "cancel_admit":
            return "cancelled"
        if event == "cancel_discharge":
            return "in_progress"
        if event in STARTED and not (
            status == "finished" and encounter.discharged_at and fact["at"] <= encounter.discharged_at
        ):
            return "in_progress"
        return status or "in_progress"

    @staticmethod
    def _class(encounter: Encounter, fact: dict) -> str:
        return fact["class"] or encounter.klass

    # -- charges ------------------------------------------------------------------------

    def _charge(self, system: str, facility: str, visit: str, line: dict) -> None:
        """Rules 6 and 8."""
        key = (system, line["transaction"], line["line"])
        self.captured[facility, line["date"]].add(key)
        self.captures += 1
        said = {
            name: line[name]
            for name in ("service", "date", "quantity", "unit_price", "amount", "unit", "order", "modifier")
        }
        said["system"] = system
        charge = self.charges.get(key)
        if line["action"] == "credit":
            if charge is None:
                amount = self._amount(said, None)
                self.charges[key] = Charge(said, facility, (facility, visit), "quarantined", "unknown_original", amount)
            elif charge.reason != "unknown_original":
                charge.state, charge.reason, charge.parts = "reversed", "", []
            return
        if charge is None:
            charge = self.charges[key] = Charge(said, facility, (facility, visit))
        elif charge.said == said:
            return
        else:
            charge.said, charge.parts = said, []
        self._evaluate(charge)

    def _evaluate(self, charge: Charge) -> None:
        """Rules 7 and 9."""
        said, encounter = charge.said, self.encounters.get(charge.visit)
        service = self.master.service_of(said["system"], said["service"])
        charge.reason = ""
        if encounter is None or encounter.status == "cancelled":
            charge.reason = "visit"
        elif service is None:
            charge.reason = "service"
        elif said["unit"] and not self.master.unit_of(said["system"], said["unit"]):
            charge.reason = "location"
        elif encounter.coverages and not self.master.payer_of(encounter.coverages[0]["payer"]):
            charge.reason = "payer"
        charge.amount = self._amount(said, service)
        if charge.reason:
            charge.state = "quarantined"
        else:
            charge.state = "captured" if service.billable else "non_billable"

    @staticmethod
    def _amount(said: dict, service) -> Decimal | None:
        quantity = Decimal(said["quantity"])
        if said["amount"] is not None:
            return cents(Decimal(said["amount"]))
        if said["unit_price"] is not None:
            return cents(Decimal(said["unit_price"]) * quantity)
        return cents(service.list_price * quantity) if service else None

    # -- billing -----------------------------------------------------------------------------

    def bill(self) -> None:
        """Rule 10: put what is due on draft invoices."""
        for charge in self.charges.values():
            encounter = self.encounters.get(charge.visit)
            if charge.state != "captured" or encounter is None:
                continue
            daily = encounter.klass in DAILY
            past = date.fromisoformat(charge.said["date"]) < self.today
            if not (encounter.status == "finished" or (daily and past)):
                continue
            day = charge.said["date"] if daily else ""
            payer = self.master.payer_of(encounter.coverages[0]["payer"]) if encounter.coverages else None
            patient = cents(charge.amount * payer.share) if payer else charge.amount
            parts = [("patient", day, patient)]
            if payer:
                parts.append((f"payer {payer.code}", day, charge.amount - patient))
            charge.parts = [part for part in parts if part[2]]
            charge.center = self._center(charge, encounter)
            charge.state = "charged"

    def _center(self, charge: Charge, encounter: Encounter) -> str:
        """Cost center: of the charge's location, else of where the patient is, else of the facility."""
        unit = self.master.unit_of(charge.said["system"], charge.said["unit"]) if charge.said["unit"] else None
        unit = unit or self.master.unit_of("EHR", encounter.places[-1][0])
        return unit.code if unit else encounter.facility
