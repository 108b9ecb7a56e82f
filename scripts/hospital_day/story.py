"""What happens to whom on the day."""

from __future__ import annotations

from datetime import timedelta

from . import adt
from .world import Person, Visit

DIAGNOSES = ("I10", "E11.9", "J18.9", "K35.80", "S52.501A", "N39.0", "R07.9", "O80", "M54.5", "Z00.00")


def tell(day) -> None:
    """Tell the day of every patient, drawing people in a fixed order."""
    patients = day.admissible()
    queue = iter(patients)

    def take(count: int) -> list[Person]:
        return [next(queue) for _ in range(count)]

    for number, person in enumerate(take(66)):
        inpatient(day, person, number)
    for number, person in enumerate(take(56)):
        emergency(day, person, number)
    for number, person in enumerate(take(76)):
        outpatient(day, person, number)
    for person in take(16):
        recurring(day, person)
    for person in take(10):
        birth(day, person)
    for number, person in enumerate(take(10)):
        cancelled(day, person, number)
    for number, person in enumerate(take(14)):
        registered_only(day, person, number)
    for person in take(4):
        outpatient_turned_inpatient(day, person)
    for person in take(3):
        inpatient_turned_outpatient(day, person)
    for person in take(4):
        planned(day, person)
    for number, person in enumerate(take(6)):
        unknown_visit(day, person, number)
    for number, person in enumerate(take(4)):
        unknown_payer(day, person, number)
    for number, person in enumerate(take(4)):
        unknown_place(day, person, number)
    conflicts(day, take(4))
    merges(day, take(9))
    unknown_facility(day, take(2))
    unmapped_codes(day)
    assert next(queue, None) is None, "every patient has a story"


# -- kinds of stay --------------------------------------------------------------------


def inpatient(day, person: Person, number: int) -> None:
    rng = day.rng
    visit = day.visit(person, "I")
    last = number % 5 != 4  # every fifth stays over night
    if number < 8:
        visit.letter, letter = "P", visit.letter
        day.visit_says("A05", visit)
        visit.letter = letter
    late_admission = number in (20, 21, 22, 23)
    update_first = number in (24, 25, 26, 27, 28, 29)
    if late_admission:
        if number == 20:
            day.be_late(person)
        out_of_order_discharge(day, visit)
        charges(day, visit, (2, 4))
        return
    if update_first:
        day.visit_says("A08", visit, note="A08 before A01", diagnosis=rng.choice(DIAGNOSES))
    day.visit_says("A01", visit, diagnosis=rng.choice(DIAGNOSES), accept="AL" if number % 9 == 0 else "")
    if number % 4 == 0:
        visit.coverages = day.people.coverages(person) or visit.coverages
    for _ in range(rng.choice((1, 1, 2))):
        day.visit_says("A08", visit, cover=rng.random() < 0.5 or number % 4 == 0, diagnosis=rng.choice(DIAGNOSES))
    for _ in range(rng.choice((0, 1, 1, 2))):
        day.move(visit)
        day.visit_says("A02", visit, minutes=45, cover=False)
    if number % 6 == 1:
        before = visit.place
        day.move(visit)
        day.visit_says("A02", visit, minutes=30, cover=False)
        day.move(visit, before)
        day.visit_says("A12", visit, minutes=10, cover=False)
        visit.prior_place = None
    if last:
        discharge(day, visit)
        if number % 7 == 3:
            visit.discharged_at = None
            day.visit_says("A13", visit, cover=False)
            discharge(day, visit)
    if number in (30, 31, 32):
        day.be_late(person)
    charges(day, visit, (3, 5))


