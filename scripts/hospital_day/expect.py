"""The end state that a day must lead to, by the business rules and without any part of the addons.

``rules.World`` applies the facts of messages one by one, in whatever order they
come, and bills whenever it is told to. :func:`expected` plays a day through
it; the tests play it in other orders too, to prove that the day has one end.

The result is made of plain dicts, keyed by what a partner knows (identifiers,
visit numbers, transaction ids), to be compared record by record:

``accounts``
    identifier -> identifiers that share its living account, accounts merged into it, demographics
``encounters``
    ``FACILITY:number`` -> account, class, status, times, locations, coverages
``charges``
    ``SYSTEM:transaction/line`` -> state, reason, facility, date, quantity, amount, encounter
``invoices``
    ``FACILITY:number|debtor|day`` -> total, number of lines, amount per cost center
``ledger``
    ``FACILITY|day`` -> captured, open, charged, quarantined, non_billable, reversed
``exceptions``
    type -> source codes (mappings, facilities) or how many (visits, originals, identifiers)
``messages``
    state -> how many messages that the door accepted
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from .message import Message
from .rules import Account, Charge, Encounter, World, cents


class Hospital(World):
    """A world whose end can be read."""

    def state(self) -> dict:
        """Everything, as plain dicts."""
        return {
            "accounts": self._accounts(),
            "encounters": {encounter.key: self._encounter(encounter) for encounter in self.encounters.values()},
            "charges": {f"{s}:{t}/{n}": self._charge_state(charge) for (s, t, n), charge in self.charges.items()},
            "invoices": self._invoices(),
            "ledger": self._ledger(),
            "exceptions": self._exceptions(),
            "messages": dict(self.messages),
            "captures": self.captures,
        }

    def _accounts(self) -> dict:
        families = defaultdict(list)
        for account in self.accounts:
            families[id(account.living())].append(account)
        result = {}
        for family in families.values():
            identifiers = sorted("|".join(i) for account in family for i in account.identifiers)
            person = family[0].living().person
            for identifier in identifiers:
                result[identifier] = {"identifiers": identifiers, "merged": len(family) - 1, **person}
        return result

    def _name(self, account: Account) -> str:
        living = account.living()
        return min("|".join(i) for a in self.accounts if a.living() is living for i in a.identifiers)

    def _encounter(self, encounter: Encounter) -> dict:
        return {
            "account": self._name(encounter.account),
            "class": encounter.klass,
            "status": encounter.status,
            "admitted_at": _stamp(encounter.admitted_at),
            "discharged_at": _stamp(encounter.discharged_at),
            "places": [label for _unit, label in encounter.places],
            "coverages": [
                {
                    "priority": c["priority"],
                    "payer": payer.code if (payer := self.master.payer_of(c["payer"])) else "",
                    "source": c["payer"],
                    "member": c["member"],
                    "quarantined": payer is None,
                }
                for c in encounter.coverages
            ],
        }

    def _charge_state(self, charge: Charge) -> dict:
        # What a list-priced charge would cost is not known while it never got as far as its service.
        known = charge.said["amount"] is not None or charge.said["unit_price"] is not None
        amount = charge.amount if known or charge.state in ("captured", "charged", "non_billable") else None
        # Nor need a charge that was taken back ever have met its visit.
        settled = charge.state == "reversed" or charge.reason == "unknown_original"
        encounter = None if settled else self.encounters.get(charge.visit)
        return {
            "state": charge.state,
            "reason": charge.reason,
            "facility": charge.facility,
            "date": charge.said["date"],
            "quantity": str(Decimal(charge.said["quantity"]).normalize()),
            "amount": None if amount is None else str(cents(amount)),
            "encounter": encounter.key if encounter else "",
        }

    def _invoices(self) -> dict:
        result: dict = {}
        for charge in self.charges.values():
            for debtor, day, amount in charge.parts:
                key = f"{charge.visit[0]}:{charge.visit[1]}|{debtor}|{day}"
                entry = result.setdefault(key, {"total": Decimal(0), "lines": 0, "centers": defaultdict(Decimal)})
                entry["total"] += amount
                entry["lines"] += 1
                entry["centers"][charge.center] += amount
        return {
            key: {
                "total": str(entry["total"]),
                "lines": entry["lines"],
                "centers": {center: str(amount) for center, amount in sorted(entry["centers"].items())},
            }
            for key, entry in result.items()
        }

    def _ledger(self) -> dict:
        names = {"captured": "open"}
        result = {}
        for (facility, day), keys in self.captured.items():
            counts = Counter(names.get(state, state) for state in (self.charges[key].state for key in keys))
            result[f"{facility}|{day}"] = {
                "captured": len(keys),
                **{name: counts[name] for name in ("open", "charged", "quarantined", "non_billable", "reversed")},
            }
        return result

    def _exceptions(self) -> dict:
        """Open exceptions at the end: those of messages, and of charges that still wait."""
        result = {kind: set(keys) for kind, keys in self.exceptions.items()}
        for key, charge in self.charges.items():
            if charge.state != "quarantined":
                continue
            system = charge.said["system"]
            kind, name = {
                "visit": ("unknown_visit", charge.visit),
                "service": ("unmapped_service", f"{system}:{charge.said['service']}"),
                "location": ("unmapped_location", f"{system}:{charge.said['unit']}"),
                "payer": ("unmapped_payer", None),
                "unknown_original": ("unknown_original", key),
            }[charge.reason]
            if name:
                result.setdefault(kind, set()).add(name)
        counted = ("unknown_visit", "unknown_original", "identifier_conflict")
        return {kind: len(keys) if kind in counted else sorted(keys) for kind, keys in sorted(result.items())}


def _stamp(value: datetime | None) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S") if value else ""


def expected(messages: Iterable[Message], today: date | None = None) -> dict:
    """End state of these messages: per wave all of ADT, then all charges, then billing.

    :param today: the date on which they are played, default the day after the latest service date
    """
    messages = list(messages)
    if today is None:
        days = [line["date"] for m in messages for f in m.facts for line in f.get("charges", ())]
        today = date.fromordinal(date.fromisoformat(max(days, default="2000-01-01")).toordinal() + 1)
    world = Hospital(today)
    for wave in (1, 2):
        for message in messages:
            if message.wave == wave:
                world.receive(message)
        world.bill()
    return world.state()


def counts(state: dict) -> dict:
    """The figures that one looks at first."""
    states = Counter(charge["state"] for charge in state["charges"].values())
    return {
        "processed": state["messages"].get("done", 0),
        "quarantined": state["messages"].get("quarantined", 0),
        "accounts": len({tuple(account["identifiers"]) for account in state["accounts"].values()}),
        "encounters": len(state["encounters"]),
        "charges": len(state["charges"]),
        "charges_open": states["captured"],
        "charges_quarantined": states["quarantined"],
        "charges_reversed": states["reversed"],
        "draft_invoices": len(state["invoices"]),
    }
