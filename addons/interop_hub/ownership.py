"""Comparing what somebody wants to write with what is there, and ranking ownership rules."""

from __future__ import annotations

from odoo import fields
from odoo.models import BaseModel
from odoo.tools import float_compare

_STRICTNESS = {"ignore": 0, "flag": 1, "refuse": 2}


def strictest(rules, system_id):
    """The rule that binds a source, or None when it is an owner.

    :param rules: rules that cover the same field; at least one
    :param system_id: the source; False is Odoo itself
    """
    rank = max((bool(rule.company_id), rule.fields is not None) for rule in rules)
    first = [rule for rule in rules if (bool(rule.company_id), rule.fields is not None) == rank]
    if any(rule.system_id == system_id for rule in first):
        return None
    return max(first, key=lambda rule: _STRICTNESS[rule.policy])


def differs(record, name: str, value) -> bool:
    """Whether writing ``value`` into a field of ``record`` would change it."""
    field = record._fields[name]
    current = record[name]
    if field.type in ("one2many", "many2many"):
        return _lines_differ(current, value)
    if field.type == "many2one":
        return (value.id if isinstance(value, BaseModel) else value or False) != (current.id or False)
    if field.type in ("float", "monetary"):
        digits = field.get_digits(record.env) if field.type == "float" else (16, 2)
        precision = digits[1] if digits else 9
        return bool(float_compare(float(value or 0), float(current or 0), precision_digits=precision))
    if field.type in ("integer", "many2one_reference"):
        return int(value or 0) != int(current or 0)
    if field.type == "boolean":
        return bool(value) != bool(current)
    if field.type == "date":
        return (fields.Date.to_date(value) or False) != (current or False)
    if field.type == "datetime":
        return (fields.Datetime.to_datetime(value) or False) != (current or False)
    return (value or False) != (current or False)


def _lines_differ(current, value) -> bool:
    """Whether commands on a many-valued field would change anything; edits of lines count as changes."""
    if isinstance(value, BaseModel):
        return set(value.ids) != set(current.ids)
    ids = set(current.ids)
    for command in value or ():
        if isinstance(command, int):
            return set(value) != ids
        code = int(command[0])
        if code == 6:
            if set(command[2]) != ids:
                return True
        elif code == 5:
            if ids:
                return True
        elif code == 4:
            if command[1] not in ids:
                return True
        elif code == 3:
            if command[1] in ids:
                return True
        elif code == 0 or (code == 1 and command[2]) or (code == 2 and command[1] in ids):
            return True
    return False


def to_json(value):
    """A value for ``write`` as something that JSON can hold."""
    if isinstance(value, BaseModel):
        return value.ids
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "isoformat"):
        to_string = fields.Datetime.to_string if hasattr(value, "hour") else fields.Date.to_string
        return to_string(value)
    return str(value)
