"""A hospital day through the front door: every record ends as the business rules say."""

from datetime import date
from random import Random

import pytest

from hospital_day.catalog import render
from hospital_day.door import Door, wrong_answers
from hospital_day.expect import Hospital, counts, expected
from hospital_day.generate import generate, yesterday
from hospital_day.master import DATA
from hospital_day.observe import Observer, differences
from hospital_day.rpc import Rpc
from play_day import settle

SEED = "1"


def test_catalog_file_is_what_its_script_writes():
    assert (DATA / "services.csv").read_text(encoding="utf-8") == render()


def test_day_is_the_same_for_the_same_seed_and_date():
    day = date(2025, 11, 20)
    assert generate(SEED, day) == generate(SEED, day)
    assert generate(SEED, day) != generate("2", day)
    assert [m.raw for m in generate(SEED, day)] != [m.raw for m in generate(SEED, date(2025, 11, 21))]


def test_day_has_what_a_day_must_have():
    messages = generate(SEED, date(2025, 11, 20))
    patients = {tuple(i) for m in messages for f in m.facts for i in f.get("ids", ()) if i[1] == "MR"}
    notes = {m.note for m in messages}
    assert len(messages) >= 2000
    assert len(patients) == 300
    assert {"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A11", "A12", "A13", "A28", "A31"} <= notes
    assert {"duplicate", "conflict", "amendment", "credit", "merge of three pairs", "unknown facility"} <= notes
    assert {m.error for m in messages if m.ack == "AR"} == {"101", "200", "201", "203"}


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_end_does_not_depend_on_the_order_across_interfaces(seed):
    """The expectation itself: any interleaving of patients and interfaces, and billing at any moment, end the same."""
    day = date(2025, 11, 20)
    messages = generate(seed, day)
    wanted = expected(messages)
    for attempt in range(3):
        rng = Random(attempt)
        hospital = Hospital(date(2025, 11, 21))
        for wave in (1, 2):
            streams: dict = {}
            for message in messages:
                if message.wave == wave:
                    streams.setdefault((message.interface, message.shard), []).append(message)
            queues = [list(reversed(stream)) for stream in streams.values()]
            while queues:
                queue = rng.choice(queues)
                hospital.receive(queue.pop())
                queues = [q for q in queues if q] if not queue else queues
                if rng.random() < 0.03:
                    hospital.bill()
            hospital.bill()
        assert differences(wanted, hospital.state()) == []


class TestPlayed:
    """One server, one day, played twice."""

    @pytest.fixture(scope="class")
    def day(self):
        return yesterday()

    @pytest.fixture(scope="class")
    def messages(self, day):
        return generate(SEED, day)

    @pytest.fixture(scope="class")
    def observer(self, server, day):
        return Observer(Rpc(server.url), SEED, day)

    @pytest.fixture(scope="class")
    def first(self, server, messages, observer):
        """Answers of the first time, and the state after it."""
        return self.play(server, messages, observer)

    def play(self, server, messages, observer):
        door = Door(server.url)
        for wave in (1, 2):
            door.send([m for m in messages if m.wave == wave])
            settle(observer, counts(expected([m for m in messages if m.wave <= wave])), lambda text: None)
        return door.answers, observer.state()

    def test_every_message_is_answered_as_it_must_be(self, first, messages):
        answers, _state = first
        assert wrong_answers(messages, answers) == []

    def test_every_record_ends_as_the_rules_say(self, first, messages):
        _answers, state = first
        assert differences(expected(messages), state) == []

    def test_ledger_balances(self, first):
        _answers, state = first
        assert state["ledger"]
        assert all(row.get("balanced", True) for row in state["ledger"].values())

    def test_nothing_else_was_made(self, first, observer):
        """No charge, visit or patient beside those of the day."""
        rpc, (_answers, state) = observer.rpc, first
        assert rpc.count("health.charge", []) == len(state["charges"])
        assert rpc.count("health.encounter", []) == len(state["encounters"])
        assert rpc.count("health.patient.account", []) == counts(state)["accounts"]

    def test_the_same_day_again_changes_nothing(self, server, first, messages, observer):
        answers, state = first
        again = Door(server.url)
        again.send([m for m in messages if m.wave == 1])
        again.send([m for m in messages if m.wave == 2])
        settle(observer, counts(state), lambda text: None)
        assert wrong_answers(messages, again.answers) == []
        other = [m.control for m in messages if m.accepted and again.answers[m.seq].raw != answers[m.seq].raw]
        assert other == [], "a repeated message gets the acknowledgement that it got before"
        assert differences(state, observer.state()) == []

    def test_no_errors_in_the_log(self, server, first):
        assert server.errors() == []
