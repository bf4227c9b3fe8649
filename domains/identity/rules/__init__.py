"""What identity decides without looking anything up."""

from domains.identity.rules.accounts import (
    LOCK_AFTER,
    LOCK_FOR,
    ROLES_TO_CHOOSE,
    USER,
    LoginFailed,
    LoginTaken,
    clean_display_name,
    clean_email,
    clean_phone,
)
from domains.identity.rules.passwords import check_password_strength
from domains.identity.rules.profiles import completeness
from domains.identity.rules.sessions import (
    ABSOLUTE_LIFETIME,
    GRACE,
    IDLE_LIFETIME,
    RefreshInProgress,
    TokenReused,
    new_refresh_token,
    read_refresh_token,
)

__all__ = [
    "ABSOLUTE_LIFETIME",
    "GRACE",
    "IDLE_LIFETIME",
    "LOCK_AFTER",
    "LOCK_FOR",
    "ROLES_TO_CHOOSE",
    "USER",
    "LoginFailed",
    "LoginTaken",
    "RefreshInProgress",
    "TokenReused",
    "check_password_strength",
    "clean_display_name",
    "clean_email",
    "clean_phone",
    "completeness",
    "new_refresh_token",
    "read_refresh_token",
]
