"""Messages for the tests, built segment by segment."""

MSH = "MSH|^~\\&|EHR|NORTH|ODOO|CITY|20260305101500+0000||{type}|{control}|P|2.5.1"
EVN = "EVN|{event}|20260305101400+0000"
PID = (
    "PID|1||100234^^^NORTH^MR~999887777^^^SSA^SS||Everyman^Adam^J^III^^^L||19610615|M||"
    "|1200 N Elm Street^Apt 4^Greensboro^NC^27401-1020^USA||(336)555-0123^PRN^PH"
    "~^NET^Internet^adam@example.org|||||ACC10023^^^NORTH^AN"
)
PV1 = (
    "PV1|1|I|4E^136^B^NORTH|||2W^1^A|0148^Attend^Aaron^^^^MD^^NPI&1.2&ISO||||||||||||V20001^^^NORTH^VN"
    "|||||||||||||||||||||||||20260305101300+0000"
)
FT1 = "FT1|1|T900||20260304|20260305|CG|71045^Chest x-ray^L|||2|100.50|50.25||||4E^136|||R07.9~I10|0148^Attend^Aaron"


def message(event="A01", *, kind="ADT", control="C1", msh=None, evn=None, pid=PID, pv1=PV1, more=(), end="\r") -> bytes:
    """Return a message; ``msh`` and the other segments replace the default, ``""`` leaves one out."""
    head = MSH.format(type=f"{kind}^{event}^{kind}_{event}", control=control) if msh is None else msh
    lines = [head, EVN.format(event=event) if evn is None else evn, pid, pv1, *more]
    return "".join(line + end for line in lines if line).encode()


def charges(*segments: str, event="P03", **options) -> bytes:
    """Return a DFT with these FT1 segments."""
    return message(event, kind="DFT", more=segments or (FT1,), **options)


def replaced(segment: str, number: int, value: str) -> str:
    """Return a segment with one field replaced (any segment but MSH)."""
    fields = segment.split("|")
    fields += [""] * (number + 1 - len(fields))
    fields[number] = value
    return "|".join(fields)


def header(**fields: str) -> str:
    """Return an MSH segment; ``header(f10="X")`` replaces MSH-10."""
    parts = MSH.format(type="ADT^A01^ADT_A01", control="C1").split("|")
    parts += [""] * (25 - len(parts))
    for name, value in fields.items():
        parts[int(name[1:]) - 1] = value
    return "|".join(parts).rstrip("|")
