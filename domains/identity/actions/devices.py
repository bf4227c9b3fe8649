"""Devices that were not seen before."""

from domains.identity import rules
from domains.identity.actions.notices import tell
from domains.identity.models import User
from domains.identity.queries.sessions import SeenSessions
from domains.identity.rules.devices import shown_name
from kelmah import clock


def tell_if_new(user: User, seen: SeenSessions, *, name: str, kind: str, ip: str | None) -> None:
    """Tell the person of a login from a device of another name or kind than all those they used of late.

    Not of the first login to a new account. Inside the transaction of the login, before its session is made.
    """
    # Rows of sessions are forgotten in time: in an old account their absence doesn't mean that this is the first.
    first = not seen.all and clock.now() - user.created_at < rules.KEPT_AFTER_END
    if not (seen.alike or first):
        device = shown_name(device_name=name, device_kind=kind)
        tell(user.id, "new_device", device=device, detail=f"from the address {ip}" if ip else "")
