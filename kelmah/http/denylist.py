"""Sessions that were ended before their access tokens expired.

identity writes an entry on every revocation; each process asks for it on every request. An entry lives as long as the
longest access token, since afterwards no token of the session is left.
"""

from datetime import timedelta
from uuid import UUID

from kelmah.http.store import StoreDown, mark_down, store


def revoke_session(sid: UUID, ttl: timedelta) -> None:
    """Refuse the session's access tokens from now on, for ``ttl``. Raises StoreDown."""
    try:
        store().set(_key(sid), b"1", px=max(1, int(ttl.total_seconds() * 1000)))
    except StoreDown:
        mark_down()
        raise


def is_revoked(sid: UUID) -> bool:
    """Whether the session was ended. Raises StoreDown: the caller decides what that means for the request."""
    try:
        return bool(store().exists(_key(sid)))
    except StoreDown:
        mark_down()
        raise


def _key(sid: UUID) -> str:
    return f"sid:rev:{sid}"