def emergency(day, person: Person, number: int) -> None:
    rng = day.rng
    visit = day.visit(person, "E")
    day.visit_says("A04", visit, diagnosis=rng.choice(DIAGNOSES))
    if rng.random() < 0.6:
        day.visit_says("A08", visit, cover=rng.random() < 0.5, diagnosis=rng.choice(DIAGNOSES))
    if number % 4 == 0:
        visit.letter = "I"
        day.move(visit)
        day.visit_says("A06", visit, minutes=90)
        day.move(visit)
        day.visit_says("A02", visit, minutes=90, cover=False)
    if number % 8 != 7:
        discharge(day, visit)
    if number in (10, 11):
        day.be_late(person)
    charges(day, visit, (2, 4))


def outpatient(day, person: Person, number: int) -> None:
    rng = day.rng
    if number % 6 == 0:
        person_says(day, "A28", person)
    first = day.visit(person, "O")
    visits = [first]
    if number % 4 == 0:
        visits.append(day.visit(person, "O", facility=first.facility))
    for visit in visits:
        if number in (13, 14):
            day.visit_says("A08", visit, note="A08 before A04")
        day.visit_says("A04", visit, diagnosis=rng.choice(DIAGNOSES))
        if rng.random() < 0.5:
            day.visit_says("A08", visit)
        if rng.random() < 0.4:
            discharge(day, visit)
        charges(day, visit, (1, 2))
    if number in (16, 17, 18):
        day.be_late(person)
    if number % 10 == 5:
        person.phone = "" if number % 20 == 5 else person.phone[:-1] + "0"
        person_says(day, "A31", person)


def recurring(day, person: Person) -> None:
    visit = day.visit(person, "R")
    visit.admitted_at = visit.clock = day.at(8, days=-2)
    day.visit_says("A04", visit)
    visit.clock = day.at(9)
    day.visit_says("A08", visit)
    charges(day, visit, (2, 3), days=(-1, 0))


def birth(day, person: Person) -> None:
    visit = day.visit(person, "B")
    day.visit_says("A01", visit, diagnosis="O80")
    day.move(visit)
    day.visit_says("A02", visit, minutes=120, cover=False)
    discharge(day, visit)
    charges(day, visit, (2, 3))


def cancelled(day, person: Person, number: int) -> None:
    """Admitted by mistake; what is charged after that waits for a person."""
    visit = day.visit(person, "IOE"[number % 3])
    day.visit_says("A04" if visit.letter != "I" else "A01", visit)
    day.visit_says("A11", visit, cover=False)
    if number < 4:
        day.charges_say(
            "EHR", visit, [day.cashier.line("EHR", visit, day.day)], wave=2, note="charge of a cancelled visit"
        )


def registered_only(day, person: Person, number: int) -> None:
    person_says(day, "A28", person, accept="AL" if number % 5 == 0 else "")
    if number % 2:
        person.street = f"{number} Newly Moved Crescent"
        person_says(day, "A31", person)


def outpatient_turned_inpatient(day, person: Person) -> None:
    visit = day.visit(person, "O")
    day.visit_says("A04", visit)
    visit.letter = "I"
    day.move(visit)
    day.visit_says("A06", visit, minutes=60)
    discharge(day, visit)
    charges(day, visit, (2, 2), wave=2)


def inpatient_turned_outpatient(day, person: Person) -> None:
    visit = day.visit(person, "I")
    visit.admitted_at = visit.clock = day.at(7)
    day.visit_says("A01", visit)
    visit.letter = "O"
    day.move(visit)
    day.visit_says("A07", visit, minutes=60)
    charges(day, visit, (2, 2))


def planned(day, person: Person) -> None:
    visit = day.visit(person, "P")
    day.visit_says("A05", visit)


# -- things that need a person -----------------------------------------------------------


def unknown_visit(day, person: Person, number: int) -> None:
    """Charges of a visit that nobody ever announces."""
    person_says(day, "A28", person)
    visit = day.visit(person, "O")
    for _ in range(1 + number % 2):
        day.charges_say("EHR", visit, day.cashier.lines("EHR", visit, day.day), note="charge of an unknown visit")
    if number % 3 == 0:
        day.charges_say("LAB", visit, day.cashier.lines("LAB", visit, day.day), note="charge of an unknown visit")


