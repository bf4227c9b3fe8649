"""What the sandbox's magic instruments play."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_THREE_D_SECURE: Final = {"kind": "redirect", "url": "https://sandbox.invalid/three-d-secure"}
_NAMED: Final = "acct_named_"
HOLDER: Final = "Ama Mensah"


@dataclass(frozen=True)
class Script:
    """How an order goes: its status at ``first`` and ``then``; ``made`` objects of it, which ``differ`` from it.

    ``answer``: what the caller gets for the key (``object``, ``error``, ``silence``); ``tells``: webhooks per change.
    ``disputed``: the phases of a dispute that follows. ``refunds``: the instrument that plays a refund of it.
    """

    first: str = "succeeded"
    then: str = ""
    answer: str = "object"
    made: int = 1
    tells: int = 1
    differs: Mapping[str, Any] = field(default_factory=dict)
    next_action: Mapping[str, str] | None = None
    disputed: tuple[str, ...] = ()
    refunds: str = "acct_success"


_SCRIPTS: Final[Mapping[str, Script]] = {
    "tok_success": Script(),
    "tok_decline": Script(first="failed"),
    "tok_pending": Script(first="pending", then="succeeded"),
    "tok_pending_decline": Script(first="pending", then="failed"),
    "tok_pending_forever": Script(first="pending"),
    "tok_three_d_secure": Script(first="pending", then="succeeded", next_action=_THREE_D_SECURE),
    "tok_decline_late_success": Script(first="failed", then="succeeded"),
    "tok_webhook_twice": Script(tells=2),
    "tok_webhook_never": Script(tells=0),
    "tok_charged_twice": Script(made=2),
    "tok_timeout_charged": Script(answer="silence"),
    "tok_timeout_lost": Script(answer="silence", made=0),
    "tok_error_charged": Script(answer="error"),
    "tok_amount_drift": Script(differs={"amount": -1}),
    "tok_currency_drift": Script(differs={"currency": "USD"}),
    "tok_other_account": Script(differs={"account": "somebody-else"}),
    "tok_live_mode": Script(differs={"live": True}),
    "tok_refund_fails": Script(refunds="acct_reject"),
    "tok_refund_waits": Script(refunds="acct_pending"),
    "tok_refund_comes_back": Script(refunds="acct_returned"),
    "tok_refund_times_out": Script(refunds="acct_timeout_paid"),
    "tok_dispute_inquiry": Script(disputed=("inquiry",)),
    "tok_dispute_closed": Script(disputed=("inquiry", "closed")),
    "tok_dispute_won": Script(disputed=("withdrawn", "reinstated")),
    "tok_dispute_lost": Script(disputed=("withdrawn", "lost")),
    "acct_success": Script(),
    "acct_reject": Script(first="failed"),
    "acct_pending": Script(first="pending", then="succeeded"),
    "acct_returned": Script(then="returned"),
    "acct_pending_returned": Script(first="pending", then="returned"),
    "acct_timeout_paid": Script(answer="silence"),
    "acct_timeout_lost": Script(answer="silence", made=0),
    "acct_amount_drift": Script(differs={"amount": -1}),
}


def script_of(kind: str, instrument: str) -> Script | None:
    """What an instrument plays in a charge or a payout; None when there is no such one."""
    if not instrument.startswith("tok_" if kind == "charge" else "acct_"):
        return None
    return Script() if instrument.startswith(_NAMED) else _SCRIPTS.get(instrument)


def holder_of(account: str) -> str:
    """Whose account it is: ``acct_named_kofi_boateng`` is Kofi Boateng's; empty when there is no such account."""
    if account.startswith(_NAMED):
        return account.removeprefix(_NAMED).replace("_", " ").title()
    return HOLDER if script_of("payout", account) else ""
