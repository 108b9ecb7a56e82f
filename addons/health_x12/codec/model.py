"""Shapes that several transactions share: domain-neutral, frozen, amounts as ``Decimal``.

Frozen dataclasses, not pydantic models: everything was checked by the codec before it is put
here, thousands are built per file, and the addons above must not need another library for them.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_new, _set = object.__new__, object.__setattr__


def build(cls: type, values: dict[str, Any]):
    """An instance of a frozen dataclass with these values; fields left out keep their default.

    The same as calling the class, several times faster: it matters for remittances.

    :param values: becomes the instance's own; do not use it any more
    """
    made = _new(cls)
    _set(made, "__dict__", values)
    return made


@dataclass(frozen=True)
class Address:
    """N3 and N4."""

    line: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True)
class Contact:
    """PER: a name and up to three ways to reach it."""

    name: str = ""
    telephone: str = ""
    extension: str = ""
    email: str = ""
    fax: str = ""


@dataclass(frozen=True)
class Party:
    """A person or organization (NM1, or N1 where only organizations are).

    :ivar name: last name of a person, name of an organization
    :ivar identifier_type: NM108, e.g. ``XX`` NPI, ``MI`` member, ``PI`` payer, ``46`` submitter, ``FI`` tax number
    :ivar references: REF pairs of qualifier and value
    """

    name: str = ""
    first_name: str = ""
    middle_name: str = ""
    suffix: str = ""
    person: bool = False
    identifier_type: str = ""
    identifier: str = ""
    entity: str = ""
    address: Address | None = None
    references: tuple[tuple[str, str], ...] = ()
    taxonomy: str = ""
    contact: Contact | None = None
    birth_date: datetime.date | None = None
    gender: str = ""


@dataclass(frozen=True)
class Adjustment:
    """One group, reason, amount triplet of a CAS segment (X221 2.2.4; codes of CARC list)."""

    group: str
    reason: str
    amount: Decimal
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Envelope:
    """Who sends what to whom under which numbers: ISA and GS of an outgoing file.

    :ivar control_number: ISA13, up to nine digits, never used twice for the same partner
    :ivar group_control_number: GS06; 0 takes the interchange's
    :ivar usage: ``P`` production, ``T`` test
    """

    sender: str
    receiver: str
    control_number: int
    when: datetime.datetime
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    group_sender: str = ""
    group_receiver: str = ""
    group_control_number: int = 0
    usage: str = "P"
    acknowledgment_requested: bool = True
