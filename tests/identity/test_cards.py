"""The directory says of every worker who may be found what is true now, and nothing of anybody else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions, handlers, rules
from domains.identity.actions import availability, cards
from domains.identity.actions.profiles import update_profile
from domains.identity.models import FinishedJob, Profile, WorkerCard
from domains.identity.rules.availability import Slot, TimeOff
from kelmah import clock as kelmah_clock
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.money import Money
from tests.identity.factories import sign_up
from tests.identity.paper_factories import cabinet, climb

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")

CARPENTRY = rules.Skill(skill_id="47-2031-00-carpentry", level=4, years=12)
OSU = rules.Place(name="Osu", latitude=5.556123, longitude=-0.182456)


def listed(**changes):
    """A worker who may be found."""
    user = sign_up(role="worker").user
    update_profile(user_id=user.id, expected_version=None, changes={"skills": (CARPENTRY,), **changes})
    return user


def completed(user, *, contract_id=None, outcome="completed", hirer_id=None) -> ContractEnded:
    return ContractEnded(
        contract_id=contract_id or new_id(), hirer_id=hirer_id or new_id(), worker_id=user.id, title="Doors",
        category="carpentry", outcome=outcome, paid=Money(5, "GHS"), ended_at=kelmah_clock.now(),
    )  # fmt: skip


def hear(event: ContractEnded) -> None:
    with atomic("identity"):
        handlers.on_contract_ended(event)


# --- who is listed -----------------------------------------------------------------------------------------------


def test_a_worker_is_listed_once_they_name_a_skill():
    user = sign_up(role="worker").user
    update_profile(user_id=user.id, expected_version=None, changes={"headline": "Carpenter"})
    assert not WorkerCard.objects.exists()
    update_profile(user_id=user.id, expected_version=None, changes={"skills": (CARPENTRY,)})
    assert WorkerCard.objects.get().headline == "Carpenter"
    update_profile(user_id=user.id, expected_version=None, changes={"skills": ()})
    assert not WorkerCard.objects.exists()


def test_a_hirer_is_never_listed():
    user = sign_up(role="hirer").user
    update_profile(user_id=user.id, expected_version=None, changes={"headline": "Hotel"})
    actions.record_reputation(user_id=user.id, stars=437, reviews=12)
    assert not WorkerCard.objects.exists()


def test_who_is_suspended_is_gone_and_comes_back_as_they_were():
    user = listed(headline="Carpenter")
    actions.suspend_user(user_id=user.id)
    assert not WorkerCard.objects.exists()
    actions.record_reputation(user_id=user.id, stars=437, reviews=12)
    assert not WorkerCard.objects.exists()
    actions.reactivate_user(user_id=user.id)
    assert (WorkerCard.objects.get().headline, WorkerCard.objects.get().stars) == ("Carpenter", 437)


# --- what it says ------------------------------------------------------------------------------------------------


def test_a_place_is_only_as_exact_as_everybody_may_see_it():
    listed(place=OSU, radius_km=25)
    card = WorkerCard.objects.get()
    assert (card.latitude, card.longitude, card.radius_km) == (5.56, -0.18, 25)


def test_reviews_contracts_and_papers_raise_the_rank_each_by_its_share(cabinet):
    user = listed()
    first = WorkerCard.objects.get().rank
    actions.record_reputation(user_id=user.id, stars=500, reviews=4)
    climb(cabinet, user, skill_id=CARPENTRY.skill_id)
    card = WorkerCard.objects.get()
    assert card.rank_terms == {"rating": 0.4, "verified": 0.25, "jobs": 0, "recency": pytest.approx(0.15)}
    assert card.rank == pytest.approx(first + 650_000)
    assert (card.strengths, card.weights_version) == ([84], 1)
    hear(completed(user))
    assert WorkerCard.objects.get().rank_terms["jobs"] == pytest.approx(0.02, abs=0.0001)  # one of 999, by logarithm


def test_a_completed_contract_counts_once_for_both_sides():
    worker, hirer = listed(), sign_up(role="hirer").user
    event = completed(worker, hirer_id=hirer.id)
    hear(event)
    hear(event)
    assert {row.user_id: row.jobs for row in Profile.objects.all()} == {worker.id: 1, hirer.id: 1}
    assert WorkerCard.objects.get().jobs == 1


@pytest.mark.parametrize("outcome", ["cancelled", "terminated"])
def test_a_contract_that_was_not_completed_does_not_count(outcome):
    user = listed()
    hear(completed(user, outcome=outcome))
    assert (WorkerCard.objects.get().jobs, FinishedJob.objects.count()) == (0, 0)


def test_hours_are_minutes_of_the_week_and_days_off_hold_the_holidays(clock):
    clock.advance(seconds=(datetime(2026, 11, 21, tzinfo=UTC) - clock.now()).total_seconds())
    user = listed()
    night = Slot(weekday=7, starts=22 * 60, minutes=8 * 60)
    off = TimeOff(first=datetime(2026, 12, 24, tzinfo=UTC).date(), last=datetime(2027, 1, 2, tzinfo=UTC).date())
    availability.update_availability(
        user_id=user.id, expected_version=None, changes={"slots": [night], "days_off": [off], "holidays": "GH"}
    )
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT weekly::text, days_off::text, weekdays FROM identity_workercard")
        weekly, days_off, weekdays = cursor.fetchone()
    assert (weekly, weekdays) == ("{[0,360),[9960,10080)}", [1, 7])
    assert "[2026-12-04,2026-12-05)" in days_off  # Farmers' Day
    assert "[2026-12-24,2027-01-03)" in days_off


# --- how it stays true -------------------------------------------------------------------------------------------


def test_whoever_is_silent_sinks_when_the_cards_are_written_anew(clock):
    listed()
    rank = WorkerCard.objects.get().rank
    clock.advance(days=90)
    assert cards.refresh_all() == 1
    assert WorkerCard.objects.get().rank == pytest.approx(rank - 75_000, abs=2)
    clock.advance(days=900)
    cards.refresh_all()
    assert WorkerCard.objects.get().rank_terms["recency"] == 0


def test_using_a_session_is_a_sign_of_life(clock):
    tokens = sign_up(role="worker")
    update_profile(user_id=tokens.user.id, expected_version=None, changes={"skills": (CARPENTRY,)})
    clock.advance(days=20)
    actions.refresh(refresh_token=tokens.refresh_token)
    cards.refresh_all()
    assert clock.now() - WorkerCard.objects.get().active_at < timedelta(minutes=1)


def test_cards_are_never_written_outside_the_transaction_of_their_cause():
    with pytest.raises(RuntimeError, match="atomic"):
        cards.refresh(new_id())


def test_a_batch_takes_as_many_statements_as_one_card():
    users = [listed() for _ in range(5)]

    def statements(*ids) -> int:
        with atomic("identity"), CaptureQueriesContext(connections["identity"]) as captured:
            cards.refresh(*ids)
        return len(captured)

    assert statements(users[0].id) == statements(*(user.id for user in users)) <= 15


@pytest.mark.domain("identity", transaction=True)
def test_a_review_that_comes_while_somebody_is_suspended_does_not_bring_them_back(race):
    for _ in range(5):
        user = listed()
        race(
            [
                lambda user=user: actions.suspend_user(user_id=user.id),
                lambda user=user: actions.record_reputation(user_id=user.id, stars=437, reviews=12),
            ]
        )
        assert not WorkerCard.objects.filter(user=user).exists()
