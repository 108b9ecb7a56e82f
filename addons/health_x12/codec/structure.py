"""What elements may be in which segment: the subset of the 005010 dictionary that is checked.

One line per segment. An element is ``use type min max number [codes]``: use ``M`` required, ``O`` optional,
``X`` not checked; type as in appendix B.1.1.3 (``AN`` text, ``ID`` code, ``R`` decimal, ``N`` integer,
``DT`` date, ``TM`` time, ``DP`` date in the format that the element before names) or ``C`` with the name of
a composite.
"""

from __future__ import annotations

from dataclasses import dataclass

CODES = {
    "credit": {"C", "D"},
    "handling": set("CDHIPUX"),
    "method": {"ACH", "BOP", "CHK", "FWT", "NON"},
    "status": {"1", "2", "3", "4", "19", "20", "21", "22", "23", "25"},
    "group": {"CO", "CR", "OA", "PI", "PR"},
    "person": {"1", "2"},
    "level": {"19", "20", "21", "22", "23", "EV", "SS", "PT"},
    "yesno": {"Y", "N", "U", "W"},
    "order": set("ABCDEFGHPSTU"),
    "sign": {"1", "2"},
    "action": {"A1", "A2", "A3", "A4", "A6", "C", "CT", "NA"},
    "ik5": set("AEMRWX"),
    "ak9": set("AEMPRWX"),
    "tree": {"0", "1"},
    "benefit": set("123456789ABCDEFGHIJKLMNOPQRSTUVWXY") | {"MC", "CB"},
}

COMPOSITES = {
    "procedure": "M ID 2 2 235|M AN 1 48 234|O AN 2 2 1339|O AN 2 2 1339|O AN 2 2 1339|O AN 2 2 1339|O AN 1 80 352|X",
    "billed": "M ID 2 2 235|M AN 1 48 234|O AN 2 2 1339|O AN 2 2 1339|O AN 2 2 1339|O AN 2 2 1339|O AN 1 80 352|X",
    "place": "O AN 1 2 1331|M ID 1 2 1332|M ID 1 1 1325",
    "pointer": "M N 1 2 1328|O N 1 2 1328|O N 1 2 1328|O N 1 2 1328",
    "diagnosis": "M ID 1 3 1270|M AN 1 30 1271|X ID 2 3 1250|X AN 1 35 1251|X R 1 18 782|X|X|X|X",
    "reason": "M ID 2 2 426|O AN 1 50 127",
    "claim_status": "M AN 1 30 1271|M AN 1 30 1271|O ID 2 3 98|O ID 1 3 1270",
    "review": "M AN 1 30 1271|O AN 1 30 1271|O ID 2 3 98|O ID 1 3 1270",
    "context": "M AN 1 35 9999|O AN 1 35 9999",
    "position": "M N 1 2 722|O N 1 2 1528|O N 1 4 1686",
}

_TRIPLET = "O ID 1 5 1034|O R 1 18 782|O R 1 15 380"
_PAIR = "O C reason|O R 1 18 782"

