"""The finance desk: money can be looked at, never edited; what waits can be asked about, decided or tried again."""

from domains.payments.admin import (
    accounts,
    addresses,
    adjustments,
    deciding,
    escrows,
    events,
    exchange,
    fees,
    gateways,
    ledger,
    methods,
    payment_files,
    refunds,
    statements,
    suspense,
    transfers,
)

__all__ = [
    "accounts",
    "addresses",
    "adjustments",
    "deciding",
    "escrows",
    "events",
    "exchange",
    "fees",
    "gateways",
    "ledger",
    "methods",
    "payment_files",
    "refunds",
    "statements",
    "suspense",
    "transfers",
]
