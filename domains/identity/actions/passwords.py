"""What follows from a new password."""

from uuid import UUID

from domains.identity.actions.sessions import end_all_sessions
from kelmah.db import atomic


def end_sessions_after_new_password(*, user_id: UUID) -> None:
    """Whoever has the old password loses what it opened."""
    with atomic("identity"):
        end_all_sessions(user_id, reason="password_changed")