_LINES = {
    "AAA": "O ID 1 1 1073 yesno|X|O ID 2 2 901|O ID 1 1 889",
    "AK1": "M ID 2 2 479|M N 1 9 28|O AN 1 12 480",
    "AK2": "M ID 3 3 143|M AN 4 9 329|O AN 1 35 1705",
    "AK9": "M ID 1 1 715 ak9|M N 1 6 97|M N 1 6 123|M N 1 6 2|O ID 1 3 716|O ID 1 3 716|O ID 1 3 716|O ID 1 3 716|O ID 1 3 716",
    "AMT": "M ID 1 3 522|M R 1 18 782|X",
    "BHT": "M ID 4 4 1005|M ID 2 2 353|O AN 1 50 127|M DT 8 8 373|O TM 4 8 337|O ID 2 2 640",
    "BPR": "M ID 1 2 305 handling|M R 1 18 782|M ID 1 1 478 credit|M ID 3 3 591 method|O ID 1 10 812|O ID 2 2 506|O AN 3 12 507"
    "|O ID 1 3 569|O AN 1 35 508|O AN 10 10 509|O AN 9 9 510|O ID 2 2 506|O AN 3 12 507|O ID 1 3 569|O AN 1 35 508"
    "|O DT 8 8 373|X|X|X|X|X",
    "CAS": "M ID 1 2 1033 group|M ID 1 5 1034|M R 1 18 782|O R 1 15 380|" + "|".join([_TRIPLET] * 5),
    "CLM": "M AN 1 38 1028|M R 1 18 782|X|X|M C place|O ID 1 1 1073|O ID 1 1 1359|O ID 1 1 1073|O ID 1 1 1363|O ID 1 1 1351"
    "|X|X|X|X|X|X|X|X|X|O ID 1 2 1514",
    "CLP": "M AN 1 38 1028|M ID 1 2 1029 status|M R 1 18 782|M R 1 18 782|O R 1 18 782|M ID 1 2 1032|M AN 1 50 127|O AN 1 2 1331"
    "|O ID 1 1 1325|X|O ID 1 4 1354|O R 1 15 380|O R 1 10 954|X",
    "CTX": "M C context|O ID 2 3 721|O N 1 10 719|O AN 1 4 447|X|X",
    "CUR": "M ID 2 3 98|M ID 3 3 100|O R 4 10 280",
    "DMG": "O ID 2 3 1250|O DP 1 35 1251|O ID 1 1 1068|X|X|X|X|X|X|X|X",
    "DTM": "M ID 3 3 374|M DT 8 8 373|X|X|X|X",
    "DTP": "M ID 3 3 374|M ID 2 3 1250|M DP 1 35 1251",
    "EB": "M ID 1 2 1390 benefit|O ID 3 3 1207|O ID* 1 2 1365|O ID 1 3 1336|O AN 1 50 1204|O ID 1 2 615|O R 1 18 782|O R 1 10 954"
    "|O ID 2 2 673|O R 1 15 380|O ID 1 1 1073 yesno|O ID 1 1 1073 yesno|O C procedure|X",
    "EQ": "O ID* 1 2 1365|O C procedure|O ID 3 3 1207|X|X",
    "HCP": "M ID 2 2 1473|X|X|X|X|X|X|X|X|X|X|X|X|X|X",
    "HCR": "M ID 1 2 306 action|O AN 1 50 127|O AN 1 30 1271|O ID 1 1 1073",
    "HI": "M C diagnosis|" + "|".join(["O C diagnosis"] * 11),
    "HL": "M AN 1 12 628|O AN 1 12 734|M ID 1 2 735 level|O ID 1 1 736 tree",
    "IK3": "M ID 2 3 721|M N 1 10 719|O AN 1 4 447|O ID 1 3 620",
    "IK4": "M C position|O N 1 4 725|M ID 1 3 621|O AN 1 99 724",
    "IK5": "M ID 1 1 717 ik5|O ID 1 3 618|O ID 1 3 618|O ID 1 3 618|O ID 1 3 618|O ID 1 3 618",
    "INS": "M ID 1 1 1073 yesno|M ID 2 2 1069|X|X|X|X|X|X|X|X|X|X|X|X|X|X|X",
    "LE": "M AN 1 4 447",
    "LQ": "O ID 1 3 1270|M AN 1 30 1271",
    "LS": "M AN 1 4 447",
    "LX": "M N 1 6 554",
    "MIA": "M R 1 15 380|" + "|".join(["O R 1 18 782"] * 3) + "|O AN 1 50 127|" + "|".join(["O R 1 18 782"] * 9)
    + "|O R 1 15 380|" + "|".join(["O R 1 18 782"] * 4) + "|" + "|".join(["O AN 1 50 127"] * 4) + "|O R 1 18 782",
    "MOA": "O R 1 10 954|O R 1 18 782|O AN 1 50 127|O AN 1 50 127|O AN 1 50 127|O AN 1 50 127|O AN 1 50 127|O R 1 18 782|O R 1 18 782",
    "N1": "M ID 2 3 98|O AN 1 60 93|O ID 1 2 66|O AN 2 80 67|X|X",
    "N3": "M AN 1 55 166|O AN 1 55 166",
    "N4": "O AN 2 30 19|O ID 2 2 156|O ID 3 15 116|O ID 2 3 26|X|X|O ID 1 3 1715",
    "NM1": "M ID 2 3 98|M ID 1 1 1065 person|O AN 1 60 1035|O AN 1 35 1036|O AN 1 25 1037|O AN 1 10 1038|O AN 1 10 1039|O ID 1 2 66"
    "|O AN 2 80 67|X|X|X",
    "OI": "X|X|O ID 1 1 1073 yesno|O ID 1 1 1351|X|O ID 1 1 1363",
    "PAT": "O ID 2 2 1069|X|X|X|O ID 2 3 1250|O DP 1 35 1251|O ID 2 2 355|O R 1 10 81|O ID 1 1 1073",
    "PER": "M ID 2 2 366|O AN 1 60 93|O ID 2 2 365|O AN 1 256 364|O ID 2 2 365|O AN 1 256 364|O ID 2 2 365|O AN 1 256 364|X",
    "PLB": "M AN 1 50 127|M DT 8 8 373|M C reason|M R 1 18 782|" + "|".join([_PAIR] * 5),
    "PRV": "M ID 1 3 1221|O ID 2 3 128|O AN 1 50 127|X|X|X",
    "QTY": "M ID 2 2 673|O R 1 15 380|X|X",
    "REF": "M ID 2 3 128|M AN 1 50 127|X|X",
    "SBR": "M ID 1 1 1138 order|O ID 2 2 1069|O AN 1 50 127|O AN 1 60 93|O ID 1 3 1336|X|X|X|O ID 1 2 1032",
    "STC": "M C claim_status|M DT 8 8 373|O ID 1 2 306|O R 1 18 782|O R 1 18 782|O DT 8 8 373|X|O DT 8 8 373|O AN 1 16 429"
    "|O C claim_status|O C claim_status|O AN 1 264 933",
    "SV1": "M C procedure|M R 1 18 782|M ID 2 2 355|M R 1 15 380|O AN 1 2 1331|X|M C pointer|X|O ID 1 1 1073|X|O ID 1 1 1073|O ID 1 1 1073"
    "|X|X|O ID 1 1 1327|X|X|X|X|X|X",
    "SV2": "M AN 1 48 234|O C procedure|M R 1 18 782|M ID 2 2 355|M R 1 15 380|X|O R 1 18 782|X|X|X",
    "835:SVC": "M C procedure|M R 1 18 782|M R 1 18 782|O AN 1 48 234|O R 1 15 380|O C billed|O R 1 15 380",
    "278:SV1": "M C procedure|O R 1 18 782|O ID 2 2 355|O R 1 15 380|X|X|O C pointer|X|X|X|X|X|X|X|X|X|X|X|X|X|X",
    "SVC": "M C procedure|M R 1 18 782|O R 1 18 782|O AN 1 48 234|O R 1 15 380|O C billed|O R 1 15 380",
    "SVD": "M AN 2 80 67|M R 1 18 782|M C procedure|O AN 1 48 234|M R 1 15 380|O N 1 6 554",
    "TRN": "M ID 1 2 481|M AN 1 50 127|O AN 10 10 509|O AN 1 50 127",
    "UM": "M ID 2 2 1525|O ID 1 1 1322|O ID 1 2 1365|X|X|O ID 1 3 1338|X|X|X|X",
    "HSD": "O ID 2 2 673|O R 1 15 380|O ID 2 2 355|O R 1 6 1167|O ID 1 2 615|O N 1 3 616|O ID 1 2 678|O ID 1 1 679",
}  # fmt: skip


