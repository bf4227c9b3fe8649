"""Staff look as somebody else does: who may, as whom, and what remains of it."""

import re

import pytest
from django.db import IntegrityError, connections
from django.test import Client
from django.urls import reverse

from domains.identity import actions
from domains.identity.actions import impersonation
from domains.identity.actions.forgetting import copy_of
from domains.identity.models import Impersonation
from domains.identity.rules.impersonation import NotToBeImpersonated
from domains.identity.tasks import deny_session
from kelmah.errors import InvalidInput, NotFound
from kelmah.http import store
from kelmah.http.authentication import read_access_token
from kelmah.http.errors import WrongRole
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.desk import show_second_factor
from tests.identity.factories import STAFF_PASSWORD, colleague, hold, sign_up, staff

pytestmark = pytest.mark.domain("identity", transaction=True)

WHY = "Asked us why the proposal is not shown"


def begin(user, by, **as_) -> impersonation.Begun:
    return impersonation.begin(**{"user_id": user.id, "staff_id": by.id, "reason": WHY, "ip": "192.0.2.5"} | as_)


def test_the_token_is_the_persons_and_says_who_holds_it():
    user, helper = sign_up().user, colleague("support")
    hold(user, "company_hiring", by=helper, scope_id="7")
    begun = begin(user, helper)
    principal, access = read_access_token(begun.access_token)
    assert (principal.user_id, principal.impersonated_by) == (user.id, helper.id)
    assert principal.roles == {"worker"}
    assert {grant.role for grant in principal.grants} == {"company_hiring"}
    assert principal.session_id == begun.impersonation.id
    assert (access.expires_at - access.issued_at).total_seconds() in (1799, 1800)
    assert begun.access_token not in str(Impersonation.objects.values())


def test_the_person_is_told_why(published):
    user = sign_up().user
    begin(user, colleague("support"))
    (told,) = [event for event in published.of(AccountChanged) if event.what == "impersonated"]
    assert (told.user_id, told.detail) == (user.id, WHY)


def test_who_begins_a_second_one_ends_the_first(api):
    helper = colleague("support")
    first, second = begin(sign_up().user, helper), begin(sign_up().user, helper)
    other = begin(sign_up().user, colleague("support"))
    assert api.with_token(first.access_token).get("/me").code == "token_invalid"
    assert api.with_token(second.access_token).get("/me").status == 200
    assert api.with_token(other.access_token).get("/me").status == 200


def test_only_whoever_holds_the_right_begins():
    user = sign_up().user
    for nobody in (colleague("finance"), colleague("moderator"), colleague()):
        with pytest.raises(WrongRole):
            begin(user, nobody)
    with pytest.raises(WrongRole):
        begin(user, sign_up().user)
    begin(user, colleague("admin"))
    begin(user, staff())


def test_staff_oneself_and_the_suspended_are_not_looked_at():
    helper, suspended = colleague("support"), sign_up().user
    actions.suspend_user(user_id=suspended.id)
    for user in (staff(), colleague("finance"), colleague(), helper, suspended):
        with pytest.raises(NotToBeImpersonated):
            begin(user, helper)
    assert not Impersonation.objects.exists()


@pytest.mark.parametrize("reason", ["", "ticket", "x" * 9, " " * 40, "x" * 301, "because of\u202e this"])
def test_without_a_reason_nobody_looks(reason):
    with pytest.raises(InvalidInput):
        begin(sign_up().user, colleague("support"), reason=reason)


def test_it_is_over_after_half_an_hour(api, clock):
    begun = begin(sign_up().user, colleague("support"))
    clock.advance(minutes=29)
    assert api.with_token(begun.access_token).get("/me").status == 200
    clock.advance(minutes=1, seconds=6)
    assert api.with_token(begun.access_token).get("/me").code == "token_expired"
    with pytest.raises(NotFound):
        impersonation.end(impersonation_id=begun.impersonation.id)


def test_an_early_end_that_the_store_missed_is_told_again(settings, api):
    begun = begin(sign_up().user, colleague("support"))
    up, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    impersonation.end(impersonation_id=begun.impersonation.id)
    settings.REDIS_URL = up
    store._quiet_until.clear()
    deny_session(session_id=str(begun.impersonation.id))
    assert api.with_token(begun.access_token).get("/me").code == "token_invalid"


def test_staff_who_are_suspended_see_nothing_more(api):
    helper = colleague("support")
    begun = begin(sign_up().user, helper)
    actions.suspend_user(user_id=helper.id)
    assert api.with_token(begun.access_token).get("/me").code == "token_stale"


def test_beginning_and_becoming_staff_at_once_leaves_one_impersonation_at_most(race):
    helper, user = colleague("support"), sign_up().user
    outcome = race(lambda: begin(user, helper), 6)
    assert not [each for each in outcome if isinstance(each, Exception)]
    assert Impersonation.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.parametrize(
    "change",
    ["staff_id = user_id", "reason = 'short'", "expires_at = begun_at", "ended_at = begun_at - interval '1 second'"],
)
def test_the_table_refuses(change):
    begin(sign_up().user, colleague("support"))
    with pytest.raises(IntegrityError), connections["identity"].cursor() as cursor:
        cursor.execute(f"UPDATE identity_impersonation SET {change}")


# --- the desk ----------------------------------------------------------------------------------------------------


def enter(user) -> Client:
    desk = Client()
    desk.post("/admin/login/?next=/admin/", {"username": user.email, "password": STAFF_PASSWORD})
    show_second_factor(desk, user)
    return desk


def test_it_is_begun_and_ended_at_the_desk(api):
    user, boss = sign_up().user, staff()
    desk = enter(boss)
    page = desk.post(reverse("admin:identity_impersonation_add"), {"user": str(user.id), "reason": WHY})
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    (token,) = set(re.findall(r"eyJ[\w.-]+", page.content.decode()))
    assert api.with_token(token).get("/me").json["id"] == str(user.id)
    begun = Impersonation.objects.get()
    assert (begun.staff_id, begun.reason, begun.staff_ip) == (boss.id, WHY, "127.0.0.1")
    listed = reverse("admin:identity_impersonation_changelist")
    assert token not in desk.get(listed).content.decode()
    for expected in ("ended", "was over already"):
        done = desk.post(listed, {"action": "end", "_selected_action": [str(begun.id)]}, follow=True)
        assert expected in done.content.decode()
    assert api.with_token(token).get("/me").code == "token_invalid"


@pytest.mark.parametrize("reason", ["", "short"])
def test_the_desk_asks_for_a_reason(reason):
    answer = enter(staff()).post(
        reverse("admin:identity_impersonation_add"), {"user": str(sign_up().user.id), "reason": reason}
    )
    assert answer.status_code == 200
    assert not Impersonation.objects.exists()


def test_staff_without_the_right_find_no_such_page():
    desk = enter(colleague("finance"))
    assert desk.get(reverse("admin:identity_impersonation_changelist")).status_code == 403
    answer = desk.post(reverse("admin:identity_impersonation_add"), {"user": str(sign_up().user.id), "reason": WHY})
    assert answer.status_code == 403
    assert not Impersonation.objects.exists()


def test_a_copy_of_the_persons_data_tells_of_it_and_not_where_staff_were():
    user = sign_up().user
    begin(user, colleague("support"))
    (told,) = [dict(row) for row in copy_of(user.id)["impersonation"]]
    assert told["reason"] == WHY
    assert "192.0.2.5" not in str(told)
