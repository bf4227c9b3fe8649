"""Copies of people's data, and their erasure: the steps, and what stands against them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from kelmah.errors import Conflict, Forbidden, InvalidTransition, NotFound, TooManyRequests
from kelmah.transitions import StateTable, Transition

COOLING_OFF: Final = timedelta(days=14)
FINISH_WITHIN: Final = timedelta(days=30)  # of the request; later is a matter for staff
ASK_AGAIN_AFTER: Final = timedelta(days=1)  # a domain that something stands against, or that was silent
EXPORT_EVERY: Final = timedelta(days=1)
EXPORT_GIVEN_UP: Final = timedelta(days=2)

ERASURE = StateTable(
    "erasure",
    [
        Transition("check", "cooling_off", "checking", "system", deadline="14 days", event="PersonAsked"),
        Transition("check", "held", "checking", "system", deadline="1 day", event="PersonAsked"),
        Transition("hold", "checking", "held", "system", guard="a domain or identity names a reason"),
        Transition("withdraw", "cooling_off", "withdrawn", "person"),
        Transition("withdraw", "held", "withdrawn", "person"),
        Transition("start", "checking", "erasing", "system", guard="no reason against it", event="PersonAsked"),
        Transition("sweep", "erasing", "sweeping", "system", guard="a receipt of each domain", event="PersonAsked"),
        Transition("finish", "sweeping", "erased", "system", guard="a receipt of each domain", event="UserErased"),
    ],
    initial="cooling_off",
    final=("withdrawn", "erased"),
)

EXPORT = StateTable(
    "copy of data",
    [
        Transition("pack", "collecting", "packing", "system", guard="each domain's part", event="ExportCollected"),
        Transition("finish", "packing", "ready", "system"),
        Transition("expire", "ready", "expired", "system", deadline="7 days"),
        Transition("give_up", "collecting", "failed", "system", deadline="2 days"),
        Transition("give_up", "packing", "failed", "system", deadline="2 days"),
    ],
    initial="collecting",
    final=("expired", "failed"),
)

RECEIPT = StateTable(
    "receipt",
    [
        Transition("do", "asked", "done", "system"),
        Transition("hold", "asked", "held", "system"),
        Transition("ask", "held", "asked", "system", deadline="1 day"),
        Transition("ask", "asked", "asked", "system", deadline="1 day"),
        Transition("ask", "done", "asked", "system", guard="a check is made anew"),
        Transition("do", "done", "done", "system", guard="it answered twice"),
        Transition("do", "held", "done", "system", guard="it answered twice"),
        Transition("hold", "held", "held", "system", guard="it answered twice"),
        Transition("hold", "done", "held", "system", guard="it answered twice"),
    ],
    initial="asked",
    final=("done",),
)


class NoErasure(NotFound):
    title = "You have not asked to be erased"


class ErasureAskedAlready(Conflict):
    code, title = "erasure_asked_already", "You have asked to be erased already"


class StaffStays(Forbidden):
    code, title = "staff_stays", "Accounts of staff are ended by an administrator, since others rely on their record"


class ExportTooSoon(TooManyRequests):
    code, title = "export_too_soon", "You can have one copy of your data a day"


class ExportNotReady(Conflict):
    code, title = "export_not_ready", "This copy can't be read: it is not ready yet, or no longer kept"


def step_of(state: str) -> str:
    """What the domains are asked for in this state of an erasure."""
    return {"checking": "check", "erasing": "erase", "sweeping": "sweep"}[state]


def check_recheck(state: str) -> None:
    """Nobody's time to think is cut short. Raises InvalidTransition."""
    if state != "held":
        raise InvalidTransition("Only an erasure that something stood against is checked again.", data={"state": state})


def named_reasons(reasons: Iterable[str]) -> list[str]:
    """Each once, in one order, so that the same reasons are the same."""
    return sorted(set(reasons))
