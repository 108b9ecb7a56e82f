"""What can be wrong with an X12 file, in the terms of 999 (005010X231A1) and TA1 (005010 appendix C)."""

from __future__ import annotations

from dataclasses import dataclass

#: Where an issue belongs: it decides which segment of an acknowledgement names it.
INTERCHANGE, GROUP, SET, SEGMENT, ELEMENT = "interchange", "group", "set", "segment", "element"

#: TA105, interchange note codes that this codec gives.
NOTES = {
    "000": "No error",
    "001": "Control numbers of ISA and IEA differ",
    "003": "Version of the interchange is not supported",
    "004": "Segment terminator is not usable",
    "005": "Sender's qualifier is not valid",
    "007": "Receiver's qualifier is not valid",
    "012": "Security qualifier is not valid",
    "014": "Interchange date is not valid",
    "015": "Interchange time is not valid",
    "016": "Interchange standards identifier is not valid",
    "018": "Interchange control number is not valid",
    "020": "Test indicator is not valid",
    "021": "Number of groups differs from IEA01",
    "022": "Control structure is not valid",
    "023": "File ends too early",
    "024": "Interchange content is not valid",
    "025": "Interchange control number came before",
    "026": "Element separator is not usable",
    "027": "Component separator is not usable",
}

#: AK905, functional group errors.
GROUP_CODES = {
    "1": "Functional group is not supported",
    "2": "Functional group version is not supported",
    "3": "Functional group trailer is missing",
    "4": "Control numbers of GS and GE differ",
    "5": "Number of transaction sets differs from GE01",
    "6": "Group control number is not valid",
    "19": "Group control number is not unique in the interchange",
}

#: IK502, transaction set errors.
SET_CODES = {
    "1": "Transaction set is not supported",
    "2": "Transaction set trailer is missing",
    "3": "Control numbers of ST and SE differ",
    "4": "Number of segments differs from SE01",
    "5": "One or more segments are in error",
    "7": "Transaction set control number is missing or not valid",
    "18": "Transaction set does not belong into this functional group",
    "19": "Implementation convention reference is not valid",
    "23": "Transaction set control number is not unique in the group",
    "I6": "Implementation convention is not supported",
}

#: IK304, segment errors.
SEGMENT_CODES = {
    "1": "Segment is not recognized",
    "2": "Segment is not expected",
    "3": "Required segment is missing",
    "5": "Segment exceeds its maximum use",
    "7": "Segment is not in its place",
    "8": "Segment has element errors",
}

#: IK403, element errors.
ELEMENT_CODES = {
    "1": "Required element is missing",
    "2": "Conditionally required element is missing",
    "3": "Too many elements",
    "4": "Element is too short",
    "5": "Element is too long",
    "6": "Element has a character that is not valid",
    "7": "Code value is not valid",
    "8": "Date is not valid",
    "9": "Time is not valid",
    "12": "Too many repetitions",
    "13": "Too many components",
}

_TEXTS = {
    INTERCHANGE: NOTES,
    GROUP: GROUP_CODES,
    SET: SET_CODES,
    SEGMENT: SEGMENT_CODES,
    ELEMENT: ELEMENT_CODES,
}


@dataclass(frozen=True)
class Issue:
    """One finding; says what and where, never a value of the file.

    :ivar level: ``interchange``, ``group``, ``set``, ``segment`` or ``element``
    :ivar code: TA105, AK905, IK502, IK304 or IK403, as ``level`` says
    :ivar segment: segment id, e.g. ``CLP``
    :ivar position: number of the segment in its transaction set (ST is 1); 0 outside of one
    :ivar number: number of the segment in the file (the first ISA is 1)
    :ivar element: number of the element, 0 for the segment as such
    :ivar component: number of the component, 0 for the element as such
    :ivar repetition: number of the repetition, 0 for the only one
    :ivar reference: data element number of the X12 dictionary (IK402)
    :ivar detail: a few words more
    :ivar warning: noticed, but no reason to refuse
    """

    level: str
    code: str
    segment: str = ""
    position: int = 0
    number: int = 0
    element: int = 0
    component: int = 0
    repetition: int = 0
    reference: str = ""
    detail: str = ""
    warning: bool = False

    @property
    def text(self) -> str:
        """The finding in plain English."""
        return self.detail or _TEXTS[self.level].get(self.code, self.code)

    @property
    def location(self) -> str:
        """``CLP03-1`` with the numbers of the segment."""
        where = self.segment
        if self.element:
            where += f"{self.element:02d}"
            if self.component:
                where += f"-{self.component}"
        numbers = []
        if self.position:
            numbers.append(f"segment {self.position} of the set")
        if self.number:
            numbers.append(f"segment {self.number} of the file")
        return " ".join(part for part in (where, f"({', '.join(numbers)})" if numbers else "") if part)

    def __str__(self) -> str:
        where = self.location
        return f"{self.level} {self.code}: {self.text}{f' at {where}' if where else ''}"


class X12Error(ValueError):
    """The file, or this place of it, cannot be read or written.

    :ivar issue: what and where
    """

    def __init__(self, issue: Issue):
        super().__init__(issue)
        self.issue = issue

    def __str__(self) -> str:
        return str(self.issue)


def refuse(level: str, code: str, detail: str = "", **where) -> X12Error:
    """Shorthand for an error with its issue."""
    return X12Error(Issue(level, code, detail=detail, **where))
