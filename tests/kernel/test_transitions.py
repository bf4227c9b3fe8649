"""State machines as tables."""

import pytest

from kelmah.errors import InvalidTransition
from kelmah.transitions import StateTable, Transition

DOOR = StateTable(
    "door",
    [
        Transition("open", "shut", "ajar", "guest|host"),
        Transition("close", "ajar", "shut", "host"),
        Transition("wall_up", "shut", "gone", "host"),
    ],
    initial="shut",
    final=("gone",),
)


def test_a_step_leads_where_the_table_says():
    assert DOOR.check("open", "shut") == "ajar"


def test_an_impossible_step_names_the_possible_ones():
    with pytest.raises(InvalidTransition) as refusal:
        DOOR.check("wall_up", "ajar")
    assert refusal.value.data == {"state": "ajar", "possible": ["close"]}
    assert "possible now: close" in refusal.value.detail


def test_each_actor_is_offered_their_own_steps():
    assert DOOR.available("shut", "guest") == ["open"]
    assert DOOR.available("shut", "host") == ["open", "wall_up"]
    assert DOOR.available("gone", "host") == []


def test_unreachable_states_and_dead_ends_are_found():
    lost = StateTable(
        "maze",
        [Transition("go", "start", "trap", "x"), Transition("go", "island", "start", "x")],
        initial="start",
        final=(),
    )
    assert (lost.unreachable(), lost.dead_ends()) == ({"island"}, {"trap"})
    assert (DOOR.unreachable(), DOOR.dead_ends()) == (frozenset(), frozenset())


def test_an_ambiguous_table_is_refused():
    with pytest.raises(ValueError, match="two transitions"):
        StateTable("door", [Transition("x", "a", "b", "y"), Transition("x", "a", "c", "y")], initial="a", final=("b",))
