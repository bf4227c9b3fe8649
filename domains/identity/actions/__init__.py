"""Writes of identity, one function per use case."""

from domains.identity.actions.accounts import create_staff, reactivate_user, register, suspend_user
from domains.identity.actions.login import log_in
from domains.identity.actions.profiles import record_reputation, update_profile
from domains.identity.actions.sessions import Device, IssuedTokens, log_out, refresh, revoke_all_sessions

__all__ = [
    "Device",
    "IssuedTokens",
    "create_staff",
    "log_in",
    "log_out",
    "reactivate_user",
    "record_reputation",
    "refresh",
    "register",
    "revoke_all_sessions",
    "suspend_user",
    "update_profile",
]
