"""The calendar of hourly work: weeks of Monday to Sunday, all of it in UTC, so that no zone's summer moves it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from kelmah.interfaces.payments.refusals import WeekCharged as WeekCharged
from kelmah.interfaces.payments.refusals import WeekNotOver

_LAST_MOMENT: Final = time(23, 59, tzinfo=UTC)
_AT_LEAST: Final = timedelta(days=2)  # a charge that comes late must still leave time to look


def check_week(week: date, *, today: date) -> None:
    """Raises WeekNotOver."""
    if week.isoweekday() != 1 or week + timedelta(days=7) > today:
        raise WeekNotOver()


def review_ends(charged_at: datetime) -> datetime:
    """The first Friday, 23:59 UTC, that leaves two days to object to what was charged."""
    earliest = (charged_at.astimezone(UTC) + _AT_LEAST).date()
    friday = earliest + timedelta(days=(5 - earliest.isoweekday()) % 7)
    ends = datetime.combine(friday, _LAST_MOMENT)
    return ends if ends >= charged_at + _AT_LEAST else ends + timedelta(days=7)
