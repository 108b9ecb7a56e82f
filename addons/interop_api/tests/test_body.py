from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.interop_api.body import parse_json
from odoo.addons.interop_api.problem import Problem


@tagged("post_install", "-at_install")
class TestJson(BaseCase):
    def assertRefused(self, content, code, pointers=None, depth=8):
        with self.assertRaises(Problem) as caught:
            parse_json(content, depth)
        self.assertEqual((caught.exception.code, caught.exception.error_code), (400, code))
        if pointers is not None:
            self.assertEqual([error["pointer"] for error in caught.exception.members["errors"]], pointers)

    def test_numbers_are_exact(self):
        self.assertEqual(parse_json(b'[1, 10.10, -1e2, "x"]'), [1, Decimal("10.10"), Decimal("-1e2"), "x"])
        self.assertEqual(str(parse_json(b"10.10")), "10.10")

    def test_what_cannot_be_used_is_named_by_pointer(self):
        for content, pointers in (
            (b'{"a": 1, "a": 2}', ["/a"]),
            (b'{"x": [0, {"b/c": 1, "b/c": 1, "d": 2}]}', ["/x/1/b~1c"]),
            (b'{"a": NaN, "b": [Infinity, -Infinity]}', ["/a", "/b/0", "/b/1"]),
            (b'{"a": 1e999999}', ["/a"]),
            (b"[" + b"9" * 5000 + b"]", ["/0"]),
            (b'{"a": "\\ud800", "b": ["x\\u0000"], "c": "\\u00e9"}', ["/a", "/b/0"]),
        ):
            with self.subTest(content[:40]):
                self.assertRefused(content, "json.content", pointers)

    def test_depth_counts_brackets_outside_of_texts(self):
        self.assertEqual(parse_json(b'[["]]]]]][[[[[[[[["]]', 2), [["]]]]]][[[[[[[[["]])
        self.assertEqual(parse_json(b'{"a":[{"b":{}},[],[],[],{}]}', 4)["a"][0], {"b": {}})
        self.assertRefused(b'{"a":[{"b":{}},[],[],[],{}]}', "json.depth", depth=3)
        self.assertRefused(b"[" * 9 + b"]" * 9, "json.depth")
        self.assertRefused(b"[" * 5_000_000, "json.syntax")
        self.assertRefused(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json.depth")
        self.assertRefused(b'["\\"[[[[", [[[[[[[[[]]]]]]]]]]', "json.depth")

    def test_other_flaws(self):
        self.assertRefused(b"\xff{}", "json.encoding")
        for content in (b"", b"{", b"{'a': 1}", b"[1,]", b'{"a": 01}'):
            self.assertRefused(content, "json.syntax")
