"""Writes of payments, one function per use case."""

from domains.payments.actions.books import check_books
from domains.payments.actions.commands import follow_command, give_up_command, resolve_commands, submit_command
from domains.payments.actions.decisions import Ruling
from domains.payments.actions.deposits import accept_deposit, dismiss_deposit, request_deposit
from domains.payments.actions.escrows import Funding, fund_escrow, refund_escrow, release_escrow
from domains.payments.actions.payouts import accept_payout, request_payout
from domains.payments.actions.webhooks import process_webhook, receive_webhook, replay_webhook, sweep_webhooks

__all__ = [
    "Funding",
    "Ruling",
    "accept_deposit",
    "accept_payout",
    "check_books",
    "dismiss_deposit",
    "follow_command",
    "fund_escrow",
    "give_up_command",
    "process_webhook",
    "receive_webhook",
    "refund_escrow",
    "release_escrow",
    "replay_webhook",
    "request_deposit",
    "request_payout",
    "resolve_commands",
    "submit_command",
    "sweep_webhooks",
]
