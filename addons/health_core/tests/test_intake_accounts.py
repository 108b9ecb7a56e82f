from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.interop_hub.exceptions import SetFailed

from .common import CareCase, ids


@tagged("post_install", "-at_install")
class TestIntakeAccounts(CareCase):
    """Rule 2: which account a message is about."""

    def test_unknown_identifiers_create_an_account_and_known_ones_find_it(self):
        self.apply(self.register(("1", "SS:9"), person={"family": "Doe", "given": "Jo"}))
        account = self.account()
        self.assertEqual(account.name, "Doe, Jo")
        self.assertEqual(self.account("9", "SS"), account)
        self.apply(self.register(("SS:9", "77"), person={"city": "Berlin"}))
        self.assertEqual(self.account("77"), account)
        self.assertEqual((account.city, account.given), ("Berlin", "Jo"))

    def test_authority_of_the_sender_wins_over_the_default(self):
        self.apply(self.register(("1",)), self.visit(number="V2", patient=ids("1", authority="OTHER")))
        self.assertNotEqual(self.account("1"), self.account("1", authority="OTHER"))

    def test_none_leaves_a_field_and_empty_deletes_it(self):
        self.apply(self.register(person={"family": "Doe", "phone": "1", "sex": "female", "birth_date": "1990-01-02"}))
        self.apply(self.register(person={"phone": "", "birth_date": ""}))
        account = self.account()
        self.assertEqual((account.family, account.sex), ("Doe", "female"))
        self.assertFalse(account.phone)
        self.assertFalse(account.birth_date)

    def test_identifiers_of_two_accounts_wait_for_a_person(self):
        self.apply(self.register(("1",)), self.register(("2",)))
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.register(("1", "2")), self.register(("3",)))
        (error,) = failed.exception.failures.values()
        self.assertEqual(error.exception_type, "identifier_conflict")
        self.assertEqual(
            error.exception_key,
            "accounts:" + "+".join(str(i) for i in sorted((self.account("1") | self.account("2")).ids)),
        )
        self.assertFalse(self.account("3"), "nothing of the set is written")

    def test_conflict_inside_one_set_names_no_identifier(self):
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.register(("alpha",)), self.register(("beta",)), self.register(("alpha", "beta")))
        (error,) = failed.exception.failures.values()
        self.assertNotIn("alpha", f"{error} {error.exception_key}")

    def test_account_is_shared_once_another_company_treats_the_patient(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.env["health.facility"].create(
            {
                "name": "Other",
                "code": "OT",
                "company_id": company.id,
                "patient_authority": "MPI",
                "code_ids": [(0, 0, {"system_id": self.system.id, "code": "OTHER"})],
            }
        )
        self.apply(self.visit())
        self.assertEqual(self.account().company_id, self.env.company)
        self.apply(self.visit(number="V9", facility="OTHER"))
        self.assertFalse(self.account().company_id)
        self.assertEqual(self.encounter("V9", "OT").company_id, company)

    def test_identity_is_held_by_unique_indexes(self):
        self.apply(self.visit())
        account, visit = self.account(), self.encounter()
        statements = {
            "health_patient_identifier_value_uniq": (
                "INSERT INTO health_patient_identifier (account_id, authority, type, value) VALUES (%s, 'MPI', 'MR', '1')",
                [account.id],
            ),
            "health_encounter_number_uniq": (
                "INSERT INTO health_encounter (account_id, facility_id, company_id, class_code, status, authority, number)"
                " SELECT account_id, facility_id, company_id, class_code, status, authority, number"
                " FROM health_encounter WHERE id = %s",
                [visit.id],
            ),
        }
        for index, (query, parameters) in statements.items():
            with (
                self.subTest(index),
                self.assertRaises(IntegrityError) as refused,
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, parameters)
            self.assertEqual(refused.exception.diag.constraint_name, index)

    def test_a_row_of_a_concurrent_transaction_makes_the_batch_repeat(self):
        from psycopg2.errors import SerializationFailure

        from odoo.addons.health_core.bulk import insert_rows

        self.apply(self.register())
        account = self.account()
        columns = ("account_id", "authority", "type", "value")
        with self.assertRaises(SerializationFailure):
            insert_rows(
                self.env.cr,
                "health_patient_identifier",
                columns,
                [(account.id, "MPI", "MR", "2"), (account.id, "MPI", "MR", "1")],
            )

    def test_a_person_gets_a_clear_error_for_a_taken_identifier(self):
        self.apply(self.register(("1",)), self.register(("2",)))
        with self.assertRaises(ValidationError), self.assertNoLogs("odoo.sql_db", "ERROR"):
            self.account("2").write({"identifier_ids": [(0, 0, {"authority": "MPI", "type": "MR", "value": "1"})]})

    def test_patients_are_found_by_name_and_by_exact_identifier(self):
        self.apply(self.register(("4711",), person={"family": "Doe"}))
        Account = self.env["health.patient.account"]
        self.assertEqual([name[0] for name in Account.name_search("Do")], self.account("4711").ids)
        self.assertEqual([name[0] for name in Account.name_search("4711")], self.account("4711").ids)
