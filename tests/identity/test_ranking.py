"""What ranks workers: weights that staff change with a reason, a version each."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from domains.identity.actions import cards
from domains.identity.actions.ranking import set_weights
from domains.identity.models import Outbox, RankWeights, WorkerCard
from domains.identity.queries.cards import weights
from domains.identity.rules.directory import FIRST_WEIGHTS, Standing, check_weights, contributions
from kelmah.errors import InvalidInput
from tests.identity.desk import show_second_factor
from tests.identity.factories import STAFF_PASSWORD, staff
from tests.identity.workers import worker

REASON = "Reviews are few as yet, papers say more."
OTHERS = replace(FIRST_WEIGHTS, rating=2_000, verified=4_500, match=5_000)


# --- rules -------------------------------------------------------------------------------------------------------


def standings() -> st.SearchStrategy[Standing]:
    return st.builds(
        Standing,
        stars=st.integers(0, 500),
        verified_level=st.integers(0, 3),
        jobs=st.integers(0, 10**6),
        silent_for=st.integers(-1, 4_000).map(lambda days: timedelta(days=days)),
    )


@given(standings(), standings())
def test_a_rank_is_between_nothing_and_all_and_more_of_anything_never_harms(one, other):
    for standing in (one, other):
        terms = contributions(standing, FIRST_WEIGHTS)
        assert all(0 <= value <= getattr(FIRST_WEIGHTS, name) * 100 for name, value in terms.items())
    better = Standing(
        stars=max(one.stars, other.stars),
        verified_level=max(one.verified_level, other.verified_level),
        jobs=max(one.jobs, other.jobs),
        silent_for=min(one.silent_for, other.silent_for),
    )
    assert sum(contributions(better, FIRST_WEIGHTS).values()) >= sum(contributions(one, FIRST_WEIGHTS).values())


def test_who_has_everything_has_all():
    perfect = Standing(stars=500, verified_level=3, jobs=999, silent_for=timedelta())
    assert contributions(perfect, FIRST_WEIGHTS) == {
        "rating": 400_000, "verified": 250_000, "jobs": 200_000, "recency": 150_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"rating": 4_001}, ["/rating"]),
        ({"rating": -1, "verified": 6_501}, ["/rating"]),
        ({"match": 10_001}, ["/match"]),
        ({"jobs_full": 0}, ["/jobs_full"]),
        ({"recency_days": 3_651}, ["/recency_days"]),
    ],
)
def test_weights_that_are_no_whole_are_refused_by_name(change, pointers):
    with pytest.raises(InvalidInput) as refused:
        check_weights(replace(FIRST_WEIGHTS, **change))
    assert [error.pointer for error in refused.value.errors] == pointers


# --- actions -----------------------------------------------------------------------------------------------------


@pytest.mark.domain("identity")
def test_new_weights_are_the_next_version_and_the_old_stay_on_record():
    by = staff()
    made = set_weights(by_id=by.id, weights=OTHERS, reason=REASON)
    assert (made.version, made.made_by_id, made.reason) == (2, by.id, REASON)
    assert weights() == replace(OTHERS, version=2)
    assert RankWeights.objects.count() == 2
    assert Outbox.objects.filter(target="task", topic="identity.refresh_cards").count() == 1


@pytest.mark.domain("identity")
def test_cards_follow_and_say_by_which_version():
    worker(level=3)
    before = WorkerCard.objects.get()
    set_weights(by_id=staff().id, weights=OTHERS, reason=REASON)
    cards.refresh_all()
    after = WorkerCard.objects.get()
    assert (before.weights_version, after.weights_version) == (1, 2)
    assert after.rank_terms["verified"] == 0.45
    assert after.rank == pytest.approx(before.rank + 200_000, abs=50)


@pytest.mark.domain("identity")
@pytest.mark.parametrize(
    ("weights", "reason", "pointer"),
    [(OTHERS, "because", "/reason"), (replace(OTHERS, rating=1), REASON, "/rating")],
)
def test_without_a_reason_or_a_whole_nothing_changes(weights, reason, pointer):
    with pytest.raises(InvalidInput) as refused:
        set_weights(by_id=staff().id, weights=weights, reason=reason)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert RankWeights.objects.count() == 1


@pytest.fixture
def _first_weights_again(db):
    """What migrations filled is not emptied after a test that commits."""
    yield
    RankWeights.objects.filter(version__gt=1).delete()


@pytest.mark.domain("identity", transaction=True)
@pytest.mark.usefixtures("_first_weights_again")
def test_many_of_staff_at_once_make_a_version_each(race):
    by = staff()
    outcome = race(lambda: set_weights(by_id=by.id, weights=OTHERS, reason=REASON), 4)
    assert [each for each in outcome if isinstance(each, Exception)] == []
    assert sorted(RankWeights.objects.values_list("version", flat=True)) == [1, 2, 3, 4, 5]


# --- the desk ----------------------------------------------------------------------------------------------------


def desk_of(user) -> Client:
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": user.email, "password": STAFF_PASSWORD})
    show_second_factor(client, user)
    return client


@pytest.mark.domain("identity")
def test_at_the_desk_weights_are_added_and_never_edited():
    worker()
    desk = desk_of(staff())
    add = reverse("admin:identity_rankweights_add")
    form = {name: value for name, value in vars(OTHERS).items() if name != "version"} | {"reason": REASON}
    assert 'value="4000"' in desk.get(add).content.decode()  # begins with those of now
    assert desk.post(add, form | {"rating": 1}).status_code == 200
    assert desk.post(add, form | {"reason": "because"}, follow=True).content.decode().count("Say why") == 1
    assert RankWeights.objects.count() == 1
    assert desk.post(add, form).status_code == 302
    assert weights() == replace(OTHERS, version=2)
    change = reverse("admin:identity_rankweights_change", args=[1])
    assert desk.post(change, form).status_code == 403
    for page in ("rankweights", "workercard", "profile"):
        assert desk.get(reverse(f"admin:identity_{page}_changelist")).status_code == 200
    card = WorkerCard.objects.get()
    assert desk.get(reverse("admin:identity_workercard_change", args=[card.pk])).status_code == 200
    assert desk.get(reverse("admin:identity_profile_change", args=[card.pk])).status_code == 200


@pytest.mark.domain("identity")
def test_staff_without_the_right_see_no_weights():
    desk = desk_of(staff(has_all_rights=False))
    assert desk.get(reverse("admin:identity_rankweights_changelist")).status_code == 403
    assert desk.get(reverse("admin:identity_rankweights_add")).status_code == 403
