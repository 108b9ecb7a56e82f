"""Common ground of all canonical contracts: configuration and field types."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Contract(BaseModel):
    """Immutable value; unknown fields are refused and errors never show the input.

    ``hide_input_in_errors`` keeps patient data out of the text of a
    ``pydantic.ValidationError``; callers may log its ``loc`` and ``type`` only.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )


def _to_utc(value: datetime) -> datetime:
    """Return the instant as a naive UTC datetime with whole seconds, as Odoo stores it."""
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.replace(microsecond=0) if value.microsecond else value


#: An instant in UTC, naive, whole seconds.
Instant = Annotated[datetime, AfterValidator(_to_utc)]

#: A code of a coding system or of a partner's table.
Code = Annotated[str, StringConstraints(max_length=64)]
RequiredCode = Annotated[str, StringConstraints(min_length=1, max_length=64)]

#: An identifier's value (HL7 CX.1 is far shorter; real feeds are not).
Key = Annotated[str, StringConstraints(min_length=1, max_length=128)]

#: Short text such as a name part or a street line.
Text = Annotated[str, StringConstraints(max_length=256)]

#: Money or a quantity: finite, at most 15 digits, at most 6 decimals.
Amount = Annotated[Decimal, Field(max_digits=15, decimal_places=6, allow_inf_nan=False)]


class BaseCommand(Contract):
    """What every command says: who sent it and when it happened there.

    :ivar facility: the sender's code of its facility (HL7 MSH-4), empty when not given
    :ivar occurred_at: when the event happened (HL7 EVN-6 or EVN-2, else MSH-7), UTC
    """

    facility: Code = ""
    occurred_at: Instant


@dataclass(slots=True)
class Entry:
    """One message's commands, ready to be applied by ``health.intake._apply``.

    :ivar message_id: id of the ``interop.message``
    :ivar system_id: id of the ``interop.system`` that sent it
    :ivar interface_id: id of the ``interop.interface`` that it came through
    :ivar company_id: id of the interface's company; a facility's own company wins
    :ivar commands: canonical commands in the order of the message
    """

    message_id: int
    system_id: int
    interface_id: int
    company_id: int
    commands: list[Any] = field(default_factory=list)
