"""The search against its definitions: all pages are the whole, and PostgreSQL's calendar is that of the rules."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.identity.queries import cards, directory
from domains.identity.queries.gate import WorkerFilter
from domains.identity.queries.profiles import availability_of, own_profile
from domains.identity.rules.availability import Slot, TimeOff, free_intervals, is_free
from kelmah import clock as kelmah_clock
from tests.identity.workers import CARPENTRY, NOW, OSU, PLUMBING, TEMA, TILING, cedis, worker

TODAY = NOW.date()

pytestmark = pytest.mark.domain("identity")

# The rows are made once for each test and only read by its examples.
many_examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def a_saturday(clock):
    clock.advance(seconds=(NOW - clock.now()).total_seconds())


@pytest.fixture
def forty():
    """Many ties, some without a place or a rate."""
    for number in range(40):
        worker(
            name=f"Worker {number}",
            skills=dict.fromkeys([CARPENTRY, PLUMBING, TILING][number % 3 :], 1 + number % 2),
            at=[OSU, TEMA, None][number % 3],
            hourly=cedis(10 + number % 4) if number % 5 else None,
            headline="Staircases" if number % 4 == 0 else "Doors and staircases",
            stars=400 if number % 2 else 0,
            languages="en" if number % 3 else "tw",
        )


def filters() -> st.SearchStrategy[dict]:
    words = st.lists(st.sampled_from(["staircases", "doors", "plumber", "worker", "nothing"]), max_size=3, unique=True)
    skills = st.lists(st.sampled_from([CARPENTRY, PLUMBING, TILING, "none"]), max_size=2, unique=True)
    around = st.sampled_from([{}, {"latitude": OSU[0], "longitude": OSU[1], "radius_km": 30}])
    rate = st.sampled_from([{}, {"currency": "GHS"}, {"currency": "GHS", "max_rate": 1200}])
    return st.tuples(words, skills, around, rate).map(
        lambda asked: {"words": tuple(asked[0]), "skill_ids": tuple(asked[1]), **asked[2], **asked[3]}
    )


def page(wanted: WorkerFilter, sort: str, limit: int, begin: directory.Place | None = None) -> directory.Page:
    return directory.find(wanted, sort=sort, limit=limit, weights=cards.weights(), begin=begin)


def ids(items: str) -> list[str]:
    return [item["user_id"] for item in orjson.loads(items)]


@many_examples
@given(asked=filters(), sort=st.sampled_from(directory.SORTS), limit=st.integers(1, 12))
def test_the_pages_together_are_the_whole_in_its_order(forty, asked, sort, limit):
    if sort == "distance" and "latitude" not in asked:
        asked |= {"latitude": TEMA[0], "longitude": TEMA[1], "radius_km": 100}
    if sort == "rate":
        asked |= {"currency": "GHS"}
    wanted = WorkerFilter(now=kelmah_clock.now(), **asked)
    whole = page(wanted, sort, 100)
    seen, begin = [], None
    while True:
        part = page(wanted, sort, limit, begin)
        assert part.total == whole.total
        seen += ids(part.items)
        if part.last is None:
            break
        begin = directory.Place(total=part.total, after=part.last)
    assert seen == ids(whole.items)
    assert whole.total == directory.Total(len(seen), True)


def weeks() -> st.SearchStrategy[dict]:
    slot = st.builds(Slot, weekday=st.integers(1, 7), starts=st.integers(0, 1439), minutes=st.integers(1, 1440))
    off = st.tuples(st.integers(-2, 20), st.integers(0, 5)).map(
        lambda days: TimeOff(first=TODAY + timedelta(days=days[0]), last=TODAY + timedelta(days=sum(days)))
    )
    pause = st.one_of(st.none(), st.integers(-50, 400).map(lambda hours: NOW + timedelta(hours=hours)))
    zone = st.sampled_from(["Africa/Accra", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
    return st.fixed_dictionaries(
        {
            "slots": st.tuples(slot),
            "days_off": st.lists(off, max_size=1),
            "paused_until": pause,
            "zone": zone,
            "holidays": st.sampled_from(["", "GH"]),
        }
    )


@settings(max_examples=50, deadline=None)
@given(hours=weeks(), minutes=st.integers(0, 14 * 1440), data=st.data())
def test_postgresql_finds_exactly_those_whom_the_rules_call_free(hours, minutes, data):
    user_id = worker(hours=hours)
    when = availability_of(own_profile(user_id))
    at = NOW + timedelta(minutes=minutes)
    edges = [
        edge
        for each in free_intervals(when, start=NOW, end=NOW + timedelta(days=21))
        for edge in (each.start, each.end)
    ]
    for moment in [at, *edges[:4]]:
        found = page(WorkerFilter(now=NOW, at=moment), "rank", 100)
        assert (str(user_id) in ids(found.items)) == is_free(when, moment), moment


def test_a_moment_in_the_hour_that_comes_twice_and_one_beside_the_hour_that_never_comes(clock):
    clock.advance(seconds=(datetime(2026, 10, 1, tzinfo=UTC) - clock.now()).total_seconds())
    user_id = worker(hours={"slots": [Slot(weekday=7, starts=2 * 60, minutes=60)], "zone": "Europe/Paris"})
    when = availability_of(own_profile(user_id))
    autumn, spring = datetime(2026, 10, 25, tzinfo=UTC), datetime(2027, 3, 28, tzinfo=UTC)
    for minutes in range(0, 180, 15):
        for night in (autumn, spring):
            at = night + timedelta(minutes=minutes)
            found = bool(ids(page(WorkerFilter(now=clock.now(), at=at), "rank", 5).items))
            assert found == is_free(when, at) == (night == autumn and minutes < 120), at
