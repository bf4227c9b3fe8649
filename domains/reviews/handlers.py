"""What reviews does when it hears that a contract is over."""

from domains.reviews import actions
from domains.reviews.actions import privacy
from kelmah.events.handlers import handles
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.interfaces.identity.events import PersonAsked


@handles(ContractEnded)
def on_contract_ended(event: ContractEnded) -> None:
    """Open the review window where money has moved. Twice is safe: a contract has one window (unique contract_id)."""
    if event.paid.minor > 0:
        actions.open_window(
            contract_id=event.contract_id,
            hirer_id=event.hirer_id,
            worker_id=event.worker_id,
            title=event.title,
            category=event.category,
            ended_at=event.ended_at,
        )


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)
