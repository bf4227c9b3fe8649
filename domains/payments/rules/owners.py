"""Accounts by owner and purpose, for domains whose words payments never learns."""

import re
from typing import Final
from uuid import UUID

from domains.payments.rules import accounts
from kelmah.interfaces.payments.refusals import AccountUnknown, PayeeRefused
from kelmah.interfaces.payments.refusals import LinesDoNotFit as LinesDoNotFit
from kelmah.transitions import StateTable, Transition

AVAILABLE: Final = "available"
EARNINGS: Final = "earnings"  # what somebody earns: their debts are paid from it first, the rest can be spent
RECEIVABLE: Final = "receivable"
PLATFORM: Final = "platform"

# Anybody's but the platform's, as the database knows it.
PAID_OUT: Final = r"^[a-z]{2,20}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

_OWNER: Final = re.compile(PAID_OUT)
_PURPOSE: Final = re.compile(r"[a-z][a-z_]{1,29}")

MONEY_HOLD = StateTable(
    "hold",
    [
        Transition("capture", "held", "captured", "system", guard="no more than is held; the rest goes back"),
        Transition("release", "held", "released", "system"),
        Transition("expire", "held", "expired", "system", deadline="expires_at"),
        Transition("refund", "captured", "captured", "system", guard="no more than was captured"),
    ],
    initial="held",
    final=("released", "expired", "captured"),
)


def account_of(owner: str, purpose: str, currency: str, *, key: str) -> str:
    """The ledger account of an owner's purpose; the platform's commission is spread by ``key``. Raises AccountUnknown.

    Nobody owes anything but on ``receivable``: there, what they owe stands below zero.
    """
    if not _PURPOSE.fullmatch(purpose):
        raise AccountUnknown()
    if owner == PLATFORM:
        return accounts.fee_shard(currency, key) if purpose == "commission" else f"platform:own:{purpose}:{currency}"
    if not _OWNER.fullmatch(owner):
        raise AccountUnknown()
    kind, _, name = owner.partition(":")
    if purpose == RECEIVABLE:
        return accounts.receivable(user_of(owner), currency)
    if kind == "user" and purpose in (AVAILABLE, EARNINGS):
        return accounts.available(UUID(name), currency)
    return f"own:{owner}:{purpose}:{currency}"


def check_payable(owner: str, purpose: str, currency: str) -> None:
    """That anybody can pay into this account: it is one, and no debt. Raises AccountUnknown."""
    account_of(owner, purpose, currency, key="")
    if purpose == RECEIVABLE:
        raise AccountUnknown()


def check_paid_out(owner: str, purpose: str, currency: str, payee_id: UUID) -> None:
    """That money may leave this account for somebody's own: it is not the platform's, and no debt; of a user's money
    that they are the payee. Raises AccountUnknown, PayeeRefused.
    """
    check_payable(owner, purpose, currency)
    if owner == PLATFORM:
        raise AccountUnknown("The platform's own money is paid out to nobody.")
    if is_user(owner) and user_of(owner) != payee_id:
        raise PayeeRefused("A user's money goes to a payout method of that user only.")


def is_user(owner: str) -> bool:
    return owner.startswith("user:")


def of_user(user_id: UUID) -> str:
    """The owner of a wallet."""
    return f"user:{user_id}"


def user_of(owner: str) -> UUID:
    """Whose debts they are: only people owe. Raises AccountUnknown."""
    kind, _, name = owner.partition(":")
    if kind != "user" or not _OWNER.fullmatch(owner):
        raise AccountUnknown()
    return UUID(name)


def hold(hold_id: UUID) -> str:
    """What is reserved for one purpose, until it is known what becomes of it."""
    return f"hold:{hold_id}"
