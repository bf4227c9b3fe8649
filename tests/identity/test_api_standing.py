"""Access tokens that say what somebody was: dead as soon as that changed, everywhere."""

import pytest

from domains.identity import actions
from domains.identity.models import Outbox, RoleGrant, User
from domains.identity.tasks import announce_standing
from kelmah.http import store
from tests.identity.factories import sign_up, staff

pytestmark = pytest.mark.domain("identity", transaction=True)

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def grant(tokens) -> RoleGrant:
    return actions.grant_role(user_id=tokens.user.id, role="support", by_id=staff().id)


def test_a_granted_role_is_in_the_next_token_and_the_last_one_is_dead(api):
    tokens, other = sign_up(), sign_up()
    grant(tokens)
    stale = api.with_token(tokens.access_token).get("/me")
    assert (stale.status, stale.code) == (401, "token_stale")
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).json
    assert api.with_token(renewed["access_token"]).get("/me").json["roles"] == ["worker", "support"]
    assert api.with_token(other.access_token).get("/me").status == 200


def test_a_withdrawn_role_is_gone_at_once(api):
    tokens = sign_up()
    granted = grant(tokens)
    with_role = actions.refresh(refresh_token=tokens.refresh_token)
    assert api.with_token(with_role.access_token).get("/me").status == 200
    actions.withdraw_role(grant_id=granted.id)
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
                lambda t=tokens: actions.grant_role(user_id=t.user.id, role="support", by_id=boss.id),
            ]
        )
        answer = api.with_token(renewed.access_token).get("/me")
        if answer.status == 200:
            from kelmah.http.authentication import read_access_token

            assert "support" in read_access_token(renewed.access_token)[0].roles


@pytest.mark.in_process
def test_two_changes_at_once_count_twice(race, api):
    tokens, boss = sign_up(), staff()
    race(
        [
            lambda: actions.grant_role(user_id=tokens.user.id, role="support", by_id=boss.id),
            lambda: actions.grant_role(user_id=tokens.user.id, role="moderator", by_id=boss.id),
        ]
    )
    assert User.objects.get(id=tokens.user.id).standing == 2
    renewed = actions.refresh(refresh_token=tokens.refresh_token)
    assert api.with_token(renewed.access_token).get("/me").status == 200
