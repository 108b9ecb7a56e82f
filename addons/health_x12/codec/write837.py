"""Write claims: 837P (005010X222A1) and 837I (005010X223A2)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from .errors import ELEMENT, refuse
from .model import Envelope, Party
from .model_claim import CORRECTED, ORIGINAL, VOID, Claim, Coverage, Diagnosis, OtherCoverage, ServiceLine
from .tokenizer import Delimiters
from .writer import Writer, too_many

_KINDS = {"principal": "ABK", "other": "ABF", "admitting": "ABJ", "reason": "APR", "external": "ABN"}
#: What a provider of the claim may be named by besides the NPI (loops 2310, 2420).
_SECONDARY = frozenset(("0B", "1G", "G2", "LU"))
#: Claims in one transaction set; the guides recommend no more than 5,000.
MOST_CLAIMS = 5000


def write_professional(
    envelope: Envelope, submitter: Party, receiver: Party, claims: Sequence[Claim], delimiters: Delimiters | None = None
) -> bytes:
    """An 837P file (X222 2.3.1).

    :raises X12Error: what the guide requires is missing, or a value cannot be written
    """
    return _write("837P", envelope, submitter, receiver, claims, delimiters)


def write_institutional(
    envelope: Envelope, submitter: Party, receiver: Party, claims: Sequence[Claim], delimiters: Delimiters | None = None
) -> bytes:
    """An 837I file (X223 2.3.1).

    :raises X12Error: what the guide requires is missing, or a value cannot be written
    """
    return _write("837I", envelope, submitter, receiver, claims, delimiters)


def _write(kind, envelope, submitter, receiver, claims, delimiters) -> bytes:
    out = Writer(kind, envelope, delimiters)
    out.need(claims, "CLM", 1, "A file needs a claim")
    for start in range(0, len(claims), MOST_CLAIMS):
        out.begin()
        number = f"{envelope.control_number}" if not start else f"{envelope.control_number}-{start // MOST_CLAIMS}"
        out.add("BHT", "0019", "00", number, envelope.when.date(), f"{envelope.when:%H%M}", "CH")
        out.party("41", submitter)
        out.need(submitter.contact, "PER", 2, "The submitter needs a contact")
        out.contact(submitter.contact)
        out.party("40", receiver)
        part = claims[start : start + MOST_CLAIMS]
        for (billing, pay_to), group in groupby(part, key=lambda claim: (claim.billing, claim.pay_to)):
            top = _billing(out, billing, pay_to)
            for claim in group:
                _claim(out, top, claim)
        out.end()
    return out.finish()


def _billing(out: Writer, billing: Party, pay_to: Party | None) -> int:
    """Loops 2000A, 2010AA, 2010AB."""
    top = out.level(None, "20", True)
    if billing.taxonomy:
        out.add("PRV", "BI", "PXC", billing.taxonomy)
    out.party("85", billing)
    out.need(billing.address, "N3", 1, "The billing provider needs an address")
    out.address(billing.address)
    out.need(
        [1 for kind, _value in billing.references if kind in {"EI", "SY"}],
        "REF",
        2,
        "The billing provider needs a tax number (EI or SY)",
    )
    out.references(billing.references)
    out.contact(billing.contact)
    if pay_to:
        out.add("NM1", "87", "1" if pay_to.person else "2")
        out.address(pay_to.address)
    return top


def _claim(out: Writer, top: int, claim: Claim) -> None:
    coverage = claim.coverage
    own = coverage.relationship == "18"
    if not own and not claim.patient:
        raise refuse(ELEMENT, "1", "A patient who is not the subscriber must be named", segment="NM1", element=3)
    level = out.level(top, "22", not own)
    _subscriber(out, coverage, own)
    out.party("IL", coverage.subscriber)
    if own:
        out.address(coverage.subscriber.address)
        out.born(coverage.subscriber)
    out.references(coverage.subscriber.references)
    out.party("PR", coverage.payer)
    out.address(coverage.payer.address)
    out.references(coverage.payer.references)
    if not own:
        out.level(level, "23", False)
        out.add("PAT", coverage.relationship)
        out.party("QC", claim.patient, identifier=False)
        out.need(claim.patient.address, "N3", 1, "The patient needs an address")
        out.address(claim.patient.address)
        out.need(claim.patient.birth_date, "DMG", 2, "The patient needs a birth date")
        out.born(claim.patient)
    _body(out, claim)


def _subscriber(out: Writer, coverage: Coverage, own: bool) -> None:
    """SBR of the coverage that is billed."""
    group = coverage.group_number
    out.add(
        "SBR", coverage.sequence, "18" if own else "", group,
        "" if group else out.text(coverage.group_name, 60), coverage.insurance_type, "", "", "", coverage.filing_code,
    )  # fmt: skip


def _body(out: Writer, claim: Claim) -> None:
    """Loop 2300 and below."""
    institutional = out.kind == "837I"
    out.need(claim.patient_control_number, "CLM", 1, "A claim needs a patient control number")
    out.need(claim.lines, "LX", 1, "A claim needs a service line")
    out.need(claim.diagnoses, "HI", 1, "A claim needs a diagnosis")
    too_many("LX", len(claim.lines), 999 if institutional else 50)
    if claim.frequency in {CORRECTED, VOID} or claim.original_control_number:
        out.need(claim.original_control_number, "REF", 2, "A corrected or void claim needs the payer's control number")
    elif claim.frequency != ORIGINAL and not institutional:
        raise refuse(ELEMENT, "7", segment="CLM", element=5, component=3)
    out.add(
        "CLM", claim.patient_control_number, claim.charge, "", "",
        (claim.facility_code, "A" if institutional else "B", claim.frequency),
        "" if institutional else "Y", "A" if claim.accepts_assignment else "C", "Y",
        "Y" if claim.releases_information else "I",
    )  # fmt: skip
    if institutional:
        _stay(out, claim)
    else:
        out.day("431", claim.onset_date)
        if claim.admission:
            out.day("435", claim.admission.date())
    if claim.patient_paid is not None:
        out.add("AMT", "F3" if institutional else "F5", claim.patient_paid)
    out.references(
        (("9F", claim.referral), ("G1", claim.authorization), ("F8", claim.original_control_number),
         ("EA", claim.medical_record_number))
    )  # fmt: skip
    if claim.note:
        out.add("NTE", "ADD", out.text(claim.note, 80))
    _diagnoses(out, claim)
    _providers(out, claim)
    for other in claim.others:
        _other(out, other)
    for number, line in enumerate(claim.lines, 1):
        _line(out, claim, number, line)


def _stay(out: Writer, claim: Claim) -> None:
    """DTP and CL1 of an institutional claim."""
    if claim.discharge_hour:
        out.add("DTP", "096", "TM", claim.discharge_hour)
    days = [day for line in claim.lines for day in (line.date_from, line.date_to) if day]
    first = claim.statement_from or (min(days) if days else None)
    last = claim.statement_to or (max(days) if days else first)
    out.need(first, "DTP", 3, "An institutional claim needs its statement dates")
    out.add("DTP", "434", "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}")
    if isinstance(claim.admission, datetime.datetime):
        out.add("DTP", "435", "DT", f"{claim.admission:%Y%m%d%H%M}")
    out.need(claim.patient_status, "CL1", 3, "An institutional claim needs the patient's status")
    out.add("CL1", claim.admission_type, claim.admission_source, claim.patient_status)


def _code(diagnosis: Diagnosis) -> str:
    """The code as it is sent: without the dot."""
    return diagnosis.code.replace(".", "").upper()


def _diagnoses(out: Writer, claim: Claim) -> None:
    """HI segments."""
    kinds: dict[str, list[Diagnosis]] = {}
    for at, each in enumerate(claim.diagnoses):
        kind = "principal" if each.kind == "other" and not at else each.kind
        kinds.setdefault(kind, []).append(each)
    out.need(len(kinds.get("principal", ())) == 1, "HI", 1, "A claim needs exactly one principal diagnosis")
    if out.kind == "837P":
        codes = [("ABK", kinds["principal"][0]), *(("ABF", each) for each in kinds.get("other", ()))]
        too_many("HI", len(codes), 12)
        out.add("HI", *((qualifier, _code(each)) for qualifier, each in codes))
        return
    for kind in ("principal", "admitting", "reason", "external"):
        found = kinds.get(kind, ())
        too_many("HI", len(found), {"reason": 3, "external": 12}.get(kind, 1))
        if found:
            out.add("HI", *(_present(_KINDS[kind], each) for each in found))
    if claim.drg:
        out.add("HI", ("DR", claim.drg))
    others = kinds.get("other", ())
    too_many("HI", len(others), 24)
    for start in range(0, len(others), 12):
        out.add("HI", *(_present("ABF", each) for each in others[start : start + 12]))


def _present(qualifier: str, diagnosis: Diagnosis) -> tuple:
    return (qualifier, _code(diagnosis), "", "", "", "", "", "", diagnosis.present_on_admission)


def _providers(out: Writer, claim: Claim) -> None:
    """Loops 2310."""
    if out.kind == "837P":
        roles = (("DN", claim.referring, ""), ("82", claim.rendering, "PE"), ("77", claim.facility, ""))
    else:
        roles = (
            ("71", claim.attending, "AT"), ("72", claim.operating, ""), ("77", claim.facility, ""),
            ("82", claim.rendering, ""), ("DN", claim.referring, ""),
        )  # fmt: skip
    for entity, provider, role in roles:
        if not provider:
            continue
        out.party(entity, provider)
        if role and provider.taxonomy:
            out.add("PRV", role, "PXC", provider.taxonomy)
        if entity == "77":
            out.address(provider.address)
        out.references(each for each in provider.references if each[0] in _SECONDARY)


def _other(out: Writer, other: OtherCoverage) -> None:
    """Loops 2320, 2330A, 2330B: coordination of benefits."""
    coverage = other.coverage
    group = coverage.group_number
    out.add(
        "SBR", coverage.sequence, coverage.relationship, group,
        "" if group else out.text(coverage.group_name, 60), coverage.insurance_type, "", "", "", coverage.filing_code,
    )  # fmt: skip
    out.adjustments(other.adjustments)
    if other.paid is not None:
        out.add("AMT", "D", other.paid)
    if other.remaining is not None:
        out.add("AMT", "EAF", other.remaining)
    out.add("OI", "", "", "Y", "", "", "Y")
    out.party("IL", coverage.subscriber)
    out.address(coverage.subscriber.address)
    out.party("PR", coverage.payer)
    out.address(coverage.payer.address)
    out.day("573", other.date)
    if other.payer_control_number:
        out.add("REF", "F8", other.payer_control_number)


def _procedure(out: Writer, line) -> tuple:
    description = getattr(line, "description", "")
    modifiers = (*line.modifiers, "", "", "", "")[:4]
    return (line.code_type, line.code, *modifiers, out.text(description, 80))


def _line(out: Writer, claim: Claim, number: int, line: ServiceLine) -> None:
    """Loop 2400."""
    too_many("SV1", len(line.modifiers), 4)
    out.add("LX", number)
    first = line.date_from
    if out.kind == "837P":
        out.need(line.code, "SV1", 1, "A professional line needs a procedure code")
        out.need(first, "DTP", 3, "A professional line needs its date")
        out.need(line.pointers, "SV1", 7, "A professional line points to a diagnosis")
        codes = sum(1 for each in claim.diagnoses if each.kind in {"principal", "other"})
        if len(line.pointers) > 4 or any(not 1 <= pointer <= codes for pointer in line.pointers):
            raise refuse(ELEMENT, "7", "A pointer names no diagnosis of the claim", segment="SV1", element=7)
        place = line.place if line.place != claim.facility_code else ""
        out.add(
            "SV1", _procedure(out, line), line.charge, line.unit_type, line.units, place, "", tuple(line.pointers),
            "", "Y" if line.emergency else "",
        )  # fmt: skip
    else:
        out.need(line.revenue_code, "SV2", 1, "An institutional line needs a revenue code")
        out.add(
            "SV2", line.revenue_code, _procedure(out, line) if line.code else "", line.charge, line.unit_type,
            line.units, "", line.non_covered,
        )  # fmt: skip
    out.day("472", first, line.date_to)
    if line.control_number:
        out.add("REF", "6R", line.control_number)
    if line.drug_code:
        out.add("LIN", "", "N4", line.drug_code)
        out.add("CTP", "", "", "", line.drug_quantity or Decimal(1), (line.drug_unit,))
    if line.rendering:
        out.party("82", line.rendering)
        if line.rendering.taxonomy and out.kind == "837P":
            out.add("PRV", "PE", "PXC", line.rendering.taxonomy)
    for each in line.adjudications:
        out.add(
            "SVD", each.payer_identifier, each.paid, _procedure(out, each) if each.code else "", each.revenue_code,
            each.units,
        )  # fmt: skip
        out.adjustments(each.adjustments)
        out.day("573", each.date)
