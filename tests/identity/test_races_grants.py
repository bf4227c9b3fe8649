"""Two of staff at once, each with a connection of their own."""

import pytest

from domains.identity.actions import role_requests
from domains.identity.actions.grants import end_expired, withdraw_role
from domains.identity.models import RoleGrant, RoleRequest
from domains.identity.rules import grants as rules
from kelmah.errors import DomainError, InvalidTransition
from kelmah.http.errors import WrongRole
from kelmah.interfaces.identity.events import RoleGranted
from tests.identity.factories import colleague, staff
from tests.identity.test_races import kinds

pytestmark = pytest.mark.domain("identity", transaction=True)


def ask(user, by) -> RoleRequest:
    return role_requests.ask(user_id=user.id, role="support", by_id=by.id, reason="Joins the team")


def approval(asked, by):
    return lambda: role_requests.approve(request_id=asked.id, by_id=by.id, expected_version=None)


def refusal(asked, by):
    return lambda: role_requests.decline(request_id=asked.id, by_id=by.id, expected_version=None, note="No")


def test_of_two_decisions_at_once_one_counts(race, published):
    for _ in range(5):
        kofi, one, two = colleague(), staff(), staff()
        asked = ask(kofi, staff())
        outcome = race([approval(asked, one), refusal(asked, two)])
        assert kinds(outcome) == {"InvalidTransition": 1, "RoleRequest": 1}
        granted = RoleGrant.objects.filter(user=kofi).count()
        assert granted == (RoleRequest.objects.get(id=asked.id).state == "approved")


def test_two_approvals_at_once_give_one_grant(race):
    kofi = colleague()
    asked = ask(kofi, staff())
    outcome = race([approval(asked, staff()) for _ in range(4)])
    assert sum(isinstance(each, InvalidTransition) for each in outcome) == 3
    assert RoleGrant.objects.filter(user=kofi).count() == 1


def test_one_role_asked_for_twice_at_once_is_asked_for_once(race):
    kofi, bosses = colleague(), [staff() for _ in range(4)]
    outcome = race([lambda boss=boss: ask(kofi, boss) for boss in bosses])
    assert sum(isinstance(each, rules.AlreadyAsked) for each in outcome) == 3
    assert RoleRequest.objects.filter(user=kofi).count() == 1


def test_taking_back_and_approving_at_once_never_do_both(race):
    for _ in range(5):
        kofi, boss, other = colleague(), staff(), staff()
        asked = ask(kofi, boss)
        back = lambda a=asked, b=boss: role_requests.withdraw(request_id=a.id, by_id=b.id, expected_version=None)  # noqa: E731
        outcome = race([approval(asked, other), back])
        assert sum(isinstance(each, DomainError) for each in outcome) == 1
        assert RoleGrant.objects.filter(user=kofi).exists() == (
            RoleRequest.objects.get(id=asked.id).state == "approved"
        )


def test_whoever_is_losing_the_right_approves_before_or_not_at_all(race):
    for _ in range(5):
        kofi, yaa, boss = colleague(), colleague("compliance"), staff()
        asked, right = ask(kofi, boss), yaa.grants.get()
        approved, _ = race(
            [approval(asked, yaa), lambda g=right, b=boss: withdraw_role(grant_id=g.id, by_id=b.id, reason="Left")]
        )
        assert isinstance(approved, WrongRole | RoleRequest)
        held = RoleGrant.objects.filter(user=kofi).first()
        assert (held is None) == isinstance(approved, WrongRole)
        right.refresh_from_db()
        assert held is None or held.granted_at <= right.ended_at


def test_two_who_give_each_other_rights_at_once_do_not_block_each_other(race):
    one, two, boss = colleague("admin"), colleague("admin"), staff()
    for_one, for_two = ask(one, boss), ask(two, boss)
    outcome = race([approval(for_one, two), approval(for_two, one)])
    assert all(isinstance(each, RoleRequest) for each in outcome), outcome


def test_a_role_withdrawn_twice_and_swept_at_once_ends_once(race, published):
    kofi, boss = colleague("support"), staff()
    grant = kofi.grants.get()
    before = len(published.of(RoleGranted))
    race(
        [
            lambda: withdraw_role(grant_id=grant.id, by_id=boss.id, reason="Left"),
            lambda: withdraw_role(grant_id=grant.id, by_id=boss.id, reason="Left"),
            end_expired,
        ]
    )
    assert len(published.of(RoleGranted)) == before + 1
