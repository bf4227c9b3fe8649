"""How a notification leaves the house, and what becomes of it."""

from datetime import timedelta
from typing import Final

from kelmah.transitions import StateTable, Transition

ATTEMPTS: Final = 8
LEASE: Final = timedelta(seconds=60)  # for one attempt; when its process dies, the next one begins after that
KEPT_FOR: Final = timedelta(days=90)  # notifications in the app

DELIVERY = StateTable(
    "delivery",
    [
        Transition("send", "waiting", "sent", "system"),
        Transition(
            "skip",
            "waiting",
            "skipped",
            "system",
            guard="no address, not wanted, or the account is off",
        ),
        Transition("give_up", "waiting", "failed", "system", guard=f"{ATTEMPTS} attempts"),
        Transition("resend", "sent", "waiting", "staff"),
        Transition("resend", "failed", "waiting", "staff"),
        Transition("resend", "skipped", "waiting", "staff"),
    ],
    initial="waiting",
    final=("sent", "failed", "skipped"),
)


def may_write(status: str, *, kind: str) -> bool:
    """Whether somebody with an account in that state gets a letter: of an account that is off, only about it."""
    return status == "active" or kind in ("account_changed", "session_revoked")


def pause_after(attempt: int) -> timedelta:
    """How long to wait after a failed attempt: from 20 seconds to an hour."""
    return timedelta(seconds=min(10 * 2**attempt, 3600))
