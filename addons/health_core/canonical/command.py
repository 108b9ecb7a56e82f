"""The union of all commands, told apart by ``kind``."""

from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter

from .charge import CaptureCharge
from .merge import MergePatients, MergeVisits, MoveVisit
from .visit import RecordVisit, RegisterPatient

Command = Annotated[
    RegisterPatient | RecordVisit | MergePatients | MergeVisits | MoveVisit | CaptureCharge,
    Field(discriminator="kind"),
]

#: kind -> class
COMMANDS = {
    model.model_fields["kind"].default: model
    for model in (RegisterPatient, RecordVisit, MergePatients, MergeVisits, MoveVisit, CaptureCharge)
}

_ADAPTER = TypeAdapter(Command, config=ConfigDict(hide_input_in_errors=True))


def parse_command(data: dict):
    """Return the command that a plain dict (JSON) describes.

    :raises pydantic.ValidationError: unknown ``kind`` or invalid content; its text shows no input
    """
    return _ADAPTER.validate_python(data)
