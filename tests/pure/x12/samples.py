"""Claims, remittances and envelopes that the tests vary."""

import datetime as dt
import os
from decimal import Decimal as D
from pathlib import Path

from odoo.addons.health_x12.codec.model import Address, Adjustment, Contact, Envelope, Party
from odoo.addons.health_x12.codec.model_claim import (
    Claim,
    Coverage,
    Diagnosis,
    LineAdjudication,
    OtherCoverage,
    ServiceLine,
)

NOW = dt.datetime(2026, 11, 22, 12, 0)
DAY = dt.date(2026, 11, 1)
ADDRESS = Address("1 MAIN ST", "", "SPRINGFIELD", "IL", "627040001")
BILLING = Party(
    "GENERAL HOSPITAL", identifier_type="XX", identifier="1234567893", address=ADDRESS, references=(("EI", "123456789"),),
    taxonomy="282N00000X", contact=Contact("BILLING", "3055552222"),
)  # fmt: skip
SUBSCRIBER = Party(
    "DOE", "JOHN", person=True, identifier_type="MI", identifier="M123", address=ADDRESS,
    birth_date=dt.date(1980, 1, 2), gender="M",
)  # fmt: skip
CHILD = Party("DOE", "KID", person=True, birth_date=dt.date(2015, 1, 1), gender="F", address=ADDRESS)
PAYER = Party("BIG PAYER", identifier_type="PI", identifier="87726")
DOCTOR = Party("HOUSE", "GREG", person=True, identifier_type="XX", identifier="1234567893", taxonomy="207R00000X")
PLACE = Party("NORTH CLINIC", identifier_type="XX", identifier="1234567893", address=ADDRESS)
SUBMITTER = Party(
    "GENERAL HOSPITAL",
    identifier_type="46",
    identifier="SUB1",
    contact=Contact("EDI", "3055552222", email="a@b.example"),
)
RECEIVER = Party("CLEARING", identifier_type="46", identifier="RCV1")
ENVELOPE = Envelope("SENDER", "RECEIVER", 17, NOW)
COVERAGE = Coverage(SUBSCRIBER, PAYER, group_number="G1")

PROFESSIONAL = Claim(
    "PCN1", BILLING, COVERAGE,
    (
        ServiceLine(D("120.50"), "99213", modifiers=("25",), date_from=DAY, control_number="L1", pointers=(1, 2)),
        ServiceLine(
            D(10), "J1550", date_from=DAY, drug_code="00026063512", drug_quantity=D(10), drug_unit="ML",
            control_number="L2", emergency=True, place="21",
        ),
    ),
    (Diagnosis("R079", "principal"), Diagnosis("I10")),
    rendering=DOCTOR, authorization="AUTH1", facility=PLACE, patient_paid=D("5.25"), note="SEEN AT NIGHT",
    onset_date=DAY, medical_record_number="MRN7",
)  # fmt: skip
SECONDARY = Claim(
    "PCN2", BILLING,
    Coverage(
        Party("DOE", "JOHN", person=True, identifier_type="MI", identifier="M123"), PAYER, "S", "19", "G1"
    ),
    (
        ServiceLine(
            D(100), "99213", date_from=DAY, date_to=DAY + dt.timedelta(1),
            adjudications=(
                LineAdjudication(
                    "999", D(60), "99213", adjustments=(
                        Adjustment("CO", "45", D(20)), Adjustment("PR", "1", D(15)), Adjustment("PR", "2", D(5), D(1)),
                    ), date=DAY,
                ),
            ),
        ),
    ),
    (Diagnosis("R079", "principal"),), patient=CHILD, frequency="7", original_control_number="ICN1",
    others=(
        OtherCoverage(
            Coverage(
                Party("DOE", "JANE", person=True, identifier_type="MI", identifier="M9", address=ADDRESS),
                Party("OTHER", identifier_type="PI", identifier="999"), "P", "19", "G9",
            ),
            paid=D(60), remaining=D(20), payer_control_number="OTHER-ICN",
        ),
    ),
)  # fmt: skip
INSTITUTIONAL = Claim(
    "INST1", BILLING, COVERAGE,
    (
        ServiceLine(D(1000), revenue_code="0120", units=D(2), unit_type="DA", date_from=DAY, pointers=()),
        ServiceLine(
            D("76.54"), "93005", revenue_code="0730", date_from=DAY, control_number="L2", non_covered=D("1.5"), pointers=()
        ),
    ),
    (Diagnosis("I219", "principal", "Y"), Diagnosis("R079", "admitting"), Diagnosis("I10", "other", "N")),
    facility_code="11", attending=DOCTOR, admission=dt.datetime(2026, 10, 30, 8, 5), admission_type="1",
    admission_source="7", patient_status="01", statement_from=dt.date(2026, 10, 30), statement_to=dt.date(2026, 11, 2),
    discharge_hour="1200", drg="280",
)  # fmt: skip


