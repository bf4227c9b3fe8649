"""What marketplace asks identity."""

from collections.abc import Collection
from uuid import UUID

import structlog

from kelmah.errors import Unavailable
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.types import Profile
from kelmah.rpc import RemoteFailure

log = structlog.get_logger(__name__)


def worker_profiles(ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Public profiles by user id, asked once. Never call it inside a transaction.

    Fails open: without identity the proposals are still worth reading, and their workers stay unnamed.
    """
    if not ids:
        return {}
    try:
        return {profile.user_id: profile for profile in identity.profiles(ids=list(ids))}
    except (RemoteFailure, Unavailable) as error:
        log.warning("profiles_unavailable", code=error.code, asked=len(ids))
        return {}
