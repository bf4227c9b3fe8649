"""Figures about people: counted once a day, by week and month, role and region, and nobody to be found in them."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from domains.identity import tasks
from domains.identity.actions import analytics
from domains.identity.models import ActivationStep, ActiveWeek, Figure, Profile
from domains.identity.queries.analytics import charts
from domains.identity.rules import analytics as rules
from kelmah import clock as kelmah_clock
from tests.identity.desk import show_second_factor
from tests.identity.factories import colleague, log_in, sign_up
from tests.identity.privacy import erased

pytestmark = pytest.mark.domain("identity")


def value(kind: str, *, by: str = "all", part: str = "", item: str = "") -> int | None:
    return Figure.objects.filter(kind=kind, by=by, part=part, item=item).latest("period").value


# --- rules -------------------------------------------------------------------------------------------------------


@settings(deadline=None)  # a busy machine is no fault of a sum's
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1))
def test_nothing_hidden_can_be_worked_out(parts):
    total, told = rules.told(sum(parts.values()), parts)
    hidden = {name for name, count in told.items() if count is None}
    assert not any(0 < count < rules.SMALLEST for count in told.values() if count is not None)
    assert all(told[name] == parts[name] for name in parts.keys() - hidden)
    if total is None:
        assert 0 < sum(parts.values()) < rules.SMALLEST
    elif hidden:
        assert len(hidden) >= 2
        assert sum(parts[name] for name in hidden) >= rules.SMALLEST


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((5.556, -0.182), "greater_accra"),
        ((6.7, -1.6), "ashanti"),
        ((9.4, -0.85), "northern"),
        ((51.5, -0.1), "elsewhere"),
        ((None, None), "unknown"),
    ],
)
def test_a_place_lies_in_the_region_of_the_nearest_capital(place, region):
    assert rules.region_of(*place) == region


def test_a_week_begins_on_monday_and_a_month_on_its_first():
    assert rules.week_of(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == date(2026, 11, 16)
    assert rules.month_of(datetime(2026, 11, 22, tzinfo=UTC)) == date(2026, 11, 1)


# --- counting ----------------------------------------------------------------------------------------------------


def test_people_are_counted_by_role_and_region_and_small_groups_hidden():
    people = [sign_up(role="worker") for _ in range(6)] + [sign_up(role="hirer") for _ in range(5)]
    for each in people[:5]:
        Profile.objects.filter(user=each.user).update(
            place_name="Osu", latitude=5.556, longitude=-0.182, headline="Carpenter"
        )
    Profile.objects.filter(user=people[5].user).update(place_name="Kumasi", latitude=6.69, longitude=-1.62)
    assert tasks.count_people() > 0
    assert value("signups") == 11
    assert (value("signups", by="role", part="worker"), value("signups", by="role", part="hirer")) == (6, 5)
    assert value("signups", by="region", part="ashanti") is None  # one person
    assert Figure.objects.filter(kind="signups", by="region", value=None).count() == 2
    assert value("funnel", item="profile") == 5


def test_the_funnel_counts_first_times():
    people = [sign_up() for _ in range(7)]
    ids = [each.user.id for each in people]
    at = kelmah_clock.now()
    for step, count in (("first_move", 7), ("contract", 6), ("completed", 5)):
        for _ in range(2):
            analytics.record_step(user_ids=ids[:count], step=step, at=at)
    tasks.count_people()
    assert [value("funnel", item=step) for step in ("signed_up", "first_move", "contract", "completed")] == [7, 7, 6, 5]
    assert ActivationStep.objects.count() == 18


def test_who_comes_back_is_counted_by_the_week_they_came(clock):
    people = [sign_up() for _ in range(6)]
    tasks.count_people()
    clock.advance(days=14)
    for each in people[:5]:
        log_in(each.user)
    tasks.count_people()
    cohort = rules.week_of(people[0].user.created_at)
    assert Figure.objects.get(kind="retention", period=cohort, by="all", item="2").value == 5
    assert not Figure.objects.filter(kind="retention", item="1").exists()
    assert ActiveWeek.objects.filter(user=people[0].user).count() == 2


def test_counted_again_it_is_the_same():
    for _ in range(6):
        sign_up()
    tasks.count_people()
    before = list(Figure.objects.order_by("kind", "by", "part").values_list("kind", "by", "part", "value"))
    tasks.count_people()
    assert list(Figure.objects.order_by("kind", "by", "part").values_list("kind", "by", "part", "value")) == before


def test_whoever_is_erased_is_counted_no_more(settings, tmp_path):
    settings.MAILBOX_DIR = tmp_path
    people = [sign_up() for _ in range(6)]
    analytics.record_step(user_ids=[people[0].user.id], step="contract", at=kelmah_clock.now())
    tasks.count_people()
    assert value("signups") == 6
    erased(people[0].user.id)
    assert not ActivationStep.objects.exists()
    tasks.count_people()
    assert value("signups") == 5


def test_the_table_takes_no_small_group():
    with pytest.raises(DatabaseError), transaction.atomic("identity"):  # noqa: TID251
        Figure.objects.create(
            kind="signups", period=date(2026, 1, 5), by="all", value=4, computed_at=kelmah_clock.now()
        )


# --- at the desk -------------------------------------------------------------------------------------------------


def seen_by(role: str) -> Client:
    client, user = Client(), colleague(role)
    client.force_login(user)
    show_second_factor(client, user)
    return client


def test_the_desk_shows_charts_and_gives_csv():
    for _ in range(6):
        sign_up(display_name="Ama Mensah")
    tasks.count_people()
    assert charts()[0].bars[-1].value == 6
    desk = seen_by("compliance")
    page = desk.get("/admin/identity/figure/").content.decode()
    assert "Sign-ups by week" in page
    assert "<meter" in page
    answer = desk.get("/admin/identity/figure/csv/")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {"kind": "signups", "by": "role", "part": "worker", "value": "6"}.items() <= next(
        row for row in rows if (row["kind"], row["part"]) == ("signups", "worker")
    ).items()
    assert "Ama Mensah" not in answer.content.decode() + page
    assert "@example.com" not in answer.content.decode()


def test_figures_are_for_those_who_may_see_them():
    desk = seen_by("moderator")
    assert desk.get("/admin/identity/figure/").status_code == 403
    assert desk.get("/admin/identity/figure/csv/").status_code == 403
