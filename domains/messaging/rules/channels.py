"""By which ways somebody is told outside the app, and when."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

CHANNELS: Final = ("email", "sms")
URGENT: Final = frozenset({"account_changed", "session_revoked"})  # it may not have been them: never off, never later
LONGEST_SMS: Final = 300


def channels_for(
    kind: str, topic: str, *, email: str, phone: str, mail_off: Collection[str], sms_on: Collection[str]
) -> list[str]:
    """The ways to somebody with these addresses and wishes. Word of their account goes by phone where there is no
    mail; whatever else goes there only if they want it."""
    urgent = kind in URGENT
    channels = ["email"] if email and (urgent or topic not in mail_off) else []
    if phone and (topic in sms_on or (urgent and not email)):
        channels.append("sms")
    return channels


def not_before(now: datetime, *, kind: str, zone: str, quiet_from: time | None, quiet_until: time | None) -> datetime:
    """When a letter may leave: now, or at the end of the reader's quiet hours, which may cross midnight."""
    if quiet_from is None or quiet_until is None or kind in URGENT:
        return now
    here = now.astimezone(ZoneInfo(zone))
    clock_time = here.time()
    crosses_midnight = quiet_from > quiet_until
    if crosses_midnight:
        is_quiet = clock_time >= quiet_from or clock_time < quiet_until
    else:
        is_quiet = quiet_from <= clock_time < quiet_until
    if not is_quiet:
        return now
    ends_on = here.date() + timedelta(days=1 if crosses_midnight and clock_time >= quiet_from else 0)
    return datetime.combine(ends_on, quiet_until, tzinfo=here.tzinfo).astimezone(now.tzinfo)


def sms_text(title: str, body: str) -> str:
    """One or two texts long."""
    text = f"{title}. {body}"
    return text if len(text) <= LONGEST_SMS else f"{text[: LONGEST_SMS - 1]}…"
