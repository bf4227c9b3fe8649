"""Celery entry points of payments."""

from typing import Any
from uuid import UUID

from celery import shared_task

from domains.payments import actions
from domains.payments.actions import (
    books,
    chargebacks,
    disputes,
    exchange,
    freezing,
    gateway_fees,
    holds,
    maturing,
    methods,
    payout_batches,
    privacy,
    profiles,
    receivables,
    reconciliation,
    reviews,
    settling,
    statements,
)
from domains.payments.queries import command_named
from kelmah import deadlines
from kelmah.errors import Unavailable
from kelmah.money import Money


@shared_task(name="payments.submit_command")
def submit_command(*, command_id: str) -> None:
    """Send one order to its gateway."""
    actions.submit_command(command_id=UUID(command_id))


@shared_task(name="payments.resolve_commands")
def resolve_commands() -> int:
    """Follow every order whose outcome is not known."""
    return actions.resolve_commands()


@shared_task(name="payments.send_payouts")
def send_payouts() -> int:
    """Send the payouts that wait for others, and follow every batch that is undecided; returns how many batches."""
    return payout_batches.send_gathered() + payout_batches.resolve_batches()


@shared_task(name="payments.process_webhook")
def process_webhook(*, event_id: int) -> None:
    """Look into one delivery."""
    actions.process_webhook(event_pk=event_id)


@shared_task(name="payments.sweep_webhooks")
def sweep_webhooks() -> int:
    """Look into every delivery that waits."""
    return actions.sweep_webhooks()


@shared_task(name="payments.resolve_disputes")
def resolve_disputes() -> int:
    """Ask about payers' disputes of which nobody has told the end; returns how many."""
    return chargebacks.resolve_disputes()


@shared_task(name="payments.check_books")
def check_books() -> int:
    """Check the eight invariants; returns how many are broken. While some are, payouts wait."""
    return actions.check_books()


@shared_task(name="payments.book_fee")
def book_fee(*, command_id: str, ref: str, fee: dict[str, Any]) -> None:
    """Book what a gateway kept of one of its objects. Twice is once."""
    gateway_fees.book_fee(command=command_named(UUID(command_id)), ref=ref, fee=Money.from_json(fee))


@shared_task(name="payments.reconcile")
def reconcile(*, gateway: str) -> int:
    """Compare a gateway's statements with the books; returns how many lines were looked at."""
    return reconciliation.reconcile(gateway=gateway)


@shared_task(name="payments.fetch_statements")
def fetch_statements() -> int:
    """Ask every gateway for yesterday's statement, and for those it missed. Twice is safe: each is kept once."""
    return statements.fetch_statements()


@shared_task(name="payments.forget_quotes")
def forget_quotes() -> int:
    """Delete quotes that nobody accepted."""
    return exchange.forget_quotes()


@shared_task(name="payments.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due(
        "payments",
        {
            settling.AUTO_RELEASE: reviews.release_in_silence,
            settling.MATURE: maturing.mature,
            freezing.RELEASE: freezing.release,
            disputes.DECIDE: disputes.decide_when_free,
            holds.EXPIRE: holds.expire,
        },
    )


@shared_task(
    name="payments.check_payout_method",
    autoretry_for=(Unavailable,),
    retry_backoff=5,
    retry_backoff_max=300,
    max_retries=20,
)
def check_payout_method(*, method_id: str) -> None:
    """Ask in whose name an account is kept. Twice is safe: what is decided stays."""
    methods.check(method_id=UUID(method_id))


@shared_task(
    name="payments.close_payer", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=3600, max_retries=50
)
def close_payer(*, gateway: str, ref: str) -> None:
    """Have a gateway forget the cards of somebody who was erased. Twice is safe."""
    profiles.close_payer(gateway=gateway, ref=ref)


@shared_task(
    name="payments.page_books", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=300, max_retries=20
)
def page_books(*, check_id: int) -> None:
    """Tell whoever is on call what a look at the books found. Twice is one mail, and perhaps two texts."""
    books.page_books(check_id=check_id)


@shared_task(
    name="payments.export_person", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=300, max_retries=20
)
def export_person(*, request_id: str, user_id: str) -> None:
    """Bring a copy of what is kept about somebody to files. Twice is safe: the same parts are written again."""
    privacy.export_person(request_id=UUID(request_id), user_id=UUID(user_id))


@shared_task(name="payments.collect_debts")
def collect_debts() -> int:
    """Pay what people owe out of what came into their wallets; returns how many had something."""
    return receivables.collect_all()
