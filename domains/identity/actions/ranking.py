"""What a place in the directory is made of, as staff decide it."""

from dataclasses import replace
from uuid import UUID

from domains.identity.models import RankWeights
from domains.identity.queries import cards
from domains.identity.rules import directory
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput
from kelmah.events.publish import enqueue

REASON_LENGTH = 10


def set_weights(*, by_id: UUID, weights: directory.Weights, reason: str) -> RankWeights:
    """Make these the weights from now on, as the next version, whatever version they name; cards are written anew by a
    task. Raises InvalidInput."""
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInput(errors=[FieldError("/reason", "min_length", "Say why, in a sentence.")])
    directory.check_weights(weights)
    with atomic("identity"):
        # The first, since it is the same for all: two of staff must not make one version.
        RankWeights.objects.select_for_update().order_by("version").first()
        after = replace(weights, version=cards.weights().version + 1)
        made = RankWeights.objects.create(**vars(after), reason=reason.strip(), made_by_id=by_id, made_at=clock.now())
        enqueue("identity.refresh_cards")
    return made
