"""How much of themselves people show: everything that shows people to others asks here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from domains.identity.models import Settings
from domains.identity.rules.settings import EVERYBODY, PLACES


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """``place_digits``: how exact a place is told, in decimals of a degree (2 is about a kilometre); None: not at all.
    ``in_search``: whether the directory lists them. ``profile_to``: who sees the profile, one of
    ``rules.settings.AUDIENCES``."""

    place_digits: int | None = 2
    in_search: bool = True
    profile_to: str = EVERYBODY


def privacy_of(user_ids: Collection[UUID]) -> Mapping[UUID, Privacy]:
    """By user id, for each of them."""
    found = {
        settings.user_id: Privacy(
            place_digits=PLACES[settings.place_shown],
            # The directory is open to everybody: who hides the profile from strangers is not in it.
            in_search=settings.in_search and settings.profile_to == EVERYBODY,
            profile_to=settings.profile_to,
        )
        for settings in Settings.objects.filter(user_id__in=user_ids)
    }
    return {user_id: found.get(user_id, Privacy()) for user_id in user_ids}
