"""Access tokens that say what somebody was: dead as soon as that changed, everywhere."""

import pytest

from domains.identity import actions
from domains.identity.actions.grants import end
from domains.identity.models import Outbox, RoleGrant, User
from domains.identity.tasks import announce_standing
from kelmah.db import atomic
from kelmah.http import store
from tests.identity.factories import hold, sign_up, staff

HIRING = {"role": "company_hiring", "scope_kind": "company", "scope_id": "7"}
pytestmark = pytest.mark.domain("identity", transaction=True)

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def grant(tokens) -> RoleGrant:
    return hold(tokens.user, by=staff())


def test_a_granted_role_is_in_the_next_token_and_the_last_one_is_dead(api):
    tokens, other = sign_up(), sign_up()
    grant(tokens)
    stale = api.with_token(tokens.access_token).get("/me")
    assert (stale.status, stale.code) == (401, "token_stale")
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).json
    assert api.with_token(renewed["access_token"]).get("/me").json["grants"] == [HIRING]
    assert api.with_token(other.access_token).get("/me").status == 200


def test_a_withdrawn_role_is_gone_at_once(api):
    tokens = sign_up()
    granted = grant(tokens)
    with_role = actions.refresh(refresh_token=tokens.refresh_token)
    assert api.with_token(with_role.access_token).get("/me").status == 200
    with atomic("identity"):
        end(granted, by_id=None, reason="left")
    assert api.with_token(with_role.access_token).get("/me").code == "token_stale"


def test_a_suspension_kills_tokens_at_once(api):
    tokens = sign_up()
    actions.suspend_user(user_id=tokens.user.id)
    assert api.with_token(tokens.access_token).get("/me").status == 401
    assert User.objects.get(id=tokens.user.id).standing == 1


@pytest.mark.in_process
def test_with_the_store_down_reading_goes_on_and_the_task_says_it_later(api, settings):
    tokens, up = sign_up(), settings.REDIS_URL
    settings.REDIS_URL = NOBODY_LISTENS
    grant(tokens)
    assert api.with_token(tokens.access_token).get("/me").status == 200
    settings.REDIS_URL = up
    store._quiet_until.clear()
    assert api.with_token(tokens.access_token).get("/me").status == 200  # nobody has heard of it yet
    (task,) = Outbox.objects.filter(topic=announce_standing.name)
    announce_standing(**task.payload)
    assert api.with_token(tokens.access_token).get("/me").code == "token_stale"


@pytest.mark.in_process
def test_refreshes_and_grants_at_once_never_leave_a_token_with_the_roles_of_before(race, api):
    """Whatever the order: a token without the role says the standing of before, and is refused."""
    boss = staff()
    for _ in range(10):
        tokens = sign_up()
        renewed, _ = race(
            [
                lambda t=tokens: actions.refresh(refresh_token=t.refresh_token),
                lambda t=tokens: hold(t.user, by=boss),
            ]
        )
        answer = api.with_token(renewed.access_token).get("/me")
        if answer.status == 200:
            from kelmah.http.authentication import read_access_token

            assert read_access_token(renewed.access_token)[0].grants


@pytest.mark.in_process
def test_two_changes_at_once_count_twice(race, api):
    tokens, boss = sign_up(), staff()
    race(
        [
            lambda: hold(tokens.user, by=boss),
            lambda: hold(tokens.user, "company_finance", by=boss),
        ]
    )
    assert User.objects.get(id=tokens.user.id).standing == 2
    renewed = actions.refresh(refresh_token=tokens.refresh_token)
    assert api.with_token(renewed.access_token).get("/me").status == 200
