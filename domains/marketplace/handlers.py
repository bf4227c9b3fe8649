"""What marketplace hears."""

from domains.marketplace.actions import privacy
from kelmah.events.handlers import handles
from kelmah.interfaces.identity.events import PersonAsked


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)
