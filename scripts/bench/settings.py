"""Where things are and how much is measured."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or ROOT / ".build")
HOME = BUILD / "bench"
EXTRAS = HOME / "extras"
ODOO = os.environ.get("ODOO") or str(BUILD / "venv" / "bin" / "odoo")
DATA = ROOT / "addons" / "health_suite" / "data"
RESULT = BUILD / "bench.json"

PORT = int(os.environ.get("BENCH_PORT", "8190"))  #: the first of ten ports that the bench uses
CLIENTS = 4  #: as the promise says
CLIENT_ID, CLIENT_SECRET = "demo-ehr", "demo-ehr-secret"


@dataclass(frozen=True)
class Sizes:
    """How much one run measures."""

    rounds: int = 3
    door_rounds: int = 5
    door_seconds: float = 4.0
    batch: int = 500
    jobs: int = 600
    adt: int = 10_000
    dft: int = 5_000
    dft_visits: int = 1_000
    backlog: int = 50_000
    latency_rate: float = 20.0
    latency_seconds: float = 15.0
    log_small: int = 10_000
    log_large: int = 1_000_000
    log_messages: int = 5_000
    log_patients: int = 1_000
    parses: int = 20_000
    parses_reference: int = 1_000


FULL = Sizes()
QUICK = Sizes(
    door_rounds=3,
    door_seconds=2.0,
    jobs=100,
    adt=2_000,
    dft=1_000,
    dft_visits=200,
    backlog=6_000,
    latency_seconds=5.0,
    log_large=100_000,
    log_messages=1_000,
    log_patients=200,
    parses=5_000,
    parses_reference=300,
)
SIZES = QUICK if os.environ.get("QUICK") else FULL
