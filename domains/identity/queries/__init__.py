"""Reads of identity."""

from domains.identity.queries.people import Standing, account_of, lock_user, people, standing_of, user_by_login
from domains.identity.queries.profiles import content_of, lock_profile, own_profile, profiles, public_profile
from domains.identity.queries.sessions import lock_live_sessions, lock_session

__all__ = [
    "Standing",
    "account_of",
    "content_of",
    "lock_live_sessions",
    "lock_profile",
    "lock_session",
    "lock_user",
    "own_profile",
    "people",
    "profiles",
    "public_profile",
    "standing_of",
    "user_by_login",
]
