"""Whoever lost every second factor asks staff to take them away: two of staff agree, and three days pass."""

from datetime import timedelta
from typing import Final

from kelmah.errors import Conflict, Forbidden, NotFound
from kelmah.transitions import StateTable, Transition

DELAY: Final = timedelta(hours=72)  # in which the owner hears of it, and can stop it
ASKED_FOR: Final = timedelta(days=7)  # until two of staff have agreed

_ANOTHER: Final = "neither whose factors they are nor who agreed before"

FACTOR_RESET = StateTable(
    "factor_reset",
    [
        Transition("agree", "open", "agreed", "staff", guard=_ANOTHER),
        Transition("confirm", "agreed", "waiting", "staff", guard=_ANOTHER),
        Transition("complete", "waiting", "done", "system", deadline="72 hours"),
        *(
            Transition("decline", state, "declined", "staff", guard="not whose factors they are")
            for state in ("open", "agreed", "waiting")
        ),
        *(Transition("withdraw", state, "withdrawn", "owner") for state in ("open", "agreed", "waiting")),
        *(Transition("expire", state, "expired", "system", deadline="7 days") for state in ("open", "agreed")),
    ],
    initial="open",
    final=("done", "declined", "withdrawn", "expired"),
)
LIVING: Final = ("open", "agreed", "waiting")


class NoFactorToReset(Conflict):
    code, title = "no_factor_to_reset", "You have no second factor that staff could remove"


class ResetNotFound(NotFound):
    title = "Nobody asked for your second factors to be removed"


class OwnDecision(Forbidden):
    """Nobody decides twice, or about themselves, whatever their rights."""

    code, title = "own_decision", "Somebody else of staff must decide on this"


def permission_for(*, is_staff: bool) -> str:
    """What it takes to decide: more for accounts of staff, which open more."""
    return "identity.reset_staff_factors" if is_staff else "identity.reset_factors"
