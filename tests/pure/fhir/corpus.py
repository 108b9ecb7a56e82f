"""The public R4 examples and Synthea bundles that nobody here wrote; empty lists where they are not."""

import json
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BASE = Path(os.environ.get("INTEROP_CORPUS") or ROOT.parent / "shared" / "data" / "open") / "fhir"
SCHEMA = BASE / "schema" / "fhir.schema.json"
#: What the suite maps.
OURS = (
    "Patient Account Coverage Organization Practitioner Location Encounter ChargeItem ChargeItemDefinition Claim "
    "ClaimResponse CoverageEligibilityRequest CoverageEligibilityResponse Invoice Appointment ServiceRequest "
    "SupplyDelivery Subscription"
).split()


def files(folder: str = "*") -> list[Path]:
    """All example files of a folder, without the schema."""
    return sorted(path for path in BASE.glob(f"{folder}/*.json") if path.parent.name != "schema")


@cache
def example(name: str) -> str:
    """The text of one example of the specification."""
    return (BASE / "r4-spec-examples" / f"{name}.json").read_text(encoding="utf-8-sig")


def load(name: str) -> dict:
    """A fresh copy of one example of the specification."""
    return json.loads(example(name))
