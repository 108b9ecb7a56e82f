import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.health_hl7v2.codec.mllp import Framer, TooLarge, frame


def feed(data, *, limit=10_000, cut=None):
    framer = Framer(limit)
    pieces = [data[n : n + cut] for n in range(0, len(data), cut)] if cut else [data]
    return [found for piece in pieces for found in framer.feed(piece)], framer


def test_a_frame_is_start_content_end():
    assert frame(b"MSH|x\r") == b"\x0bMSH|x\r\x1c\r"


@pytest.mark.parametrize("cut", [None, 1, 2, 3, 5, 7])
def test_frames_come_out_whole_however_the_network_cut_them(cut):
    assert feed(frame(b"MSH|one") + frame(b"MSH|two") + frame(b"x"), cut=cut)[0] == [b"MSH|one", b"MSH|two", b"x"]


@pytest.mark.parametrize("cut", [None, 1])
def test_junk_between_frames_is_dropped_and_counted(cut):
    found, framer = feed(b"hello\r\n" + frame(b"a") + b"\r\n\0" + frame(b"b") + b"tail", cut=cut)
    assert found == [b"a", b"b"]
    assert framer.dropped == 7 + 3 + 4
    assert not framer.unfinished


@pytest.mark.parametrize("cut", [None, 1, 4])
def test_control_bytes_inside_content_are_content(cut):
    content = b"MSH|\x1c|\x0b|\x1c\x1c|\r"
    assert feed(frame(content), cut=cut)[0] == [content]


@pytest.mark.parametrize("cut", [None, 1, 4])
def test_a_frame_that_was_begun_anew_is_taken_from_its_last_beginning(cut):
    found, framer = feed(b"\x0bMSH|half of a mess" + frame(b"MSH|whole"), cut=cut)
    assert found == [b"MSH|whole"]
    assert framer.dropped


@pytest.mark.parametrize("cut", [None, 1, 10])
def test_a_frame_over_the_limit_is_reported_once_and_skipped(cut):
    found, _framer = feed(frame(b"a") + frame(b"MSH|" + b"x" * 100) + frame(b"b"), limit=20, cut=cut)
    assert [type(one) for one in found] == [bytes, TooLarge, bytes]
    assert found[1].head.startswith(b"MSH|xxx")
    assert (found[0], found[2]) == (b"a", b"b")


def test_the_end_of_a_skipped_frame_may_be_cut_in_two():
    framer = Framer(20)
    assert [type(one) for one in framer.feed(b"\x0b" + b"x" * 21 + b"\x1c")] == [TooLarge]
    assert framer.feed(b"\r" + frame(b"ok")) == [b"ok"]


def test_a_frame_of_exactly_the_limit_passes():
    assert feed(frame(b"x" * 20), limit=20, cut=3)[0] == [b"x" * 20]


def test_memory_stays_bounded_while_a_giant_frame_or_junk_flows_by():
    framer = Framer(1000)
    framer.feed(b"\x0b")
    for _n in range(1000):
        framer.feed(b"y" * 1000)
    assert len(framer._buffer) <= 2002
    other = Framer(1000)
    other.feed(b"j" * 1_000_000)
    assert not other._buffer


def test_an_unfinished_frame_is_known():
    assert feed(b"\x0bMSH|")[1].unfinished


contents = st.lists(
    st.binary(max_size=30).filter(lambda b: b"\x1c\r" not in b and b"\x0b" not in b and b[-1:] != b"\x1c")
)


@settings(deadline=None, max_examples=200)
@given(contents, st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_any_contents_in_any_pieces(messages, sizes):
    stream = b"".join(frame(m) for m in messages)
    framer, found, n = Framer(1000), [], 0
    while stream:
        size = sizes[n % len(sizes)]
        found += framer.feed(stream[:size])
        stream, n = stream[size:], n + 1
    assert found == messages


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.integers(1, 20))
def test_any_bytes_give_the_same_frames_in_one_piece_and_in_many(data, cut):
    whole, _framer = feed(data, limit=50)
    pieces, _framer = feed(data, limit=50, cut=cut)
    assert [x for x in whole if isinstance(x, bytes)] == [x for x in pieces if isinstance(x, bytes)]