def unknown_payer(day, person: Person, number: int) -> None:
    """The primary payer is unknown (the secondary, for the last): its visit's charges wait."""
    known = day.people.coverages(person)
    if number == 3:
        known = known or [day.people.coverage(person, "EVG01", "Evergreen Health Plan", 1)]
        person.coverages = [known[0], day.people.unknown_coverage(person, 2)]
    else:
        person.coverages = [day.people.unknown_coverage(person)]
    visit = day.visit(person, "IOE"[number % 3])
    day.visit_says("A01" if visit.letter == "I" else "A04", visit)
    for _ in range(2):
        day.charges_say("EHR", visit, day.cashier.lines("EHR", visit, day.day), note="unknown payer")
    if visit.letter != "O":
        discharge(day, visit)


def unknown_place(day, person: Person, number: int) -> None:
    """The visit, or a charge, is in a unit that is not mapped."""
    visit = day.visit(person, "I")
    unit = day.master.raw["unmapped_units"][visit.facility.code]
    day.visit_says("A01", visit)
    if number < 2:
        day.move(visit, (unit, "1", "A"))
        day.visit_says("A02", visit, cover=False)
        lines = [day.cashier.line("EHR", visit, day.day, unit="") for _ in range(2)]
        day.charges_say("EHR", visit, lines, note="visit in an unmapped unit")
    lines = [day.cashier.line("EHR", visit, day.day, unit=unit), day.cashier.line("EHR", visit, day.day, unit="")]
    day.charges_say("EHR", visit, lines, note="unmapped location")
    discharge(day, visit)


def unknown_facility(day, persons: list[Person]) -> None:
    for number, person in enumerate(persons):
        visit = day.visit(person, "O")
        day.visit_says("A04", visit, sending=("XMC", "XMC")[number], note="unknown facility")


def conflicts(day, persons: list[Person]) -> None:
    """Two registered patients, then a message that claims that they are one."""
    for one, other in zip(persons[::2], persons[1::2], strict=True):
        other.authority = one.authority
        for person in (one, other):
            person_says(day, "A28", person)
        person_says(day, "A31", one, wave=2, ids=[*one.ids[:1], *other.ids[:1]], note="identifier conflict")


def unmapped_codes(day) -> None:
    """Charges with codes that nobody has mapped, on visits of their own so that only the code is wrong."""
    for system in ("EHR", "LAB"):
        visits = [v for v in day.clean_visits if v.facility.code != "RCC"][3:40:4]
        for number, visit in enumerate(visits):
            service = day.cashier.unmapped[system][number % len(day.cashier.unmapped[system])]
            lines = [
                day.cashier.line(system, visit, day.day, service=service),
                day.cashier.line(system, visit, day.day),
            ]
            day.charges_say(system, visit, lines, note="unmapped service")
            if system == "EHR" and number in (1, 2):
                mapped = day.cashier.line(system, visit, day.day)
                corrected = {**mapped, "transaction": lines[0]["transaction"]}
                day.charges_say(system, visit, [corrected], note="corrected service code")
    visit = day.clean_visits[2]
    unknown = [{**day.cashier.line("LAB", visit, day.day), "unit": "1NEW"}]
    day.charges_say("LAB", visit, unknown, note="unmapped location")


# -- merges ----------------------------------------------------------------------------------


