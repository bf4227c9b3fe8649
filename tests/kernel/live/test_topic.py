"""A line lets frames through in order and once, whatever order they come in."""

from hypothesis import given
from hypothesis import strategies as st

from kelmah.live.topic import Line


def begun(head: int = 0) -> Line:
    line = Line()
    line.begin(head)
    return line


def test_the_next_frame_goes_out_at_once():
    line = begun(6)
    assert line.take(7, "seven") == [(7, "seven")]
    assert not line.waits


def test_an_early_frame_waits_for_the_one_before_it():
    line = begun()
    assert line.take(2, "two") == []
    assert line.waits
    assert line.take(1, "one") == [(1, "one"), (2, "two")]
    assert not line.waits


def test_an_old_frame_does_not_go_out_again():
    line = begun(5)
    assert line.take(5, "five") == []
    assert line.take(3, "three") == []
    assert not line.waits


def test_before_the_line_has_begun_nothing_goes_out_and_nothing_is_lost():
    line = Line()
    assert line.take(8, "eight") == []
    assert line.take(9, "nine") == []
    assert line.begin(8) == [(9, "nine")]


def test_a_line_begins_once():
    line = begun(4)
    line.take(5, "five")
    assert line.begin(9) == []
    assert line.head == 5


def test_hearing_of_a_number_makes_the_line_wait_for_it():
    line = begun(2)
    line.heard_of(4)
    assert line.waits
    line.give_up()
    assert not line.waits


@given(st.permutations(list(range(1, 13))), st.lists(st.integers(1, 12), max_size=20), st.integers(0, 12))
def test_any_order_with_any_repetitions_comes_out_in_order_and_once(order, again, begins_after):
    line, out = Line(), []
    arrivals = [*order, *again]
    for place, seq in enumerate(arrivals):
        if place == begins_after:
            out += line.begin(0)
        out += line.take(seq, str(seq))
    out += line.begin(0)
    assert [seq for seq, _ in out] == list(range(1, 13))
    assert not line.waits


def test_a_flood_of_early_frames_is_bounded_and_the_database_fills_the_rest():
    line = begun()
    for seq in range(2, 5_000):
        assert line.take(seq, "x") == []
    from_the_database = [released for seq in range(1, 5_000) for released in line.take(seq, "x")]
    assert [seq for seq, _ in from_the_database] == list(range(1, 5_000))
