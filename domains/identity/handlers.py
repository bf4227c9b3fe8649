"""What identity hears."""

from domains.identity import actions
from kelmah.events.handlers import handles
from kelmah.interfaces.reviews.events import ReputationChanged


@handles(ReputationChanged)
def on_reputation_changed(event: ReputationChanged) -> None:
    """Show the stars on the profile. Twice is safe: the same numbers are written again."""
    actions.record_reputation(user_id=event.user_id, stars=event.stars, reviews=event.reviews)
