"""Whether an account is on: what follows from a change, inside the caller's transaction."""

from domains.identity import rules
from domains.identity.actions import cards
from domains.identity.actions.notices import tell
from domains.identity.actions.standing import change_standing
from domains.identity.models import User
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import UserStatusChanged


def change_status(user: User, step: str) -> None:
    """One step of ``rules.USER``, the user's row locked; the directory and the other domains follow.

    Raises InvalidTransition.
    """
    user.status = rules.USER.check(step, user.status)
    user.save(update_fields=["status"])
    if not user.is_active:
        change_standing(user.id)  # not every access token has a session
    cards.refresh(user.id)
    publish(UserStatusChanged(user_id=user.id, status=user.status))


def come_back(user: User) -> None:
    """An account that its owner had switched off is on again, the user's row locked. Others stay as they are."""
    if user.status == "deactivated":
        change_status(user, "come_back")
        tell(user.id, "account_reactivated")
