"""Reads of payments."""

from domains.payments.queries.ledger import (
    balance_of,
    books_newest,
    books_paged,
    broken_constraint,
    is_posted,
    payouts_are_frozen,
    suspended_of,
    transaction_of,
)
from domains.payments.queries.objects import (
    access_deposit,
    access_escrow,
    access_payout,
    command_named,
    escrows_of,
    fee_plan_in_force,
    is_ours,
    lock_command,
    lock_deposit,
    lock_escrow,
    lock_payout,
    next_action_of,
    order_of,
)
from domains.payments.queries.wallets import Wallet, wallet_of

__all__ = [
    "Wallet",
    "access_deposit",
    "access_escrow",
    "access_payout",
    "balance_of",
    "books_newest",
    "books_paged",
    "broken_constraint",
    "command_named",
    "escrows_of",
    "fee_plan_in_force",
    "is_ours",
    "is_posted",
    "lock_command",
    "lock_deposit",
    "lock_escrow",
    "lock_payout",
    "next_action_of",
    "order_of",
    "payouts_are_frozen",
    "suspended_of",
    "transaction_of",
    "wallet_of",
]
