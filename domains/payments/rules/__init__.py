"""What payments decides without looking anything up."""

from domains.payments.rules.accounts import (
    FEE_SHARDS,
    available,
    escrow,
    fee_shard,
    floor_of,
    gateway,
    payout_hold,
    suspense,
)
from domains.payments.rules.errors import (
    AmountTooSmall,
    InsufficientFunds,
    LedgerKeyReused,
    LedgerRefused,
    PayoutInFlight,
    SignatureInvalid,
)
from domains.payments.rules.fees import fee_split
from domains.payments.rules.states import COMMAND, DEPOSIT, ESCROW, PAYOUT
from domains.payments.rules.timing import LARGEST_AMOUNT, SMALLEST_PAYOUT, WEBHOOK_ATTEMPTS, wait_before

__all__ = [
    "COMMAND",
    "DEPOSIT",
    "ESCROW",
    "FEE_SHARDS",
    "LARGEST_AMOUNT",
    "PAYOUT",
    "SMALLEST_PAYOUT",
    "WEBHOOK_ATTEMPTS",
    "AmountTooSmall",
    "InsufficientFunds",
    "LedgerKeyReused",
    "LedgerRefused",
    "PayoutInFlight",
    "SignatureInvalid",
    "available",
    "escrow",
    "fee_shard",
    "fee_split",
    "floor_of",
    "gateway",
    "payout_hold",
    "suspense",
    "wait_before",
]
