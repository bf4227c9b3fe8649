"""Roles that are granted: by whom, to whom, within what, for how long."""

from datetime import timedelta

import pytest

from domains.identity import actions, queries
from domains.identity.actions import grants, role_requests
from domains.identity.actions.grants import end_expired, withdraw_role
from domains.identity.models import RoleGrant, RoleRequest, User
from domains.identity.queries import standing_of
from domains.identity.queries.grants import held_by
from domains.identity.rules import AlreadyGranted
from domains.identity.rules import grants as rules
from domains.identity.tasks import end_what_expired
from kelmah import clock as kelmah_clock
from kelmah.db import atomic
from kelmah.errors import Forbidden, InvalidInput, InvalidTransition, NotFound, StaleVersion
from kelmah.http.errors import WrongRole
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import RoleGranted
from kelmah.interfaces.identity.types import HeldRole
from kelmah.rights.declared import declared
from tests.identity.factories import colleague, hold, sign_up, staff

pytestmark = pytest.mark.domain("identity")

WHY = "Joins the support team"


@pytest.fixture
def boss() -> User:
    return staff()


def ask(boss: User, user: User | None = None, **as_) -> RoleRequest:
    form = {"role": "support", "reason": WHY} | as_
    return role_requests.ask(user_id=(user or colleague()).id, by_id=boss.id, **form)


def decide(asked: RoleRequest, by: User, how: str = "approve") -> RoleRequest:
    step = {"approve": role_requests.approve, "decline": role_requests.decline}[how]
    return step(request_id=asked.id, by_id=by.id, expected_version=None, note="Not yet")


# --- what can be granted -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "scope_kind", "scope_id"),
    [
        ("staff", "", ""),
        ("worker", "company", "7"),
        ("Admin", "", ""),
        ("emperor", "", ""),
        ("", "", ""),
        ("support", "company", ""),
        ("support", "", "7"),
        ("support", "company", "7"),
        ("company_hiring", "", ""),
        ("company_hiring", "fleet", "7"),
    ],
)
def test_a_grant_is_a_declared_role_with_a_whole_scope_of_its_kind(role, scope_kind, scope_id):
    with pytest.raises(InvalidInput):
        rules.check_grantable(declared().roles.get(role), scope_kind=scope_kind, scope_id=scope_id)


def test_a_role_is_held_once_at_a_time(boss):
    user = sign_up().user
    hold(user, by=boss)
    with pytest.raises(AlreadyGranted):
        hold(user, by=boss)
    hold(user, by=boss, scope_id="8")


def test_what_ended_is_kept_and_can_be_given_again(boss):
    user = sign_up().user
    for _ in range(2):
        hold(user, by=boss)
        with atomic("identity"):
            grants.end_in_scope(
                queries.lock_user(user.id), scope_kind="company", scope_id="7", by_id=boss.id, reason="left"
            )
    assert RoleGrant.objects.filter(user=user, ended_by=boss, end_reason="left").count() == 2
    assert standing_of(user).grants == []


def test_every_change_of_a_role_is_told(boss, published):
    user = colleague("finance")
    grant = user.grants.get()
    withdraw_role(grant_id=grant.id, by_id=boss.id, reason="Left the team")
    told = [(event.role, event.title, event.change, event.by_themselves) for event in published.of(RoleGranted)]
    assert told == [("finance", "Finance", "granted", False), ("finance", "Finance", "withdrawn", False)]


# --- two people --------------------------------------------------------------------------------------------------


def test_one_asks_another_approves_and_both_stay_on_record(boss):
    kofi, other = colleague(), colleague("compliance")
    asked = ask(boss, kofi)
    assert standing_of(kofi).roles == ["staff"]
    assert decide(asked, other).state == "approved"
    grant = kofi.grants.get()
    assert (grant.role, grant.granted_by, grant.approved_by, grant.reason) == ("support", boss, other, WHY)
    assert standing_of(kofi).roles == ["staff", "support"]


