"""Messages that must be refused at the door, with the reason of HL7 table 0357."""

from __future__ import annotations

from . import hl7


def _adt(day, message_type: str, *, control: str, version="2.5.1", facility="LMC", application="EHRMAIN") -> bytes:
    person = day.people.person(day.master.facilities["LMC"])
    return hl7.message([
        hl7.header(application, facility, day.at(12), message_type, control, version=version),
        hl7.segment("EVN", {1: message_type.split("^")[1], 2: hl7.moment(day.at(12))}),
        person.pid(),
        hl7.segment("PV1", {1: "1", 2: "O"}),
    ])  # fmt: skip


def refused_adt(day) -> None:
    """Add what the ADT interface must refuse to the streams of people who do not exist otherwise."""
    cases = (
        *((f"ADT^{event}", "AR", "201", {}) for event in ("A60", "A24", "A37", "A20", "A99")),
        *(
            (f"{kind}", "AR", "200", {})
            for kind in ("ORU^R01^ORU_R01", "MDM^T02^MDM_T02", "RDE^O11^RDE_O11", "XYZ^A01")
        ),
        *(("ADT^A01^ADT_A01", "AR", "101", {"control": ""}) for _ in range(3)),
        *(("ADT^A04^ADT_A01", "AR", "203", {"version": version}) for version in ("9.9", "1.0", "X")),
    )
    for number, (message_type, ack, error, options) in enumerate(cases):
        control = options.pop("control", None)
        if control is None:
            control = day.control("ehr-adt")
        raw = _adt(day, message_type, control=control, **options)
        day.say("ehr-adt", f"refused-{number}", (raw, None), control, ack=ack, error=error, note="refused")
    garbage = (
        b"good morning, this is no HL7 at all",
        b"\x00\xff\xfe\x01\x02\x03" * 20,
        b"PID|1||4711\rPV1|1|O\r",
        b'{"resourceType": "Patient"}',
    )
    for number, raw in enumerate(garbage):
        day.say("ehr-adt", f"garbage-{number}", (raw, None), "", ack="refused", note="garbage")


def refused_batch(day, ordered: list) -> list:
    """Put messages that must be refused between good ones of the laboratory's batches."""
    cases = (("ORU^R01", "200", True), ("DFT^P99", "201", True), ("DFT^P03", "101", False))
    result = list(ordered)
    for number, (message_type, error, has_control) in enumerate(cases):
        control = day.control("lab-batch") if has_control else ""
        raw = _adt(day, message_type, control=control, version="2.3", facility="LAB1", application="LIS")
        result.insert(
            (number + 1) * len(result) // 4, (f"refused-{number}", (raw, control, "AR", error, (), "refused"))
        )
    return result
