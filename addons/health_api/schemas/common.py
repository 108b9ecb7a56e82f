"""Types that several schemas share."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from odoo.addons.interop_api.rest.schema import Col, Id

__all__ = ["Amount", "Code", "Flag", "Instant", "Key", "Number", "OptionalId", "Quantity", "Text", "UpdatedAt"]


def _readable(text: str) -> str:
    if "\0" in text:
        raise ValueError("A zero byte is no text")
    return text


_Clean = AfterValidator(_readable)

Text = Annotated[str, StringConstraints(min_length=1, max_length=256), _Clean]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64), _Clean]
Key = Annotated[str, StringConstraints(min_length=1, max_length=128), _Clean]
#: Money in the record's currency, as text so that no digit is lost.
Amount = Annotated[Decimal, Field(max_digits=15, decimal_places=6, allow_inf_nan=False)]
Number = float
Quantity = Annotated[Decimal, Field(max_digits=15, decimal_places=6, allow_inf_nan=False)]
Flag = bool
Instant = Annotated[AwareDatetime, AfterValidator(lambda value: value.astimezone(dt.UTC).replace(microsecond=0))]
OptionalId = Id | None

UpdatedAt = Annotated[
    dt.datetime | None, Col("write_date"), Field(description="When the record was changed last; see updated_since.")
]
