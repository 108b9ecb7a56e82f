"""Realistic HL7 v2 messages of about one kilobyte, numbered: the same number gives the same message.

They speak of the demo hospital's facilities, units, payers and services, whose
codes are read from the addon's own data. Everybody in them is made up.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from functools import cache

from . import settings

FAMILIES = (
    "Aldermoor Brackwell Carrowby Dunstable-Rey Eversholt Fairweather Gantry Holloway Inverarity Jessamine Kestrel "
    "Lindqvist Marchbanks Netherby Oakenfull Pellworm Quillfeather Ravensdale Silverthorne Tannahill Umberleigh "
    "Vandermolen Winterbourne Yarborough Zellerbach"
).split()
GIVEN = (
    "Ada Bruno Clara Dario Elin Farid Greta Hugo Ines Jonas Kira Luca Mina Noor Otto Pia Rosa Sami Tilda Viktor".split()
)
STREETS = "Harbour Road;Mill Lane;Orchard Way;Station Street;Bridge Avenue;Quarry Hill".split(";")
#: The stay of one patient, in order: event, message structure.
STAY = (("A01", "A01"), ("A08", "A01"), ("A02", "A02"), ("A08", "A01"), ("A03", "A03"))
BLOCK = 100  #: patients whose stays run side by side


@cache
def _master() -> dict:
    hospital = json.loads((settings.DATA / "hospital.json").read_text(encoding="utf-8"))
    with (settings.DATA / "services.csv").open(encoding="utf-8", newline="") as stream:
        services = [row for row in csv.DictReader(stream) if row["billable"] == "1"]
    # One company's facility, so that every message of a figure takes the same path.
    facility = hospital["facilities"][0]
    units = [
        u for u in hospital["locations"] if u["facility"] == facility["code"] and u["kind"] == "inpatient" and u["EHR"]
    ]
    return {
        "facility": facility,
        "units": units,
        "payers": hospital["payers"],
        "services": {
            system: [row for row in services if row[f"{system.lower()}_mapped"] == "1"] for system in ("EHR", "LAB")
        },
    }


def segment(name: str, **fields: object) -> str:
    """A segment from ``_number=text`` of its fields."""
    texts = {int(number[1:]): str(text) for number, text in fields.items()}
    return "|".join([name, *(texts.get(number, "") for number in range(1, max(texts) + 1))]) + "\r"


class Hospital:
    """Writes the messages of one round.

    :param tag: sets the patients, visits and control ids of this round apart from all others
    """

    def __init__(self, tag: str):
        self.tag = tag
        self.master = _master()
        self.start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)

    # -- messages -------------------------------------------------------------------------

    def adt(self, number: int) -> bytes:
        """Message ``number`` of stays that run side by side: admission, update, transfer, update, discharge."""
        block, rest = divmod(number, BLOCK * len(STAY))
        step, patient = divmod(rest, BLOCK)
        return self._event(block * BLOCK + patient, f"{self.tag}{number}", step)

    def admit(self, number: int) -> bytes:
        """The admission of patient ``number``."""
        return self._event(number, f"{self.tag}{number}", 0)

    def update(self, number: int, patients: int, of: str) -> bytes:
        """An update or transfer of one of the patients that were admitted with the tag ``of``."""
        turn, patient = divmod(number, patients)
        return Hospital(of)._event(patient, f"{self.tag}{number}", 1 + turn % 3)

    def dft(self, number: int, visits: int, of: str, system: str = "EHR", lines: int = 2) -> bytes:
        """Charges of one of the visits that were admitted with the tag ``of``.

        :param lines: number of FT1 segments
        """
        patient = number % visits
        facility, stay = self.master["facility"], Hospital(of)
        at = self._time(self.start + timedelta(seconds=number))
        ehr = system == "EHR"
        services, units = self.master["services"][system], self.master["units"]
        unit = units[patient % len(units)][system]
        application = "EHRMAIN" if ehr else "LIS"
        segments = [
            f"MSH|^~\\&|{application}|{facility['sending'][system]}|ODOO|HUB|{at}||DFT^P03^DFT_P03|{self.tag}{number}|P|2.5.1"
            f"|||||||UNICODE UTF-8\rEVN|P03|{at}\r{stay._pid(patient)}",
            segment("PV1", _1=1, _2="I", _19=f"{stay._visit(patient)}^^^{facility['code']}"),
        ]
        for line in range(1, lines + 1):
            service = services[(number * 7 + line) % len(services)]
            segments.append(
                segment(
                    "FT1",
                    _1=line,
                    _2=f"{self.tag}T{number}L{line}",
                    _4=at[:8],
                    _6="CG",
                    _7=f"{service[f'{system.lower()}_code']}^{service['name']}^L",
                    _10=1 + number % 3,
                    _12=f"{service['list_price']}&USD",
                    _16=unit,
                    _23=f"{self.tag}O{number}L{line}",
                )
            )
        return "".join(segments).encode()

    def lab(self, number: int, visits: int, of: str) -> bytes:
        """One laboratory charge of a visit that was admitted with the tag ``of``."""
        return self.dft(number, visits, of, "LAB", 1)

    def batch(self, kind: str, numbers: range, **options) -> bytes:
        """Frame messages as one HL7 batch file."""
        write = getattr(self, kind)
        name = f"{self.tag}B{numbers.start}"
        at = self._time(self.start)
        head = f"FHS|^~\\&|EHRMAIN|LMC|ODOO|HUB|{at}||{name}\rBHS|^~\\&|EHRMAIN|LMC|ODOO|HUB|{at}||||{name}\r"
        tail = f"BTS|{len(numbers)}\rFTS|1\r"
        return head.encode() + b"".join(write(number, **options) for number in numbers) + tail.encode()

    # -- parts ----------------------------------------------------------------------------

    def _event(self, patient: int, control: str, step: int) -> bytes:
        event, structure = STAY[step]
        facility, units, payers = self.master["facility"], self.master["units"], self.master["payers"]
        admitted = self.start + timedelta(seconds=patient % 20000)
        at = self._time(admitted + timedelta(minutes=30 * step))
        unit = units[(patient + (step >= 2)) % len(units)]["EHR"]
        prior = f"{units[patient % len(units)]['EHR']}^{patient % 40}^A^{facility['code']}" if step == 2 else ""
        payer = payers[patient % len(payers)]
        family, given = self._name(patient)
        return (
            f"MSH|^~\\&|EHRMAIN|{facility['sending']['EHR']}|ODOO|HUB|{at}||ADT^{event}^ADT_{structure}|{control}|P|2.5.1"
            f"|||||||UNICODE UTF-8\r"
            f"EVN|{event}|{at}|||OPER{patient % 50}^Clerk^Desk\r"
            f"{self._pid(patient)}"
            f"PD1|||{facility['name']}^^{facility['code']}|1548{patient % 900000:06d}^Brandvold^Emeric^^^Dr\r"
            f"NK1|1|{family}^Robin|SPO^Spouse^HL70063|{patient % 900 + 1} {STREETS[patient % 6]}^^Springfield^IL^62704^USA|5551{patient % 1000000:06d}\r"
            + segment(
                "PV1",
                _1=1,
                _2="I",
                _3=f"{unit}^{patient % 40}^A^{facility['code']}",
                _4="R",
                _6=prior,
                _7=f"1548{patient % 900:06d}^Albrechtsen^Vesna^^^^^^NPI",
                _8=f"1548{patient % 700:06d}^Anderholt^Tobias^^^^^^NPI",
                _10="MED",
                _14="7",
                _19=f"{self._visit(patient)}^^^{facility['code']}",
                _44=self._time(admitted),
                _45=at if event == "A03" else "",
            )
            + f"PV2||SEMI^Semi-private room^L|Observation after a fall at home\r"
            f"DG1|1||S72.0{patient % 10}^Fracture of neck of femur^I10||{at[:8]}|A\r"
            f"AL1|1|DA|PEN^Penicillin^L|MO|Rash\r"
            f"GT1|1||{family}^{given}||{patient % 900 + 1} {STREETS[patient % 6]}^^Springfield^IL^62704^USA|555{patient % 10000000:07d}||||P/F|SEL\r"
            + segment(
                "IN1",
                _1=1,
                _2=f"STD{patient % 9}",
                _3=payer["EHR"],
                _4=payer["name"],
                _5=f"PO Box {patient % 999}^^Springfield^IL^62701",
                _8=f"G{patient % 50}",
                _12="20250101",
                _16=f"{family}^{given}",
                _17="SEL",
                _18="19600101",
                _36=f"M{self.tag}{patient}",
            )
        ).encode()

    def _pid(self, patient: int) -> str:
        family, given = self._name(patient)
        authority = self.master["facility"]["authority"]
        return (
            f"PID|1||{self.tag}{patient}^^^{authority}^MR||{family}^{given}^{GIVEN[patient % 7]}||{1930 + patient % 90}{patient % 12 + 1:02d}"
            f"{patient % 28 + 1:02d}|{'FM'[patient % 2]}||2106-3^White^HL70005|{patient % 900 + 1} {STREETS[patient % 6]}^^Springfield^IL^62704^USA"
            f"||555{patient % 10000000:07d}^PRN^PH||EN|M|CHR|{self._visit(patient)}01\r"
        )

    def _visit(self, patient: int) -> str:
        return f"V{self.tag}{patient}"

    def _name(self, patient: int) -> tuple[str, str]:
        return FAMILIES[patient % len(FAMILIES)], GIVEN[patient // len(FAMILIES) % len(GIVEN)]

    def _time(self, at: datetime) -> str:
        return at.strftime("%Y%m%d%H%M%S+0000")
