"""Writes of identity, one function per use case."""

from domains.identity.actions.accounts import create_staff, reactivate_user, register, suspend_user
from domains.identity.actions.denial import deny_session
from domains.identity.actions.desk import DeskClosed, log_out_of_desks, vouch_for_staff
from domains.identity.actions.hashing import turn
from domains.identity.actions.login import log_in, log_in_staff
from domains.identity.actions.passwords import end_sessions_after_new_password
from domains.identity.actions.profiles import update_profile
from domains.identity.actions.sessions import Device, IssuedTokens, log_out, refresh, revoke_session
from domains.identity.actions.sweeping import forget_old_rows
from domains.identity.actions.track_record import record_reputation

__all__ = [
    "DeskClosed",
    "Device",
    "IssuedTokens",
    "create_staff",
    "deny_session",
    "end_sessions_after_new_password",
    "forget_old_rows",
    "log_in",
    "log_in_staff",
    "log_out",
    "log_out_of_desks",
    "reactivate_user",
    "record_reputation",
    "refresh",
    "register",
    "revoke_session",
    "suspend_user",
    "turn",
    "update_profile",
    "vouch_for_staff",
]
