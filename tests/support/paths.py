"""Where things are; the scripts export the same names."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / ".build"))
LOGS = Path(os.environ.get("LOGS", BUILD / "logs"))
PY = os.environ.get("PY", sys.executable)
ODOO = os.environ.get("ODOO", str(Path(sys.executable).with_name("odoo")))
CORPUS = Path(os.environ.get("INTEROP_CORPUS", ROOT.parent / "shared" / "data" / "open"))