def test_nobody_approves_what_they_asked_for_whatever_their_rights(boss):
    asked = ask(boss)
    for how in ("approve", "decline"):
        with pytest.raises(rules.OwnRequest):
            decide(asked, boss, how)
    assert RoleRequest.objects.get(id=asked.id).state == "open"


def test_nobody_decides_on_their_own_role(boss):
    yaa = colleague("compliance")
    asked = ask(boss, yaa, role="admin")
    for how in ("approve", "decline"):
        with pytest.raises(rules.OwnRequest):
            decide(asked, yaa, how)
    with pytest.raises(Forbidden):
        ask(boss, boss)


@pytest.mark.parametrize("role", ["support", "moderator", "finance"])
def test_other_staff_neither_ask_nor_decide_nor_withdraw(boss, role):
    kofi = colleague(role)
    with pytest.raises(WrongRole):
        ask(kofi)
    for how in ("approve", "decline"):
        with pytest.raises(WrongRole):
            decide(ask(boss), kofi, how)
    with pytest.raises(WrongRole):
        withdraw_role(grant_id=colleague("admin").grants.get().id, by_id=kofi.id, reason="A coup")


def test_a_right_that_was_lost_meanwhile_decides_nothing(boss):
    yaa, asked = colleague("compliance"), ask(boss)
    withdraw_role(grant_id=yaa.grants.get().id, by_id=boss.id, reason="Left the team")
    with pytest.raises(WrongRole):
        decide(asked, yaa)
    suspended = colleague("admin")
    actions.suspend_user(user_id=suspended.id)
    with pytest.raises(WrongRole):
        decide(asked, suspended)


def test_roles_of_staff_are_for_active_staff(boss):
    with pytest.raises(rules.NotStaff):
        ask(boss, sign_up().user)
    kofi = colleague()
    asked = ask(boss, kofi)
    actions.suspend_user(user_id=kofi.id)
    with pytest.raises(rules.NotStaff):
        decide(asked, staff())
    with pytest.raises(rules.NotStaff):
        ask(boss, kofi, role="finance")


@pytest.mark.parametrize("role", ["company_owner", "worker", "staff", "nothing"])
def test_only_roles_of_staff_are_asked_for(boss, role):
    with pytest.raises(InvalidInput):
        ask(boss, role=role)


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501, "because\x00", "‮evil"])
def test_a_reason_is_one_plain_line(boss, reason):
    with pytest.raises(InvalidInput):
        ask(boss, reason=reason)


def test_a_role_is_asked_for_once_and_not_when_it_is_held(boss):
    kofi = colleague()
    asked = ask(boss, kofi)
    with pytest.raises(rules.AlreadyAsked):
        ask(staff(), kofi)
    decide(asked, staff())
    with pytest.raises(AlreadyGranted):
        ask(boss, kofi)


def test_a_decision_is_final(boss):
    asked, other = ask(boss), staff()
    decide(asked, other, "decline")
    for how in ("approve", "decline"):
        with pytest.raises(InvalidTransition):
            decide(asked, other, how)
    with pytest.raises(InvalidTransition):
        role_requests.withdraw(request_id=asked.id, by_id=boss.id, expected_version=None)
    assert RoleRequest.objects.get(id=asked.id).note == "Not yet"


def test_who_asked_takes_it_back_and_nobody_else(boss):
    asked = ask(boss)
    with pytest.raises(Forbidden):
        role_requests.withdraw(request_id=asked.id, by_id=staff().id, expected_version=None)
    with pytest.raises(StaleVersion):
        role_requests.withdraw(request_id=asked.id, by_id=boss.id, expected_version=7)
    assert role_requests.withdraw(request_id=asked.id, by_id=boss.id, expected_version=1).state == "withdrawn"


