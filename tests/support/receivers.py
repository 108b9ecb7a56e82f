"""Receivers of webhooks with good and bad manners, the same that the addon's own tests use."""

import importlib.util

from .paths import ROOT

_spec = importlib.util.spec_from_file_location("receiver", ROOT / "addons" / "interop_event" / "tests" / "receiver.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

Receiver = _module.Receiver
good, slow, status, flapping = _module.good, _module.slow, _module.status, _module.flapping
never, garbage, hang_up, redirect = _module.never, _module.garbage, _module.hang_up, _module.redirect
