"""Write questions: 270 (005010X279A1), 276 (005010X212), 278 request (005010X217)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from .model import Envelope, Party
from .model_authorization import AuthorizationRequest, AuthorizedService
from .model_eligibility import EligibilityInquiry
from .model_status import StatusInquiry
from .tokenizer import Delimiters
from .writer import Writer, too_many

#: Persons in one transaction set: the guides allow 99 in real time and more in batch.
MOST = 5000


def write_eligibility(
    envelope: Envelope, inquiries: Sequence[EligibilityInquiry], delimiters: Delimiters | None = None
) -> bytes:
    """A 270 file: HL 20 payer, 21 provider, 22 subscriber, 23 dependent (X279 2.3).

    :raises X12Error: what the guide requires is missing, or a value cannot be written
    """
    return _write("270", ("0022", "13", ""), envelope, inquiries, _eligibility, delimiters)


def write_status(envelope: Envelope, inquiries: Sequence[StatusInquiry], delimiters: Delimiters | None = None) -> bytes:
    """A 276 file: HL 20 payer, 21 receiver, 19 provider, 22 subscriber, 23 dependent (X212 2.3).

    :raises X12Error: what the guide requires is missing, or a value cannot be written
    """
    return _write("276", ("0010", "13", ""), envelope, inquiries, _status, delimiters)


def write_authorization(
    envelope: Envelope, requests: Sequence[AuthorizationRequest], delimiters: Delimiters | None = None
) -> bytes:
    """A 278 request file, one set per request: HL 20 payer, 21 requester, 22, 23, EV event, SS service (X217 2.3).

    :raises X12Error: what the guide requires is missing, or a value cannot be written
    """
    out = Writer("278", envelope, delimiters)
    out.need(requests, "HL", 1, "A file needs a request")
    for request in requests:
        out.begin()
        out.add("BHT", "0007", "13", request.trace_number, envelope.when.date(), f"{envelope.when:%H%M}", "")
        _authorization(out, request)
        out.end()
    return out.finish()


def _write(kind, head, envelope, inquiries, body: Callable, delimiters) -> bytes:
    out = Writer(kind, envelope, delimiters)
    out.need(inquiries, "HL", 1, "A file needs a question")
    for start in range(0, len(inquiries), MOST):
        out.begin()
        number = f"{envelope.control_number}" if not start else f"{envelope.control_number}-{start // MOST}"
        out.add("BHT", *head[:2], number, envelope.when.date(), f"{envelope.when:%H%M}", head[2])
        body(out, inquiries[start : start + MOST])
        out.end()
    return out.finish()


def _eligibility(out: Writer, inquiries: Iterable[EligibilityInquiry]) -> None:
    for payer, of_payer in groupby(inquiries, key=lambda each: each.payer):
        top = out.level(None, "20", True)
        out.party("PR", payer)
        for provider, group in groupby(of_payer, key=lambda each: each.provider):
            second = out.level(top, "21", True)
            out.party("1P", provider)
            for inquiry in group:
                person = _person(out, second, inquiry.subscriber, inquiry.dependent, inquiry)
                out.born(person)
                out.day("291", inquiry.date_from, inquiry.date_to)
                out.need(inquiry.service_types, "EQ", 1, "A question needs a service type")
                for code in inquiry.service_types:
                    out.add("EQ", code)


def _person(out: Writer, parent: int, subscriber: Party, dependent: Party | None, inquiry: EligibilityInquiry) -> Party:
    """HL 22, and 23 for a dependent, with the trace number at who is asked about."""
    out.need(inquiry.trace_number, "TRN", 2, "A question needs a trace number")
    trace = ("TRN", "1", inquiry.trace_number, _origin(out, inquiry.trace_origin))
    level = out.level(parent, "22", dependent is not None)
    if not dependent:
        out.add(*trace)
    out.party("IL", subscriber)
    if not dependent:
        return subscriber
    out.level(level, "23", False)
    out.add(*trace)
    out.party("03", dependent, identifier=False)
    return dependent


def _origin(out: Writer, origin: str) -> str:
    """TRN03: ten characters, a tax number after 1 or an identifier after 9."""
    out.need(len(origin) in {9, 10}, "TRN", 3, "The origin of a trace number has ten characters")
    return origin.rjust(10, "9" if len(origin) == 9 else "0")


def _status(out: Writer, inquiries: Iterable[StatusInquiry]) -> None:
    for payer, of_payer in groupby(inquiries, key=lambda each: each.payer):
        top = out.level(None, "20", True)
        out.party("PR", payer)
        for receiver, of_receiver in groupby(of_payer, key=lambda each: each.receiver):
            second = out.level(top, "21", True)
            out.party("41", receiver)
            for provider, group in groupby(of_receiver, key=lambda each: each.provider):
                third = out.level(second, "19", True)
                out.party("1P", provider)
                for inquiry in group:
                    _claim_status(out, third, inquiry)


def _claim_status(out: Writer, parent: int, inquiry: StatusInquiry) -> None:
    dependent = inquiry.dependent
    level = out.level(parent, "22", dependent is not None)
    if not dependent:
        out.born(inquiry.subscriber)
    out.party("IL", inquiry.subscriber)
    if dependent:
        out.level(level, "23")
        out.born(dependent)
        out.party("QC", dependent, identifier=False)
    out.need(inquiry.trace_number, "TRN", 2, "A question needs a trace number")
    out.add("TRN", "1", inquiry.trace_number)
    out.references(
        (("1K", inquiry.payer_control_number), ("BLT", inquiry.bill_type), ("EJ", inquiry.patient_control_number))
    )
    if inquiry.charge is not None:
        out.add("AMT", "T3", inquiry.charge)
    out.day("472", inquiry.date_from, inquiry.date_to)


def _authorization(out: Writer, request: AuthorizationRequest) -> None:
    top = out.level(None, "20", True)
    out.party("X3", request.payer)
    second = out.level(top, "21", True)
    out.party("1P", request.requester)
    out.contact(request.requester.contact)
    third = out.level(second, "22", True)
    out.party("IL", request.subscriber)
    if not request.dependent:
        out.born(request.subscriber)
    if request.dependent:
        third = out.level(third, "23", True)
        out.party("QC", request.dependent, identifier=False)
        out.born(request.dependent)
    event = out.level(third, "EV", bool(request.services))
    out.need(request.trace_number, "TRN", 2, "A request needs a trace number")
    out.add("TRN", "1", request.trace_number, _origin(out, request.trace_origin))
    place = (request.facility_code, "B") if request.facility_code else ""
    out.add("UM", request.category, request.certification, request.service_type, place)
    if request.previous_authorization:
        out.add("REF", "BB", request.previous_authorization)
    out.day("AAH", request.date_from, request.date_to)
    too_many("HI", len(request.diagnoses), 12)
    if request.diagnoses:
        kinds = {"principal": "ABK", "admitting": "ABJ"}
        out.add("HI", *((kinds.get(each.kind, "ABF"), each.code.replace(".", "")) for each in request.diagnoses))
    if request.note:
        out.add("MSG", out.text(request.note, 264))
    if request.provider:
        out.party("SJ", request.provider)
    for service in request.services:
        _service(out, event, service)


def _service(out: Writer, event: int, service: AuthorizedService) -> None:
    out.level(event, "SS", False)
    if service.trace_number:
        out.add("TRN", "1", service.trace_number, "9000000000")
    out.day("472", service.date_from, service.date_to)
    out.add(
        "SV1", (service.code_type, service.code, *service.modifiers), service.charge, service.unit_type, service.units
    )