def test_a_decision_on_an_older_reading_is_refused(boss):
    asked = ask(boss)
    with pytest.raises(StaleVersion):
        role_requests.approve(request_id=asked.id, by_id=staff().id, expected_version=2)
    with pytest.raises(NotFound):
        role_requests.approve(request_id=new_id(), by_id=staff().id, expected_version=None)


def test_one_of_staff_takes_a_role_away_and_twice_is_safe(boss, published):
    kofi = colleague("support")
    grant = kofi.grants.get()
    for _ in range(2):
        withdraw_role(grant_id=grant.id, by_id=boss.id, reason="Left the team")
    assert standing_of(kofi).roles == ["staff"]
    assert [event.change for event in published.of(RoleGranted)] == ["granted", "withdrawn"]


def test_staff_take_nothing_that_is_held_within_a_scope(boss):
    grant = hold(sign_up().user, by=boss)
    with pytest.raises(rules.OfAScope):
        withdraw_role(grant_id=grant.id, by_id=boss.id, reason="Tidying up")


# --- the clock ---------------------------------------------------------------------------------------------------


def test_nobody_decided_within_a_week(boss, clock):
    kofi = colleague()
    asked = ask(boss, kofi)
    clock.advance(days=7, seconds=1)
    with pytest.raises(InvalidTransition):
        decide(asked, staff())
    again = ask(boss, kofi)  # the old one is no obstacle, written down or not
    assert RoleRequest.objects.get(id=asked.id).state == "expired"
    clock.advance(days=7, seconds=1)
    assert end_what_expired() == 1
    assert RoleRequest.objects.get(id=again.id).state == "expired"
    assert end_what_expired() == 0


def test_a_grant_ends_by_the_clock_and_tokens_with_it(boss, clock, published):
    kofi = colleague()
    until = kelmah_clock.now() + timedelta(hours=8)
    decide(ask(boss, kofi, expires_at=until), staff())
    before = User.objects.get(id=kofi.id).standing
    assert standing_of(kofi).roles == ["staff", "support"]
    assert end_expired() == 0
    clock.advance(hours=8)
    assert standing_of(kofi).roles == ["staff"]  # to the second, whenever the beat comes
    assert end_expired() == 1
    assert User.objects.get(id=kofi.id).standing == before + 1
    assert [event.change for event in published.of(RoleGranted)] == ["granted", "expired"]
    assert end_expired() == 0


def test_what_lapsed_can_be_given_again_before_the_beat_comes(boss, clock):
    kofi = colleague()
    decide(ask(boss, kofi, expires_at=kelmah_clock.now() + timedelta(hours=8)), staff())
    clock.advance(hours=9)
    decide(ask(boss, kofi), staff())
    assert [grant.end_reason for grant in kofi.grants.order_by("granted_at")] == ["expired", ""]


def test_nothing_is_granted_that_is_over_already(boss, clock):
    with pytest.raises(InvalidInput):
        ask(boss, expires_at=kelmah_clock.now())
    asked = ask(boss, expires_at=kelmah_clock.now() + timedelta(hours=1))
    clock.advance(hours=1)
    with pytest.raises(InvalidInput):
        decide(asked, staff())


# --- asking ------------------------------------------------------------------------------------------------------


def test_other_domains_learn_what_somebody_is(boss):
    from kelmah.interfaces.identity.calls import identity

    worker = sign_up().user
    hold(worker, by=boss)
    assert identity.grants(user_id=worker.id) == [
        HeldRole(role="worker", scope_kind="", scope_id="", expires_at=None),
        HeldRole(role="company_hiring", scope_kind="company", scope_id="7", expires_at=None),
    ]
    assert [held.role for held in identity.grants(user_id=boss.id)] == ["staff", "admin"]
    assert identity.grants(user_id=new_id()) == []
    actions.suspend_user(user_id=worker.id)
    assert held_by(worker.id) == []


def test_the_table_of_requests_has_no_dead_ends():
    assert not rules.REQUEST.unreachable()
    assert not rules.REQUEST.dead_ends()
