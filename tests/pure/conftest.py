"""Lets the addons' pure Python packages be imported without Odoo's registry, and finds the corpus.

``odoo`` and ``odoo.addons`` become plain namespace packages here, and each
addon an empty package over its folder, so that ``odoo.addons.x.codec`` loads
while ``x/__init__.py`` (models, controllers) does not run.
"""

import os
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDONS = ROOT / "addons"


def _package(name: str, path: Path | None) -> None:
    module = types.ModuleType(name)
    module.__path__ = [str(path)] if path else []
    sys.modules[name] = module
    parent, _dot, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


if "odoo" not in sys.modules:
    _package("odoo", None)
    _package("odoo.addons", ADDONS)
    for folder in sorted(ADDONS.iterdir()):
        if (folder / "__manifest__.py").exists() or folder.name == "health_hl7v2":
            _package(f"odoo.addons.{folder.name}", folder)


def corpus_files() -> list[Path]:
    """The real HL7 files that nobody here wrote; empty when they are not on this machine."""
    base = os.environ.get("INTEROP_CORPUS") or ROOT.parent / "shared" / "data" / "open"
    return sorted((Path(base) / "hl7v2").rglob("*.hl7"))


@pytest.fixture
def adt():
    """Build an ADT message: ``adt("A01", pid="…")`` replaces whole segments, ``None`` leaves one out."""
    from .samples import message

    return message
