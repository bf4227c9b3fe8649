"""Writes of payments, one function per use case."""

from domains.payments.actions.commands import resolve_commands, submit_command
from domains.payments.actions.deposits import request_deposit
from domains.payments.actions.escrows import fund_escrow, refund_escrow, release_escrow
from domains.payments.actions.payouts import request_payout
from domains.payments.actions.webhooks import process_webhook, receive_webhook, sweep_webhooks

__all__ = [
    "fund_escrow",
    "process_webhook",
    "receive_webhook",
    "refund_escrow",
    "release_escrow",
    "request_deposit",
    "request_payout",
    "resolve_commands",
    "submit_command",
    "sweep_webhooks",
]