@dataclass(frozen=True)
class Element:
    """What one element must be."""

    required: bool
    type: str
    least: int
    most: int
    reference: str
    codes: frozenset[str] | None = None
    components: tuple[Element | None, ...] = ()
    repeats: bool = False


def _element(text: str) -> Element | None:
    parts = text.split()
    if parts[0] == "X":
        return None
    if parts[1] == "C":
        return Element(parts[0] == "M", "C", 0, 0, "", components=_elements(COMPOSITES[parts[2]]))
    codes = frozenset(CODES[parts[5]]) if len(parts) > 5 else None
    kind = parts[1]
    return Element(
        parts[0] == "M", kind.rstrip("*"), int(parts[2]), int(parts[3]), parts[4], codes, repeats=kind.endswith("*")
    )


def _elements(line: str) -> tuple[Element | None, ...]:
    return tuple(_element(part) for part in line.split("|"))


#: Segment id, or guide and segment id where a guide differs → its elements.
SEGMENTS: dict[str, tuple[Element | None, ...]] = {name: _elements(line) for name, line in _LINES.items()}
#: Segments of the guides whose elements are not checked.
OTHERS = frozenset(
    "CL1 CN1 CR1 CR2 CR3 CR5 CR6 CRC CTP FRM HCP III K3 LIN LUI MEA MPI MSG NTE PS1 PWK RDM SV4 SV5 SV6 SVC TOO TS2 TS3 "
    "TST UM2".split()
)
