"""When people can work: two ways to ask, one answer."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domains.identity.rules.availability import (
    DAY,
    WEEK,
    Availability,
    Interval,
    Slot,
    TimeOff,
    check_availability,
    free_intervals,
    hours_of_week,
    is_free,
    minute_of_week,
    offsets_between,
)
from domains.identity.rules.public_holidays import COUNTRIES, holidays_between, public_holidays
from kelmah.errors import InvalidInput

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WHOLE_WEEK = tuple(Slot(weekday=day, starts=0, minutes=DAY) for day in range(1, 8))
# Clocks put forward and back in March and October (half an hour on Lord Howe), or never, or at odd offsets; a country
# that skipped a whole day.
ZONES = ("Africa/Accra", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def slots() -> st.SearchStrategy[tuple[Slot, ...]]:
    """Slots that share no minute: the week cut at some minutes, and every other piece of at most a day taken."""

    def of(cuts: list[int]) -> tuple[Slot, ...]:
        taken = [(first, last) for first, last in zip(cuts[::2], cuts[1::2], strict=False) if last - first <= DAY]
        return tuple(Slot(weekday=first // DAY + 1, starts=first % DAY, minutes=last - first) for first, last in taken)

    return st.lists(st.integers(0, WEEK + 300), min_size=0, max_size=16, unique=True).map(sorted).map(_within).map(of)


def _within(cuts: list[int]) -> list[int]:
    """Only the last may reach into the next week, and then the first must leave it room."""
    return [cut for number, cut in enumerate(cuts) if cut < WEEK or (number == len(cuts) - 1 and cuts[0] >= 300)]


def days_off() -> st.SearchStrategy[tuple[TimeOff, ...]]:
    start = date(2026, 1, 1)
    lengths = st.lists(st.tuples(st.integers(1, 90), st.integers(0, 9)), max_size=4)

    def of(pairs: list[tuple[int, int]]) -> tuple[TimeOff, ...]:
        found, day = [], start
        for gap, length in pairs:
            first = day + timedelta(days=gap)
            found.append(TimeOff(first=first, last=first + timedelta(days=length)))
            day = found[-1].last
        return tuple(found)

    return lengths.map(of)


def moments() -> st.SearchStrategy[datetime]:
    near_changes = st.sampled_from(
        [utc(2026, 3, 29), utc(2026, 10, 25), utc(2026, 3, 8), utc(2026, 4, 5), utc(2011, 12, 29)]
    )
    anywhere = st.integers(0, 365 * DAY).map(lambda minutes: utc(2026, 1, 1) + timedelta(minutes=minutes))
    return st.one_of(anywhere, near_changes)


availabilities = st.builds(
    Availability,
    zone=st.sampled_from(ZONES),
    slots=slots(),
    days_off=days_off(),
    holidays=st.sampled_from(["", "GH", "FR"]),
    paused_until=st.one_of(st.none(), moments()),
)


@settings(max_examples=150, deadline=None)
@given(when=availabilities, start=moments(), hours=st.integers(1, 24 * 9), data=st.data())
def test_intervals_hold_exactly_the_moments_at_which_somebody_is_free(when, start, hours, data):
    end = start + timedelta(hours=hours)
    found = free_intervals(when, start=start, end=end)
    edges = [edge for each in found for edge in (each.start, each.end)]
    assert edges == sorted(set(edges))  # in order, never empty, and none touches the next
    asked = data.draw(st.lists(st.integers(0, hours * 60 - 1), min_size=5, max_size=5))
    for at in [*(start + timedelta(minutes=minute) for minute in asked), *(e for e in edges if e < end)]:
        assert is_free(when, at) == any(each.start <= at < each.end for each in found), at


def test_the_night_the_clock_is_put_forward_is_short_and_put_back_is_long():
    night = Availability(zone="Europe/Paris", slots=(Slot(weekday=6, starts=22 * 60, minutes=8 * 60),))
    spring = free_intervals(night, start=utc(2026, 3, 28), end=utc(2026, 3, 30))
    autumn = free_intervals(night, start=utc(2026, 10, 24), end=utc(2026, 10, 26))
    assert spring == [Interval(utc(2026, 3, 28, 21), utc(2026, 3, 29, 4))]
    assert autumn == [Interval(utc(2026, 10, 24, 20), utc(2026, 10, 25, 5))]


def test_a_day_off_ends_the_slot_of_the_evening_before():
    night = Availability(
        zone="Africa/Accra",
        slots=(Slot(weekday=1, starts=22 * 60, minutes=8 * 60),),
        days_off=(TimeOff(first=date(2026, 12, 8), last=date(2026, 12, 8)),),
    )
    assert free_intervals(night, start=utc(2026, 12, 7), end=utc(2026, 12, 9)) == [
        Interval(utc(2026, 12, 7, 22), utc(2026, 12, 8))
    ]


def test_who_works_always_is_free_in_one_piece():
    always = Availability(zone="Europe/Paris", slots=WHOLE_WEEK)
    start, end = utc(2026, 3, 1), utc(2026, 4, 30)
    assert free_intervals(always, start=start, end=end) == [Interval(start, end)]


def test_who_never_said_when_is_never_free():
    assert not is_free(Availability(zone="UTC"), NOW)
    assert free_intervals(Availability(zone="UTC"), start=NOW, end=NOW + timedelta(days=60)) == []


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_pause_is_over_at_its_end(seconds):
    always = Availability(zone="UTC", slots=WHOLE_WEEK, paused_until=NOW)
    assert is_free(always, NOW + timedelta(seconds=seconds)) == (seconds >= 0)


def test_public_holidays_are_those_of_the_country_on_its_own_calendar():
    at = datetime(2027, 3, 6, 0, 30, tzinfo=ZoneInfo("Africa/Lagos"))  # still 5 March in Accra
    assert not is_free(Availability(zone="Africa/Lagos", slots=WHOLE_WEEK, holidays="GH"), at)
    assert is_free(Availability(zone="Africa/Accra", slots=WHOLE_WEEK, holidays="GH"), at)
    assert is_free(Availability(zone="Africa/Lagos", slots=WHOLE_WEEK, holidays="NG"), at)


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_country_can_be_asked(country):
    days = holidays_between(country, date(2026, 12, 1), date(2028, 1, 31))
    assert days == sorted(days)
    assert all(public_holidays(country, day.year)[day] == name for day, name in days)


OVERLAPPING = (Slot(weekday=1, starts=0, minutes=61), Slot(weekday=1, starts=60, minutes=9))
OVER_SUNDAY = (Slot(weekday=1, starts=0, minutes=1), Slot(weekday=7, starts=1439, minutes=2))
BACKWARDS = (TimeOff(first=date(2026, 1, 2), last=date(2026, 1, 1)),)


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (Availability(zone="UTC", slots=OVERLAPPING), "/slots"),
        (Availability(zone="UTC", slots=OVER_SUNDAY), "/slots"),
        (Availability(zone="UTC", days_off=BACKWARDS), "/days_off/0/last"),
        (Availability(zone="UTC", paused_until=NOW + timedelta(days=732)), "/paused_until"),
    ],
)
def test_nonsense_is_refused_by_name(wanted, pointer):
    with pytest.raises(InvalidInput) as refused:
        check_availability(wanted, now=NOW)
    assert [error.pointer for error in refused.value.errors] == [pointer]


@settings(max_examples=100, deadline=None)
@given(when=availabilities, at=moments())
def test_whoever_is_free_has_that_hour_of_the_week_in_utc(when, at):
    day = at.date()
    offsets = offsets_between(when.zone, day - timedelta(days=1), day + timedelta(days=1))
    assert not is_free(when, at) or minute_of_week(at) // 60 in hours_of_week(when.slots, offsets)


def test_hours_in_utc_are_those_of_summer_and_of_winter():
    monday = [Slot(weekday=1, starts=30, minutes=60)]  # 00:30 to 01:30
    offsets = offsets_between("Europe/Paris", date(2026, 1, 1), date(2026, 12, 31))
    assert offsets == {60, 120}
    assert hours_of_week(monday, offsets) == [0, 166, 167]  # 23:30 on Sunday in winter, 22:30 in summer
