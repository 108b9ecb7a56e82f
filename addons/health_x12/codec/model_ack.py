"""Shapes of the acknowledgements: TA1 and 999 (005010X231A1)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from .errors import Issue


@dataclass(frozen=True)
class InterchangeAcknowledgment:
    """TA1: what the partner says about an interchange that we sent.

    :ivar control_number: our ISA13
    :ivar status: ``A`` accepted, ``E`` accepted with errors, ``R`` rejected
    :ivar note: TA105, see :data:`.errors.NOTES`
    """

    control_number: str
    date: datetime.date | None
    time: str
    status: str
    note: str

    @property
    def accepted(self) -> bool:
        """Whether the partner took it."""
        return self.status in {"A", "E"}


@dataclass(frozen=True)
class SetAcknowledgment:
    """AK2 to IK5: what the partner says about one transaction set.

    :ivar control_number: our ST02
    :ivar status: ``A`` accepted, ``E`` accepted with errors, ``R`` rejected, ``M``/``W``/``X`` rejected for security
    :ivar codes: IK502 to IK506
    :ivar issues: IK3 and IK4 findings; their positions are segment numbers of the set that we sent
    """

    set_id: str
    control_number: str
    convention: str = ""
    status: str = ""
    codes: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the partner took it."""
        return self.status in {"A", "E"}


@dataclass(frozen=True)
class GroupAcknowledgment:
    """One 999: AK1, AK2…, AK9.

    :ivar code: our GS01
    :ivar control_number: our GS06
    :ivar status: ``A``, ``E``, ``P`` partly, ``R``, ``M``/``W``/``X``
    :ivar sets: those that the partner mentions; a set that is not mentioned has the group's status
    """

    code: str
    control_number: str
    version: str = ""
    status: str = ""
    included: int = 0
    received: int = 0
    accepted_sets: int = 0
    codes: tuple[str, ...] = ()
    sets: tuple[SetAcknowledgment, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the partner took all of it."""
        return self.status in {"A", "E"}
