"""What somebody may do has changed: access tokens of before must die before they expire."""

from uuid import UUID

import structlog
from django.db.models import F

from domains.identity.actions.denial import token_lifetime
from domains.identity.models import User
from kelmah.db import run_on_commit
from kelmah.events.publish import enqueue
from kelmah.http import denylist
from kelmah.http.store import StoreDown

log = structlog.get_logger(__name__)


def change_standing(user_id: UUID) -> None:
    """Refuse every access token that somebody has, once the open transaction commits; their sessions refresh.

    Inside the transaction of the change, the user's row locked. At once if the store answers; the task says it again,
    so that neither a store that is down nor a crash after the commit leaves anybody rights that were taken.
    """
    User.objects.filter(id=user_id).update(standing=F("standing") + 1)
    enqueue("identity.announce_standing", user_id=str(user_id))
    run_on_commit("identity", lambda: _announce_at_once(user_id))


def announce_standing(*, user_id: UUID) -> None:
    """Tell every process the standing below which tokens are refused. Twice is safe. Raises StoreDown."""
    standing = User.objects.filter(id=user_id).values_list("standing", flat=True).first()
    if standing is not None:
        denylist.announce_standing(user_id, standing, token_lifetime())


# Private functions


def _announce_at_once(user_id: UUID) -> None:
    try:
        announce_standing(user_id=user_id)
    except StoreDown:
        log.error("denylist_down", user_id=str(user_id))
