from odoo.tests import BaseCase, tagged

from odoo.addons.interop_api.scopes import Grant, Scope, ScopeError


@tagged("post_install", "-at_install")
class TestScopes(BaseCase):
    def test_words_and_letters(self):
        for text, verbs in {
            "interop/invoice.read": "rs",
            "interop/invoice.write": "cud",
            "interop/invoice.*": "cruds",
            "interop/*.crs": "crs",
            "system/Encounter.rs": "rs",
            "system/*.read": "rs",
            "system/Patient.cruds": "cruds",
        }.items():
            self.assertEqual(Scope.parse(text).verbs, frozenset(verbs), text)
        self.assertEqual(Scope.parse("interop/patient.phi").verbs, {"phi"})

    def test_what_is_not_understood_is_refused(self):
        for text in (
            "",
            "openid",
            "interop/invoice",
            "interop/.read",
            "interop/Invoice.read",
            "system/encounter.rs",
            "system/Encounter.sr",
            "system/Encounter.dus",
            "system/Encounter.rr",
            "system/Encounter.phi",
            "system/Encounter.rs?status=finished",
            "patient/Encounter.rs",
            "user/Encounter.rs",
            "interop/a.read\n",
        ):
            with self.subTest(text), self.assertRaises(ScopeError):
                Scope.parse(text)
        self.assertEqual(str(Grant.parse("openid interop/a.read nonsense")), "interop/a.read")
        with self.assertRaises(ScopeError) as caught:
            Grant.parse("interop/a.read secret", strict=True)
        self.assertNotIn("secret", str(caught.exception))

    def test_a_grant_allows_what_it_says_and_no_more(self):
        grant = Grant.parse("interop/invoice.read interop/payment.c system/*.rs system/Patient.u")
        for allowed in (
            ("interop", "invoice", "r"),
            ("interop", "invoice", "rs"),
            ("interop", "payment", "c"),
            ("system", "Patient", "rus"),
            ("system", "Claim", "s"),
        ):
            self.assertTrue(grant.allows(*allowed), allowed)
        for refused in (
            ("interop", "invoice", "c"),
            ("interop", "invoice", "phi"),
            ("interop", "invoice", ""),
            ("interop", "payment", "r"),
            ("interop", "*", "r"),
            ("system", "Claim", "u"),
            ("system", "invoice", "c"),
            ("other", "invoice", "r"),
        ):
            self.assertFalse(grant.allows(*refused), refused)

    def test_no_scope_but_its_own_gives_protected_fields(self):
        self.assertFalse(Grant.parse("interop/*.* system/*.*").allows("interop", "patient", "phi"))
        self.assertTrue(Grant.parse("interop/*.phi").allows("interop", "patient", "phi"))
        self.assertFalse(Grant.parse("interop/*.phi").allows("interop", "patient", "r"))

    def test_narrowing_gives_never_more_than_either(self):
        grant = Grant.parse("system/Patient.rs system/Encounter.r interop/*.read interop/a.phi")
        for wish, result in {
            "system/*.cruds": "system/Encounter.r system/Patient.rs",
            "system/Patient.cruds": "system/Patient.rs",
            "system/Patient.s": "system/Patient.s",
            "system/Claim.rs": "",
            "interop/invoice.* interop/b.phi": "interop/invoice.rs",
            "interop/*.phi": "interop/a.phi",
            "": "",
        }.items():
            self.assertEqual(str(grant.narrow(Grant.parse(wish))), result, wish)