def merges(day, survivors: list[Person]) -> None:
    """Second registrations, found and merged: single, three at once, a chain, and one that arrives late."""
    pairs = []
    for survivor in survivors[5:8]:  # one message names all three, so they are of one enterprise
        survivor.authority = "LAKE"
    for number, survivor in enumerate(survivors):
        visit = stay(day, survivor)
        prior = day.people.twin(survivor)
        if number % 2 == 0:
            stay(day, prior, facility=visit.facility)
        else:
            person_says(day, "A28", prior)
        pairs.append((survivor, prior))
    for pair in pairs[:5]:
        merge(day, [pair])
    merge(day, pairs[5:8], note="merge of three pairs")
    last, prior = pairs[8]
    first = day.people.twin(last)
    merge(day, [(prior, first)], note="merge before the registration")
    stay(day, first, facility=day.master.facilities["LMC" if last.authority == "LAKE" else "RCC"])
    merge(day, [(last, prior)], note="merge chain")
    third = day.people.twin(last)
    person_says(day, "A28", third)
    merge(day, [(last, third)])
    fourth = day.people.twin(last)
    person_says(day, "A28", fourth)
    merge(day, [(last, fourth)])


def merge(day, pairs, note="merge") -> None:
    control = day.control("ehr-adt")
    sending = day.master.facilities["LMC" if pairs[0][0].authority == "LAKE" else "RCC"].sending["EHR"]
    written = adt.merge_event(control, pairs, sending, day.at(18))
    day.say("ehr-adt", pairs[0][0].mrn, written, control, note=note)


def stay(day, person: Person, facility=None) -> Visit:
    """An outpatient visit with charges."""
    visit = day.visit(person, "O", facility=facility)
    day.visit_says("A04", visit)
    charges(day, visit, (2, 2))
    return visit


# -- parts ----------------------------------------------------------------------------------


def person_says(day, event: str, person: Person, *, wave=1, note="", accept="", ids=None) -> None:
    control = day.control("ehr-adt")
    facility = next(f for f in day.master.facilities.values() if f.authority == person.authority)
    written = adt.person_event(control, event, person, facility.sending["EHR"], day.at(9), ids=ids, accept=accept)
    day.say("ehr-adt", person.mrn, written, control, wave=wave, note=note or event, ack="CA" if accept else "AA")


def discharge(day, visit: Visit, *, cover=False) -> None:
    visit.discharged_at = visit.clock + timedelta(minutes=60)
    day.visit_says("A03", visit, minutes=60, cover=cover)


def out_of_order_discharge(day, visit: Visit) -> None:
    """The discharge overtakes the admission."""
    admitted = visit.clock
    visit.clock = admitted + timedelta(hours=3)
    discharge(day, visit, cover=True)
    visit.discharged_at, visit.clock = None, admitted
    day.visit_says("A01", visit, note="A03 before A01")


def charges(day, visit: Visit, span: tuple[int, int], *, days=(0,), wave=1) -> None:
    """Charges of both systems, then repetitions, amendments and credits of some of them."""
    rng, cashier = day.rng, day.cashier
    if wave == 1:
        day.clean_visits.append(visit)
    for system, count in (("EHR", rng.randint(*span)), ("LAB", rng.choices((0, 1, 2), (35, 45, 20))[0])):
        said = []
        for number in range(count):
            when = day.day + timedelta(days=days[number % len(days)])
            lines = cashier.lines(system, visit, when)
            if system == "EHR" and rng.random() < 0.06:
                lines.append(cashier.line(system, visit, when, service=rng.choice(cashier.courtesy)))
            day.charges_say(
                system, visit, lines, wave=wave, event="P11" if system == "EHR" and rng.random() < 0.03 else "P03"
            )
            said.append(lines)
        for lines in said:
            draw = rng.random()
            later = 2 if rng.random() < 0.25 else wave
            if draw < 0.03:
                day.charges_say(system, visit, lines, wave=later, note="same charges again")
            elif draw < 0.10:
                day.charges_say(system, visit, cashier.amended(lines), wave=later, note="amendment")
            elif draw < 0.16:
                day.charges_say(system, visit, cashier.credited(lines), wave=later, note="credit")
    if rng.random() < 0.015:
        stray = cashier.credited([cashier.line("EHR", visit, day.day)])
        day.charges_say("EHR", visit, stray, note="credit of an unknown charge")
