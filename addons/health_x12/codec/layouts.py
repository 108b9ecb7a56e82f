"""Which segments each guide has, which it cannot do without, and where they may stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Loop:
    """What must come between one segment and the next that ends its loop.

    :ivar start: segment id, or id and first element as ``N1*PE``
    :ivar ends: segment ids that end it (``SE`` always does)
    :ivar required: what it must have, each once at least
    """

    start: str
    ends: frozenset[str]
    required: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One guide.

    :ivar segments: ids that it has
    :ivar once: ids that it has at most once
    :ivar required: what the set must have, in any place that the other rules allow
    :ivar under: segment id → the segment that must have come before it
    :ivar before: ids that must come before the first of ``under``'s parents
    :ivar levels: HL03 → levels that its parent may have
    """

    segments: frozenset[str]
    first: str
    required: tuple[str, ...] = ()
    once: frozenset[str] = frozenset()
    loops: tuple[Loop, ...] = ()
    under: dict[str, str] | None = None
    purposes: frozenset[str] = frozenset()
    structure: str = ""
    levels: dict[str, frozenset[str]] | None = None


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _levels(**parents: str) -> dict[str, frozenset[str]]:
    return {level[1:]: _set(text) for level, text in parents.items()}


_CLAIM = (
    "BHT NM1 PER HL PRV CUR N3 N4 REF SBR PAT DMG CLM DTP PWK CN1 AMT K3 NTE CRC HI HCP CAS OI MOA MIA LX "
    "QTY LIN CTP MEA SVD LQ FRM PS1 "
)
_CLAIM_REQUIRED = ("BHT", "NM1*41", "NM1*40", "HL", "NM1*85", "SBR", "NM1*IL", "CLM")
_CLAIM_LEVELS = _levels(_20="", _22="20", _23="22")
_UNDER_CLAIM = {"LX": "CLM", "SV1": "LX", "SV2": "LX", "SVD": "LX", "HI": "CLM", "OI": "CLM", "CLM": "SBR"}

LAYOUTS = {
    "835": Layout(
        _set("BPR TRN CUR REF DTM N1 N3 N4 PER RDM LX TS3 TS2 CLP CAS NM1 MIA MOA QTY AMT SVC LQ PLB"),
        "BPR",
        ("BPR", "TRN", "N1*PR", "N1*PE"),
        _set("BPR TRN"),
        (
            Loop("CLP", _set("CLP LX PLB"), ("NM1*QC",)),
            Loop("N1*PR", _set("LX CLP PLB"), ("N3", "N4")),
        ),
        {"CLP": "LX", "CAS": "CLP", "SVC": "CLP", "NM1": "CLP", "MIA": "CLP", "MOA": "CLP", "LQ": "SVC", "AMT": "CLP"},
    ),
    "837P": Layout(
        _set(_CLAIM + "SV1 SV5 CR1 CR2 CR3"),
        "BHT",
        _CLAIM_REQUIRED,
        _set("BHT"),
        (
            Loop("CLM", _set("CLM HL"), ("HI", "LX")),
            Loop("LX", _set("LX CLM HL"), ("SV1", "DTP*472")),
        ),
        _UNDER_CLAIM,
        _set("00 18"),
        "0019",
        _CLAIM_LEVELS,
    ),
    "837I": Layout(
        _set(_CLAIM + "SV2 CL1"),
        "BHT",
        _CLAIM_REQUIRED,
        _set("BHT"),
        (
            Loop("CLM", _set("CLM HL"), ("DTP*434", "CL1", "HI", "LX")),
            Loop("LX", _set("LX CLM HL"), ("SV2",)),
        ),
        _UNDER_CLAIM,
        _set("00 18"),
        "0019",
        _CLAIM_LEVELS,
    ),
    "270": Layout(
        _set("BHT HL NM1 REF N3 N4 PER PRV TRN DMG INS HI DTP MPI EQ AMT III"),
        "BHT",
        ("BHT", "HL", "NM1*1P", "NM1*IL", "EQ"),
        _set("BHT"),
        under={"EQ": "NM1", "DMG": "NM1"},
        purposes=_set("01 13 36"),
        structure="0022",
        levels=_levels(_20="", _21="20", _22="21", _23="22"),
    ),
    "271": Layout(
        _set("BHT HL AAA NM1 REF N3 N4 PER PRV TRN DMG INS HI DTP MPI EB HSD MSG III LS LE"),
        "BHT",
        ("BHT", "HL"),
        _set("BHT"),
        under={"EB": "NM1", "DMG": "NM1"},
        purposes=_set("06 11"),
        structure="0022",
        levels=_levels(_20="", _21="20", _22="21", _23="22"),
    ),
    "276": Layout(
        _set("BHT HL NM1 TRN REF DMG AMT DTP SVC"),
        "BHT",
        ("BHT", "HL", "NM1*PR", "NM1*41", "NM1*1P", "TRN"),
        _set("BHT"),
        purposes=_set("13"),
        structure="0010",
        levels=_levels(_20="", _21="20", _19="21", _22="19", _23="22"),
    ),
    "277": Layout(
        _set("BHT HL NM1 PER TRN STC REF DTP SVC DMG"),
        "BHT",
        ("BHT", "HL", "NM1*PR", "STC"),
        _set("BHT"),
        under={"STC": "TRN"},
        purposes=_set("08"),
        structure="0010",
        levels=_levels(_20="", _21="20", _19="21", _22="19", _23="22"),
    ),
    "277CA": Layout(
        _set("BHT HL NM1 TRN DTP STC QTY AMT REF SVC"),
        "BHT",
        ("BHT", "HL", "NM1*41", "TRN", "STC"),
        _set("BHT"),
        under={"STC": "TRN"},
        purposes=_set("08"),
        structure="0085",
        levels=_levels(_20="", _21="20", _19="21", _PT="19"),
    ),
    "278": Layout(
        _set(
            "BHT HL TRN AAA UM HCR REF DTP HI HSD CL1 CR1 CR2 CR5 CR6 CRC PWK MSG NM1 N3 N4 PER PRV DMG INS SV1 SV2 SV3 TOO"
        ),
        "BHT",
        ("BHT", "HL", "NM1"),
        _set("BHT"),
        purposes=_set("01 11 13 36"),
        structure="0007",
        levels=_levels(_20="", _21="20", _22="21", _23="22", _EV="22 23", _SS="EV"),
    ),
    "999": Layout(
        _set("AK1 AK2 IK3 CTX IK4 IK5 AK9"),
        "AK1",
        ("AK1", "AK9"),
        _set("AK1 AK9"),
        (Loop("AK2", _set("AK2 AK9"), ("IK5",)),),
        {"IK3": "AK2", "IK4": "IK3", "IK5": "AK2"},
    ),
}
