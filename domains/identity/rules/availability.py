"""When somebody can work: hours of the week on the clock of a zone, days off, a pause.

One sentence defines it all: somebody is free at a moment if the clock on their wall shows a minute of one of their
slots, on a date that is neither a day off nor a public holiday they keep, and a pause is over. ``is_free`` says that of
a moment, ``free_intervals`` of a time between two. So in a night when the clock is put forward a slot is shorter, when
it is put back, longer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from domains.identity.rules.public_holidays import public_holidays
from kelmah.errors import FieldError, InvalidInput

DAY: Final = 1_440  # minutes
WEEK: Final = 7 * DAY
MOST_SLOTS: Final = 70
MOST_DAYS_OFF: Final = 100
LONGEST_TIME_OFF: Final = 366  # days
NOTE_LENGTH: Final = 120
LONGEST_PAUSE: Final = timedelta(days=731)
LONGEST_QUESTION: Final = timedelta(days=62)

_STEP = timedelta(hours=6)  # no zone changes its offset there and back within it
_Naive = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True, order=True)
class Slot:
    """From minute ``starts`` of a weekday (1 Monday to 7 Sunday), for ``minutes``, over midnight if need be."""

    weekday: int
    starts: int
    minutes: int

    @property
    def of_week(self) -> list[tuple[int, int]]:
        """As minutes of the week, end excluded: two ranges where it runs from Sunday into Monday."""
        first = (self.weekday - 1) * DAY + self.starts
        last = first + self.minutes
        return [(first, last)] if last <= WEEK else [(first, WEEK), (0, last - WEEK)]


@dataclass(frozen=True, kw_only=True, order=True)
class TimeOff:
    """Whole days, ends included. ``note`` is for the owner alone."""

    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Slots and days off are in order. Without slots nobody knows when somebody can work. ``holidays``: the country
    whose public holidays they keep, or empty."""

    zone: str
    slots: tuple[Slot, ...] = ()
    days_off: tuple[TimeOff, ...] = ()
    holidays: str = ""
    paused_until: datetime | None = None

    def is_off(self, day: date) -> bool:
        """Whether this date of their own calendar is free of work."""
        return any(off.first <= day <= off.last for off in self.days_off) or day in public_holidays(
            self.holidays, day.year
        )


@dataclass(frozen=True, order=True)
class Interval:
    """From ``start`` until before ``end``, in UTC."""

    start: datetime
    end: datetime


def check_availability(wanted: Availability, *, now: datetime) -> None:
    """Raises InvalidInput, field by field: slots or days off that overlap, and a pause that is too long."""
    errors = [FieldError("/slots", "overlap", "Two slots share a minute.")] if _overlap(wanted.slots) else []
    for number, (before, after) in enumerate(pairwise(wanted.days_off), start=1):
        if after.first <= before.last:
            errors.append(FieldError(f"/days_off/{number}", "overlap", "This is off already."))
    for number, off in enumerate(wanted.days_off):
        if off.last < off.first or (off.last - off.first).days >= LONGEST_TIME_OFF:
            errors.append(FieldError(f"/days_off/{number}/last", "out_of_range", "The same day or within a year."))
    if wanted.paused_until is not None and wanted.paused_until > now + LONGEST_PAUSE:
        errors.append(FieldError("/paused_until", "out_of_range", "A pause lasts two years at most."))
    if errors:
        raise InvalidInput(errors=errors)


def minute_of_week(local: datetime) -> int:
    return (local.isoweekday() - 1) * DAY + local.hour * 60 + local.minute


def is_free(availability: Availability, at: datetime) -> bool:
    """Whether somebody can work at this moment; False when they never said when they do."""
    if availability.paused_until is not None and at < availability.paused_until:
        return False
    local = at.astimezone(ZoneInfo(availability.zone))
    if availability.is_off(local.date()):
        return False
    minute = minute_of_week(local)
    return any(first <= minute < last for slot in availability.slots for first, last in slot.of_week)


def free_intervals(availability: Availability, *, start: datetime, end: datetime) -> list[Interval]:
    """Every moment between that ``is_free``, as the fewest intervals, in order."""
    if availability.paused_until is not None:
        start = max(start, availability.paused_until)
    found: list[Interval] = []
    for begin, until, offset in _spans_of_one_offset(ZoneInfo(availability.zone), start, end):
        # Within such a span the wall's clock runs like any other.
        wall = (begin.replace(tzinfo=None) + offset, until.replace(tzinfo=None) + offset)
        for first, last in _free_on_the_wall(availability, wall):
            found.append(Interval((first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)))
    return _merged(found)


@lru_cache(maxsize=1_000)  # few zones, and the days move once a day
def offsets_between(zone: str, first: date, last: date) -> frozenset[int]:
    """How many minutes the zone's clocks are ahead of UTC at any time of these days."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    days = range((last - first).days + 2)
    return frozenset(int(_offset(ZoneInfo(zone), begin + timedelta(days=day)).total_seconds() // 60) for day in days)


def hours_of_week(slots: Iterable[Slot], offsets: Iterable[int]) -> list[int]:
    """The hours of the week in UTC (0 begins on Monday at midnight) that hold some minute of a slot, at any of the
    offsets: more than the truth by an hour at most."""
    hours = set()
    for offset in offsets:
        for slot in slots:
            first = (slot.weekday - 1) * DAY + slot.starts - offset
            hours |= {hour % (WEEK // 60) for hour in range(first // 60, -(-(first + slot.minutes) // 60))}
    return sorted(hours)


# Private functions


def _overlap(slots: Sequence[Slot]) -> bool:
    ranges = sorted(part for slot in slots for part in slot.of_week)
    return any(after[0] < before[1] for before, after in pairwise(ranges))


def _spans_of_one_offset(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time cut where the zone puts its clocks forward or back."""
    begin, reached = start.astimezone(UTC), start.astimezone(UTC)
    end = end.astimezone(UTC)
    offset = _offset(zone, begin)
    while reached < end:
        ahead = min(reached + _STEP, end)
        if _offset(zone, ahead) != offset:
            change = _change_between(zone, reached, ahead)
            if change > begin:
                yield begin, change, offset
            begin, reached, offset = change, change, _offset(zone, change)
        else:
            reached = ahead
    if begin < end:
        yield begin, end, offset


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new offset."""
    old = _offset(zone, before)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _free_on_the_wall(availability: Availability, wall: _Naive) -> Iterator[_Naive]:
    begin, until = wall
    day = begin.date() - timedelta(days=1)  # its slots may run over midnight
    while day <= until.date():
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the wall's clock
        for slot in availability.slots:
            if slot.weekday == day.isoweekday():
                first = midnight + timedelta(minutes=slot.starts)
                for part in _by_date(first, first + timedelta(minutes=slot.minutes)):
                    off = availability.is_off(part[0].date())
                    if not off and max(part[0], begin) < min(part[1], until):
                        yield max(part[0], begin), min(part[1], until)
        day += timedelta(days=1)


def _by_date(first: datetime, last: datetime) -> Iterator[_Naive]:
    """Cut at midnight: a day off ends what began the evening before."""
    midnight = datetime(first.year, first.month, first.day) + timedelta(days=1)  # noqa: DTZ001 - the wall's clock
    if last <= midnight:
        yield first, last
    else:
        yield first, midnight
        yield midnight, last


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for each in sorted(intervals):
        if merged and each.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, each.end))
        else:
            merged.append(each)
    return merged
