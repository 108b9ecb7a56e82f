"""Read authorization answers (278 response, 005010X217)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .document import TransactionSet
from .errors import ELEMENT, refuse
from .model import Party
from .model_authorization import AuthorizationAnswer, AuthorizedService
from .model_eligibility import Rejection
from .names import described, party
from .tree import Level, levels, padded
from .values import number, period


def read_authorization(transaction: TransactionSet) -> Iterator[AuthorizationAnswer]:
    """One answer per patient event; a level above that is refused (AAA) is one, too.

    :raises X12Error: a number that is none, a level without its parent
    """
    reader = _Reader(transaction)
    for level in levels(transaction, []):
        yield from reader.read(level)
    if (last := reader.finish()) is not None:
        yield last


class _Reader:
    """Keeps the parties above and the event that is open; services follow their event."""

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._parties: dict[int, Party] = {}
        self._event: dict | None = None

    def finish(self) -> AuthorizationAnswer | None:
        """The event that was open."""
        event, self._event = self._event, None
        return AuthorizationAnswer(**event) if event is not None else None

    def read(self, level: Level) -> Iterator[AuthorizationAnswer]:
        """Take one level; gives the event that it ends, and the level itself where it is refused."""
        if level.code == "SS":
            if self._event is not None:
                service = AuthorizedService(**self._service(level))
                self._event["services"] = (*self._event.get("services", ()), service)
            return
        if (done := self.finish()) is not None:
            yield done
        values = self._level(level)
        if level.code == "EV":
            above = {"payer": "20", "requester": "21", "subscriber": "22", "dependent": "23"}
            self._event = {**values, **{role: self._above(level, code) for role, code in above.items()}}
        elif values.get("rejections"):
            yield AuthorizationAnswer(
                rejections=values["rejections"], payer=self._above(level, "20"), requester=self._above(level, "21"),
                subscriber=self._above(level, "22"), dependent=self._above(level, "23"),
                trace_numbers=values.get("trace_numbers", ()),
            )  # fmt: skip

    def _above(self, level: Level, code: str) -> Party | None:
        found = level.up(code)
        return self._parties.get(id(found)) if found else None

    def _number(self, values: list[str], at: int, element: int) -> Decimal | None:
        if not values[element]:
            return None
        found = number(values[element])
        if found is None:
            where = {"segment": values[0], "position": at, "number": self._set.start + at - 1, "element": element}
            raise refuse(ELEMENT, "6", **where)
        return found

    def _level(self, level: Level) -> dict:
        found: dict = {}
        person: Party | None = None
        for at, segment in enumerate(level.segments, level.start + 1):
            name = segment[0]
            values = padded(segment)
            if name == "NM1" and person is None:
                person = party(segment)
            elif name == "TRN":
                found["trace_numbers"] = (*found.get("trace_numbers", ()), (values[2], values[3]))
            elif name == "AAA":
                rejection = Rejection(level.code, values[3], values[4], at)
                found["rejections"] = (*found.get("rejections", ()), rejection)
            elif name == "HCR":
                found |= {"decision": values[1], "authorization": values[2], "reason": values[3]}
            elif name == "DTP":
                self._dates(found, values)
            elif name == "HSD":
                found["units"] = self._number(values, at, 2)
            elif name == "MSG":
                found["messages"] = (*found.get("messages", ()), values[1])
            elif name == "REF" and level.code == "EV":
                found["references"] = (*found.get("references", ()), (values[1], values[2]))
            elif person:
                person = described(person, segment)
        if person:
            self._parties[id(level)] = person
        return found

    @staticmethod
    def _dates(found: dict, values: list[str]) -> None:
        """DTP: 435 admission, AAH event, 007 and 036 certification, 102 issue."""
        first, last = period(values[2], values[3])
        if values[1] == "007":
            found["valid_from"], found["valid_to"] = first, last
        elif values[1] == "036":
            found["valid_to"] = last
        elif values[1] == "102":
            found["issued"] = first
        elif values[1] in {"AAH", "435"} and "valid_from" not in found:
            found["valid_from"], found["valid_to"] = first, last

    def _service(self, level: Level) -> dict:
        """A service level."""
        found: dict = {"code": ""}
        for at, segment in enumerate(level.segments, level.start + 1):
            name = segment[0]
            values = padded(segment)
            if name in {"SV1", "SV2"}:
                element = 1 if name == "SV1" else 2
                code = [*values[element].split(self._set.delimiters.component), "", ""]
                found |= {
                    "code_type": code[0], "code": code[1], "modifiers": tuple(each for each in code[2:6] if each),
                    "charge": self._number(values, at, element + 1), "units": self._number(values, at, element + 3),
                }  # fmt: skip
                found["unit_type"] = values[element + 2] or "UN"
            elif name == "HSD":
                found["units"] = self._number(values, at, 2)
            elif name == "HCR":
                found |= {"decision": values[1], "authorization": values[2], "reason": values[3]}
            elif name == "TRN":
                found["trace_number"] = values[2]
            elif name == "DTP":
                found["date_from"], found["date_to"] = period(values[2], values[3])
            elif name == "AAA":
                rejection = Rejection(level.code, values[3], values[4], at)
                found["rejections"] = (*found.get("rejections", ()), rejection)
            elif name == "NM1" and "provider" not in found:
                found["provider"] = party(segment)
        return found
