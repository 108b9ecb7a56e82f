"""Reading a remittance (X12 835) of 1,000 claims on one core, beside the usual library. No database, no Odoo."""

from __future__ import annotations

import gc
import importlib
import io
import logging
import sys
import time
from decimal import Decimal

from .. import settings
from ..report import Figure, say

NAMES = ("x12",)
CLAIMS = 1000

HEAD = (
    "BPR*I*{paid}*C*ACH*CCP*01*111000025*DA*12345*1512345678**01*111000025*DA*98765*20261122~TRN*1*T1*1512345678~"
    "DTM*405*20261122~N1*PR*PAYER~N3*1 MAIN~N4*CITY*AK*89111~PER*BL*X*TE*5555555555~N1*PE*HOSPITAL*XX*1234567893~LX*1~"
)
CLAIM = (
    "CLP*PCN{0:06d}*1*{charge}*{paid}*{share}*12*ICN{0:06d}*11*1~NM1*QC*1*DOE{0}*JON****MI*M{0:06d}~DTM*232*202610{day}~"
    "SVC*HC:99213*{charge}*{paid}**1~DTM*472*202610{day}~CAS*CO*45*{less}~CAS*PR*1*{share}~AMT*B6*{allowed}~"
)


def measure(_wanted: set[str]) -> list[Figure]:
    """Read up to typed claims, balanced at all three levels; also with our check of the guide."""
    body = _remittance(CLAIMS)
    document, remittance = _codec()
    pyx12 = _reference()

    def ours(check: bool) -> None:
        read = document.Document(io.BytesIO(body), check=check)
        for transaction in read.sets():
            reader = remittance.RemittanceReader(transaction)
            count = sum(1 for _claim in reader.claims())
            if count != CLAIMS or reader.differences or not transaction.accepted:
                raise RuntimeError("the remittance was not read")
        if read.interchanges[0].refused:
            raise RuntimeError("the interchange was refused")

    def theirs() -> None:
        params = pyx12["params"].params()
        if not pyx12["x12n_document"].x12n_document(params, io.StringIO(body.decode()), io.StringIO(), None):
            raise RuntimeError("pyx12 refused the remittance")

    # Warm both up: maps and code tables are loaded once per process.
    ours(True)
    theirs()
    # What both keep for good is no work for the garbage collector while they are measured.
    gc.collect()
    gc.freeze()
    read, checked, reference = [], [], []
    for number in range(max(settings.SIZES.rounds, 3)):
        reference.append(_rate(theirs, 1))
        read.append(_rate(lambda: ours(False), 10))
        checked.append(_rate(lambda: ours(True), 10))
        say(
            f"x12, round {number + 1}: {read[-1]:,.0f} claims/s, checked {checked[-1]:,.0f}, pyx12 {reference[-1]:,.0f}"
        )
    return [
        Figure(
            "x12", "835 of 1,000 claims read, one core", "claims/s", read, "pyx12", reference, 50.0,
            note=f"{len(body):,} bytes; envelope, counts, typed claims, balance at three levels; pyx12: its full read",
        ),
        Figure("x12-checked", "  also checked by the guide", "claims/s", checked, "pyx12", reference),
    ]  # fmt: skip


def _rate(function, count: int) -> float:
    started = time.process_time()
    for _number in range(count):
        function()
    return count * CLAIMS / (time.process_time() - started)


def _remittance(count: int) -> bytes:
    claims, total = "", Decimal(0)
    for number in range(count):
        charge = Decimal(12_000 + number * 37) / 100
        less, share = Decimal(2000 + number % 300) / 100, Decimal(1000 + number % 700) / 100
        paid = charge - less - share
        total += paid
        amounts = {"charge": charge, "paid": paid, "share": share, "less": less, "allowed": charge - less}
        claims += CLAIM.format(number, day=f"{number % 28 + 1:02d}", **amounts)
    head = HEAD.format(paid=total)
    size = (head + claims).count("~") + 2
    return (
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *261122*1200*^*00501*000000001*0*P*:~"
        "GS*HP*PAYER*PROVIDER*20261122*1200*1*X*005010X221A1~ST*835*0001~"
        f"{head}{claims}SE*{size}*0001~GE*1*1~IEA*1*000000001~"
    ).encode()


def _codec():
    """The addon's codec, imported without Odoo: the folder of the addons is entered as a package."""
    sys.path.insert(0, str(settings.ROOT / "addons"))
    try:
        return [importlib.import_module(f"health_x12.codec.{name}") for name in ("document", "read835")]
    finally:
        sys.path.pop(0)


def _reference() -> dict:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    sys.path.insert(0, str(settings.EXTRAS))
    try:
        return {name: importlib.import_module(f"pyx12.{name}") for name in ("params", "x12n_document")}
    except ImportError as error:
        raise RuntimeError("pyx12 is not installed") from error
    finally:
        sys.path.pop(0)
