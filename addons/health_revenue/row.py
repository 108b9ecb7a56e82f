"""A charge in memory, and what a command does to it. Pure Python.

The intake folds commands onto rows and writes the rows once; the evaluation
reads rows, decides their states and writes them once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from . import states

#: What a command says about a charge; copied by an amendment.
CONTENT = (
    "message_id",
    "company_id",
    "facility_id",
    "visit_key",
    "encounter_id",
    "account_id",
    "service_code",
    "service_description",
    "service_date",
    "quantity",
    "unit_price",
    "amount",
    "price_source",
    "unit_code",
    "performer_id",
    "modifiers",
    "order_number",
    "diagnosis_codes",
    "fingerprint",
)

#: What the evaluation decides.
DECIDED = ("state", "quarantine_reason", "exception_id", "service_id", "location_id", "billing_blocked")

KEY = ("system_id", "transaction_id", "line")
COLUMNS = KEY + CONTENT + DECIDED


@dataclass(slots=True)
class Row:
    """Columns of ``health.charge``, and what the fold notes beside them.

    :ivar evaluate: the state is to be decided from the facts
    :ivar void: what may be on invoices is to be taken back
    :ivar blocker: ``(exception type, key, summary)`` while quarantined
    """

    system_id: int
    transaction_id: str
    line: int
    message_id: int | None = None
    company_id: int = 0
    facility_id: int = 0
    visit_key: str | None = None
    encounter_id: int | None = None
    account_id: int | None = None
    service_code: str = ""
    service_description: str | None = None
    service_date: date | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    amount: Decimal = Decimal(0)
    price_source: str = "list"
    unit_code: str | None = None
    performer_id: int | None = None
    modifiers: str | None = None
    order_number: str | None = None
    diagnosis_codes: str | None = None
    fingerprint: str | None = None
    state: str = states.CAPTURED
    quarantine_reason: str | None = None
    exception_id: int | None = None
    service_id: int | None = None
    location_id: int | None = None
    billing_blocked: bool = False
    id: int | None = None
    evaluate: bool = False
    void: bool = False
    changed: bool = False
    blocker: tuple | None = None
    released: set = field(default_factory=set)

    @property
    def key(self) -> tuple[int, str, int]:
        return self.system_id, self.transaction_id, self.line

    def quarantine(self, reason: str, blocker: tuple) -> None:
        """Hold the charge until a person or a mapping clears ``reason``."""
        self._leave()
        self.state, self.quarantine_reason, self.blocker = states.QUARANTINED, reason, blocker

    def settle(self, state: str) -> None:
        """Put the charge into a state that waits for nobody."""
        self._leave()
        self.state, self.quarantine_reason, self.blocker = state, None, None

    def _leave(self) -> None:
        if self.exception_id:
            self.released.add(self.exception_id)
        self.exception_id = None
        self.changed = True


def fold(row: Row | None, said: Row, action: str, awaits: tuple) -> Row:
    """Apply one command to the charge of its key (business rule 6).

    Same content again has no effect; other content amends; a credit reverses;
    a credit of a charge that never came waits for it, and the charge that then
    comes is reversed at once.

    :param row: the charge as it stands, or None when the key is new
    :param said: what the command says
    :param action: ``charge`` or ``credit``
    :param awaits: blocker of a credit whose charge never came
    :return: the charge as it stands now
    """
    if action == "credit":
        if row is None:
            said.quarantine(states.UNKNOWN_ORIGINAL, awaits)
            return said
        if row.state != states.REVERSED and row.quarantine_reason != states.UNKNOWN_ORIGINAL:
            row.void = row.id is not None
            row.evaluate = False
            row.settle(states.REVERSED)
        return row

    if row is None:
        said.evaluate = said.changed = True
        return said
    if row.quarantine_reason == states.UNKNOWN_ORIGINAL:
        _take(row, said)
        row.settle(states.REVERSED)
        return row
    if row.fingerprint == said.fingerprint:
        return row
    row.void = row.id is not None
    _take(row, said)
    row.evaluate = True
    return row


def _take(row: Row, said: Row) -> None:
    for name in CONTENT:
        setattr(row, name, getattr(said, name))
    row.service_id = row.location_id = None
    row.billing_blocked = False
    row.changed = True
