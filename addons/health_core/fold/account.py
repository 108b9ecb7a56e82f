"""A patient account in memory, while a batch of commands is folded onto it."""

from dataclasses import dataclass, field
from typing import Any

#: Person attribute -> column
PERSON_COLUMNS = {
    "family": "family",
    "given": "given",
    "middle": "middle",
    "birth_date": "birth_date",
    "sex": "sex",
    "street": "street",
    "city": "city",
    "state": "state_code",
    "zip": "zip",
    "country": "country_code",
    "phone": "phone",
    "email": "email",
}
_PAIRS = tuple(PERSON_COLUMNS.items())


def person_values(person) -> dict[str, Any]:
    """Return the columns that a Person says something about; a deleted one is ``None``."""
    values = {}
    for attribute, column in _PAIRS:
        value = getattr(person, attribute)
        if value is not None:
            values[column] = value or None
    return values


@dataclass(slots=True)
class Coverage:
    """One insurance of an account; ``stored`` is what the database holds, ``None`` when new."""

    id: int | None
    key: tuple
    values: dict[str, Any]
    stored: dict[str, Any] | None = None

    @property
    def changed(self) -> bool:
        return self.values != self.stored


@dataclass(slots=True, eq=False)
class Account:
    """A living account: ``values`` are its demographics as folded so far."""

    id: int | None
    values: dict[str, Any]
    company_id: int | None
    stored: tuple[dict, int | None] | None = None
    coverages: dict[tuple, Coverage] = field(default_factory=dict)
    new_identifiers: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return self.stored is None or self.stored != (self.values, self.company_id)

    def seen_by(self, company_id: int) -> None:
        """Note that a facility of this company treats the patient; two companies share the account."""
        if self.company_id and self.company_id != company_id:
            self.company_id = None


def coverage_values(data, payer_id: int | None, former: dict[str, Any] | None) -> dict[str, Any]:
    """Return the columns of a coverage after ``data`` was said about it.

    A payer that is known already stays when the code no longer resolves.
    """
    values = dict(former) if former else dict.fromkeys(COVERAGE_COLUMNS)
    values["priority"] = data.priority
    for name in ("payer_name", "plan_code", "group_number", "relationship", "valid_from", "valid_to"):
        value = getattr(data, name)
        if value is not None:
            values[name] = value or None
    values["payer_id"] = payer_id or values["payer_id"]
    values["state"] = "active" if values["payer_id"] else "quarantined"
    return values


COVERAGE_COLUMNS = (
    "state",
    "priority",
    "payer_id",
    "payer_name",
    "plan_code",
    "group_number",
    "relationship",
    "valid_from",
    "valid_to",
)
