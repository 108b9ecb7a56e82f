from types import SimpleNamespace

from odoo.tests import BaseCase, tagged

from odoo.addons.health_core.fold.rounds import rounds


def step(kind, *keys):
    return SimpleNamespace(command=SimpleNamespace(kind=kind), keys=keys)


@tagged("post_install", "-at_install")
class TestRounds(BaseCase):
    """Splitting a set into few rounds without changing the order that matters."""

    def split(self, steps):
        return list(rounds(steps, frozenset({"a"}), lambda found: [one.keys for one in found]))

    def test_one_kind_is_one_round(self):
        steps = [step("a", 1), step("a", 2)]
        self.assertEqual(self.split(steps), [("a", steps)])
        self.assertEqual(self.split([]), [])

    def test_unrelated_merges_share_one_round(self):
        steps = [step("a", 1), step("m", 1), step("a", 1), step("a", 2), step("m", 2), step("a", 2)]
        self.assertEqual([kind for kind, _steps in self.split(steps)], ["a", "m", "a"])

    def test_order_inside_a_component_is_kept(self):
        steps = [step("m", 1), step("a", 1, 2), step("m", 2), step("a", 3), step("m", 3, 1)]
        order = [one for _kind, batch in self.split(steps) for one in batch]
        related = [one for one in order if one.keys != (9,)]
        self.assertEqual(len(order), len(steps))
        self.assertEqual([s for s in related if set(s.keys) & {1, 2}], [steps[0], steps[1], steps[2], steps[4]])
