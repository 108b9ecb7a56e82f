import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.health_fhir.codec import search, values
from odoo.addons.health_fhir.codec.issues import FhirError

BASE = "https://fhir.example/fhir/r4/"
BEFORE = datetime(2024, 2, 1)


class SearchCase(TransactionCase):
    """Visits of two patients, written straight into the models."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.search = cls.env["health.fhir.search"]
        cls.facility = cls.env["health.facility"].create(
            {"name": "Search Hospital", "code": "SRCH", "company_id": cls.env.company.id}
        )
        cls.anna, cls.bela = cls.env["health.patient.account"].create(
            [
                {
                    "family": "Süchmann",
                    "given": "Anna",
                    "birth_date": "1980-05-17",
                    "sex": "female",
                    "company_id": cls.env.company.id,
                    "identifier_ids": [(0, 0, {"authority": "SRCH", "type": "MR", "value": "A-1"})],
                },
                {
                    "family": "100%_Bela",
                    "given": "Zoltán",
                    "birth_date": "1990-01-31",
                    "sex": "male",
                    "company_id": cls.env.company.id,
                    "identifier_ids": [(0, 0, {"authority": "ELSE", "type": "MR", "value": "A-1"})],
                },
            ]
        )

    def visits(self, count, patient=None, **values_of):
        """Visits whose values may be functions of their number."""
        rows = []
        for number in range(count):
            row = {name: value(number) if callable(value) else value for name, value in values_of.items()}
            rows.append(
                {
                    "number": f"S{number}-{len(rows)}-{self.env['health.encounter'].search_count([])}",
                    "authority": "SRCH",
                    "account_id": (patient or self.anna).id,
                    "facility_id": self.facility.id,
                    "company_id": self.env.company.id,
                    **row,
                }
            )
        return self.env["health.encounter"].create(rows)

    def query(self, kind, text):
        pairs = [(name, part) for name, parts in parse_qs(text, keep_blank_values=True).items() for part in parts]
        return search.parse_search(kind, pairs, self.search._definitions(), strict=True, base=BASE)

    def ids(self, kind, text):
        """Record ids of the matches, in order."""
        return [row.res_id for row in self.search._page(self.query(kind, text), 500).matches]

    def patients(self, text):
        return self.env["health.patient.account"].browse(self.ids("Patient", text)) & (self.anna | self.bela)

    def walk(self, kind, text, size):
        """Record ids page by page."""
        pages, cursor = [], ""
        while True:
            self.assertLess(len(pages), 100, "the pages do not end")
            query = self.query(kind, f"{text}&_count={size}" + (f"&_cursor={cursor}" if cursor else ""))
            page = self.search._page(query, 500)
            pages.append([row.res_id for row in page.matches])
            cursor = page.next_cursor
            if not cursor:
                return pages


@tagged("post_install", "-at_install")
class TestSearch(SearchCase):
    def test_dates_agree_with_the_definition_of_prefixes(self):
        """SQL over the columns says what intervals say, for open, closed, touching and missing ends."""
        ends = (172_799, 0, 3600, 86_399, 86_400, None)
        visits = self.visits(
            60,
            self.bela,
            admitted_at=lambda n: None if n % 7 == 6 else BEFORE + timedelta(hours=n * 7),
            discharged_at=lambda n: (
                None if ends[n % 6] is None else BEFORE + timedelta(hours=n * 7, seconds=ends[n % 6])
            ),
        )
        texts = (
            "2024",
            "2024-02",
            "2024-02-02",
            "2024-02-03",
            "2024-02-05T07:00Z",
            "2024-02-02T18:00:00Z",
            "2023",
            "2025-01-01",
        )
        for prefix in ("", "ne", "gt", "lt", "ge", "le", "sa", "eb"):
            for text in texts:
                span = values.read("date", prefix + text)
                expected = set()
                for visit in visits:
                    low, high = visit.admitted_at, visit.discharged_at
                    if (low or high) and values.covers(
                        span,
                        low and low.replace(tzinfo=UTC),
                        high and high.replace(tzinfo=UTC) + timedelta(seconds=1),
                    ):
                        expected.add(visit.id)
                found = set(self.ids("Encounter", f"patient=pat-{self.bela.id}&date={prefix}{text}"))
                self.assertEqual(found, expected, prefix + text)

    def test_birth_dates(self):
        self.assertEqual(self.patients("birthdate=1980-05-17"), self.anna)
        self.assertEqual(self.patients("birthdate=1980-05"), self.anna)
        self.assertEqual(self.patients("birthdate=1980-05&birthdate=gt1980-05-17"), self.anna.browse())
        self.assertEqual(self.patients("birthdate=ge1980-05-17&birthdate=le1990-01-31"), self.anna | self.bela)
        self.assertEqual(self.patients("birthdate=sa1980-05-17&birthdate=lt1990-01-31"), self.anna.browse())

    def test_texts_ignore_case_and_accents_and_know_no_wildcards(self):
        self.assertEqual(self.patients("family=suchm"), self.anna)
        self.assertEqual(self.patients("family=SÜCHMANN"), self.anna)
        self.assertEqual(self.patients("name=zoltan"), self.bela)
        self.assertEqual(self.patients("family:exact=Süchmann"), self.anna)
        self.assertFalse(self.patients("family:exact=süchmann"))
        self.assertFalse(self.patients("family=uchmann"))
        self.assertEqual(self.patients("family=100%25_"), self.bela)
        self.assertFalse(self.patients("family=1%250"))
        self.assertFalse(self.patients("family=S_chmann"))

    def test_identifiers_by_system(self):
        self.env["health.fhir.naming"].create({"uri": "https://search.example/mrn", "authority": "SRCH"})
        self.assertEqual(self.patients("identifier=A-1"), self.anna | self.bela)
        self.assertEqual(self.patients("identifier=https://search.example/mrn|A-1"), self.anna)
        self.assertEqual(self.patients("identifier=urn:interop:authority:ELSE|A-1"), self.bela)
        self.assertFalse(self.patients("identifier=|A-1"))
        self.assertFalse(self.patients("identifier=https://search.example/mrn|"))

    def test_codes(self):
        visits = self.visits(4, status=lambda n: ("planned", "in_progress", "finished", "cancelled")[n])
        mine = f"patient=pat-{self.anna.id}"
        self.assertEqual(self.ids("Encounter", f"{mine}&status=in-progress"), visits[1].ids)
        self.assertEqual(
            set(self.ids("Encounter", f"{mine}&status=planned,finished")), set((visits[0] | visits[2]).ids)
        )
        self.assertEqual(
            set(self.ids("Encounter", f"{mine}&status:not=planned,finished")), set((visits[1] | visits[3]).ids)
        )
        self.assertEqual(self.ids("Encounter", f"{mine}&status=bogus"), [])
        visits[0].class_code = "emergency"
        act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        for code in ("EMER", f"{act}|EMER", f"{act}|"):
            self.assertEqual(self.ids("Encounter", f"{mine}&class={code}"), visits[0].ids, code)
        self.assertEqual(self.ids("Encounter", f"{mine}&class=|EMER"), [])

    def test_references_and_chains(self):
        visit = self.visits(1)
        self.visits(1, self.bela)
        for text in (
            f"patient=pat-{self.anna.id}",
            f"subject=Patient/pat-{self.anna.id}",
            f"subject:Patient=pat-{self.anna.id}",
            f"patient={BASE}Patient/pat-{self.anna.id}",
            "patient:identifier=urn:interop:authority:SRCH|A-1",
            "patient.identifier=urn:interop:authority:SRCH|A-1",
            "subject:Patient.family=suchmann",
        ):
            self.assertEqual(self.ids("Encounter", text), visit.ids, text)
        self.assertEqual(self.ids("Encounter", f"patient=https://other.example/Patient/pat-{self.anna.id}"), [])

    def test_pages_show_everything_once_in_every_order(self):
        visits = self.visits(
            23,
            admitted_at=lambda n: BEFORE + timedelta(days=n // 5),
            discharged_at=lambda n: None if n % 3 else BEFORE + timedelta(days=n),
        )
        mine = f"patient=pat-{self.anna.id}"
        orders = ("", "&_sort=date", "&_sort=-date", "&_sort=_id", "&_sort=-date,_id", "&_sort=_lastUpdated,-date")
        for order in (*orders, "&date=ge2024-02-01", "&date=lt2030", "&_lastUpdated=ge2020"):
            for size in (1, 5, 23, 30):
                pages = self.walk("Encounter", mine + order, size)
                flat = [record for page in pages for record in page]
                self.assertEqual(sorted(flat), sorted(visits.ids), (order, size))
                self.assertTrue(all(len(page) == size for page in pages[:-1]), (order, size))
        newest = self.ids("Encounter", f"{mine}&_sort=-date")
        starts = [self.env["health.encounter"].browse(record).admitted_at for record in newest]
        self.assertEqual(starts, sorted(starts, reverse=True))

    def test_a_page_does_not_move_when_something_is_added(self):
        self.visits(6)
        mine = f"patient=pat-{self.anna.id}"
        first = self.search._page(self.query("Encounter", f"{mine}&_count=3"), 500)
        added = self.visits(2)
        second = self.search._page(self.query("Encounter", f"{mine}&_count=3&_cursor={first.next_cursor}"), 500)
        seen = [row.res_id for row in (*first.matches, *second.matches)]
        self.assertEqual(len(set(seen)), 6)
        self.assertFalse(set(seen) & set(added.ids))

    def test_types_with_several_models_are_paged_through(self):
        partner = self.env["res.partner"].create({"name": "Srchpayer"})
        payers = self.env["health.payer"].create(
            [{"name": f"Srchpayer {n}", "company_id": False, "partner_id": partner.id} for n in range(4)]
        )
        self.env["health.facility"].create(
            [{"name": f"Srchpayer house {n}", "code": f"SP{n}", "company_id": self.env.company.id} for n in range(3)]
        )
        for size in (1, 2, 4, 7, 10):
            pages = self.walk("Organization", "name=srchpayer", size)
            self.assertEqual([len(page) for page in pages], [size] * (7 // size) + ([7 % size] if 7 % size else []))
        kind = "http://terminology.hl7.org/CodeSystem/organization-type|pay"
        self.assertEqual(set(self.ids("Organization", f"name=srchpayer&type={kind}")), set(payers.ids))

    def test_a_cursor_that_is_none(self):
        for cursor in ("x", "1", "1-x", "9-9", "0-99999999999999999999"):
            query = self.query("Encounter", f"_cursor={cursor}")
            try:
                self.assertEqual(self.search._page(query, 5).matches, [])
            except FhirError as failure:
                self.assertEqual(failure.status, 400)

    def test_totals(self):
        self.visits(7)
        mine = f"patient=pat-{self.anna.id}"
        totals = {
            "": 7,
            "&_count=3": None,
            "&_count=3&_total=accurate": 7,
            "&_count=3&_total=estimate": 7,
            "&_summary=count": 7,
            "&_count=0": 7,
        }
        for more, total in totals.items():
            page = self.search._page(self.query("Encounter", mine + more), 500)
            self.assertEqual(page.total, total, more)
        self.assertEqual(page.matches, [])

    def test_deleted_resources_are_not_found(self):
        visit = self.visits(1)
        row = self.env["health.fhir.resource"].create(
            {"type": "Encounter", "fhir_id": "gone-1", "res_model": "health.encounter", "res_id": visit.id}
        )
        mine = f"patient=pat-{self.anna.id}"
        self.assertEqual(self.ids("Encounter", mine), visit.ids)
        self.assertEqual(self.ids("Encounter", "_id=gone-1"), visit.ids)
        row.deleted = True
        self.assertEqual(self.ids("Encounter", mine), [])
        self.assertEqual(self.ids("Encounter", "_id=gone-1"), [])

    def test_last_updated_is_the_later_of_record_and_version(self):
        old, new = self.visits(2)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE health_encounter SET write_date = '2021-06-01 12:00' WHERE id IN %s", [(old | new)._ids]
        )
        self.env["health.fhir.resource"].create(
            {
                "type": "Encounter",
                "fhir_id": "upd-1",
                "res_model": "health.encounter",
                "res_id": new.id,
                "last_updated": "2022-01-01 00:00:00",
            }
        )
        mine = f"patient=pat-{self.anna.id}"
        expected = {
            "ge2021-06-01": old | new,
            "gt2021-06-01": new,
            "lt2021-06-02": old,
            "2021-06": old,
            "2022": new,
            "ne2022": old,
            "sa2022": old.browse(),
            "eb2022-01-01": old,
            "le2022-01-01": old | new,
        }
        for text, visits in expected.items():
            self.assertEqual(set(self.ids("Encounter", f"{mine}&_lastUpdated={text}")), set(visits.ids), text)

    def test_conditions_must_be_understood(self):
        for text in ("favourite=1", "identifier:text=1", "_sort=favourite"):
            with self.assertRaises(FhirError):
                self.search._match("Patient", [tuple(text.split("="))], 2)
        with self.assertRaises(FhirError) as caught:
            self.search._match("Patient", [("_count", "5")], 2)
        self.assertEqual(caught.exception.status, 412)
        found = self.search._match("Patient", [("identifier", "A-1")], 2)
        self.assertEqual(len(found), 2)

    def test_includes_without_repetition(self):
        self.visits(3)
        page = self.search._page(
            self.query(
                "Encounter", f"patient=pat-{self.anna.id}&_include=Encounter:patient&_include=Encounter:subject"
            ),
            500,
        )
        self.assertEqual([(row.type, row.res_id) for row in page.includes], [("Patient", self.anna.id)])
        page = self.search._page(
            self.query("Patient", f"_id=pat-{self.anna.id},pat-{self.bela.id}&_revinclude=Encounter:patient"), 500
        )
        self.assertEqual({row.type for row in page.includes}, {"Encounter"})
        self.assertEqual(len(page.includes), 3)
        nothing = self.search._page(
            self.query("Patient", f"_id=pat-{self.anna.id}&_revinclude=Encounter:patient"), 500, lambda kind: False
        )
        self.assertEqual(nothing.includes, [])


@tagged("post_install", "-at_install")
class TestPlans(SearchCase):
    """Every parameter of the great tables has an index: no search reads a table from end to end."""

    GREAT = {"health_encounter", "health_patient_account", "health_charge", "health_coverage"}
    SAMPLES = {"token": "x", "string": "suchm", "date": "2024-02-03", "reference": "x-1"}

    def scans(self, plan):
        """Relations that a plan reads without any condition that an index serves."""
        found = []
        served = plan.get("Index Cond") or plan["Node Type"] == "Bitmap Heap Scan"
        if plan.get("Relation Name") in self.GREAT and not served:
            found.append(f"{plan['Node Type']} on {plan['Relation Name']}")
        for part in plan.get("Plans", ()):
            found.extend(self.scans(part))
        return found

    def samples(self, kind, name, param):
        known = {
            "_id": f"pat-{self.anna.id}",
            "status": {"Encounter": "finished", "Coverage": "active", "ChargeItem": "billed"}.get(kind, "inactive"),
            "class": "EMER",
            "gender": "other",
            "active": "false",
        }
        if param.kind == "reference" and "Patient" in param.targets:
            return f"pat-{self.anna.id}"
        if kind == "Account" and name == "identifier":
            return "PA0000007"
        return known.get(name, self.SAMPLES[param.kind])

    def test_no_parameter_scans_a_great_table(self):
        self.env.flush_all()
        # A bitmap needs a condition that an index serves; where there is none, another scan remains in spite of this.
        for scan in ("seqscan", "indexscan", "indexonlyscan"):
            self.env.cr.execute(f"SET LOCAL enable_{scan} = off")
        wrong = []
        for kind in ("Patient", "Account", "Encounter", "Coverage", "ChargeItem"):
            for name, param in self.search._definitions()[kind].items():
                if kind == "Account" and name == "status":
                    continue  # (active, inactive): the first page of either is found at once
                text = f"{name}={self.samples(kind, name, param)}"
                query = self.query(kind, text)
                model, domain = self.search._sources(kind)[0]
                found = self.search._matching(query, model, domain)
                plan = self.env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", found.select(SQL("count(*)"))))[0][0]
                plan = json.loads(plan) if isinstance(plan, str) else plan
                wrong.extend((kind, text, scan) for scan in self.scans(plan[0]["Plan"]))
        self.assertFalse(wrong)