def envelope(kind: str, body: list[str], *, end="~", element="*", component=":", control="0001", extra="") -> bytes:
    """An interchange of one set: ``envelope("835", ["BPR*…", …])``, written with ``*``, ``:`` and ``^``."""
    from odoo.addons.health_x12.codec.guides import GUIDES, WRITTEN

    set_id, version = WRITTEN[kind]
    group = next(code for name, code in GUIDES.values() if name == kind)
    lines = [
        "ISA*00*          *00*          *ZZ*PAYER          *ZZ*PROVIDER       *261122*1200*^*00501*000000001*0*P*:",
        f"GS*{group}*PAYER*PROVIDER*20261122*1200*1*X*{version}",
        f"ST*{set_id}*{control}*{version}",
        *body,
        f"SE*{len(body) + 2}*{control}",
        "GE*1*1",
        "IEA*1*000000001",
    ]
    table = str.maketrans({"*": element, ":": component})
    return "".join(line.translate(table) + end for line in lines).encode() + extra.encode()


HEAD = [
    "BPR*I*{paid}*C*ACH*CCP*01*111000025*DA*12345*1512345678**01*111000025*DA*98765*20261122",
    "TRN*1*TRACE1*1512345678",
    "DTM*405*20261121",
    "N1*PR*BIG PAYER*XV*87726",
    "N3*1 MAIN",
    "N4*CITY*AK*89111",
    "PER*BL*DESK*TE*5555555555",
    "N1*PE*GENERAL HOSPITAL*XX*1234567893",
    "LX*1",
]


def remittance(paid: str, *segments: str, **options) -> bytes:
    """An 835 of these claim segments."""
    return envelope("835", [each.format(paid=paid) for each in HEAD] + list(segments), **options)


def claim_segments(number: int) -> list[str]:
    """A claim of 120.00 that pays 80.00."""
    return [
        f"CLP*PCN{number:06d}*1*120.00*80.00*20.00*12*PAYER{number:06d}*11*1",
        f"NM1*QC*1*DOE{number}*JON****MI*M{number:06d}",
        "DTM*232*20261001",
        "SVC*HC:99213*120.00*80.00**1",
        "DTM*472*20261001",
        "CAS*CO*45*20.00",
        "CAS*PR*1*20.00",
        "AMT*B6*100.00",
    ]


def big_remittance(claims: int) -> bytes:
    """An 835 of so many claims that balances."""
    body = [segment for number in range(claims) for segment in claim_segments(number)]
    return remittance(f"{claims * 80}.00", *body)


def corpus_files() -> list[Path]:
    """The X12 files that nobody here wrote; empty where they are not on this machine."""
    base = os.environ.get("INTEROP_CORPUS") or Path(__file__).resolve().parents[4] / "shared" / "data" / "open"
    return sorted(path for path in (Path(base) / "x12").rglob("*") if path.is_file())
