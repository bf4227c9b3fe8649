"""Sessions: rotation, reuse, expiry, and how their end reaches every process."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections

from domains.identity import actions, rules
from domains.identity.models import AuthSession, Outbox, User
from domains.identity.tasks import deny_session
from kelmah.http import store
from kelmah.http.denylist import is_revoked
from kelmah.http.errors import TokenInvalid
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import SessionRevoked
from tests.identity.factories import hold, log_in, principal_of, sign_up, staff

pytestmark = pytest.mark.domain("identity")

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def refresh(token: str):
    return actions.refresh(refresh_token=token)


def session_of(tokens) -> AuthSession:
    return AuthSession.objects.get(id=tokens.session_id)


def test_a_session_keeps_hashes_and_no_secret():
    tokens = sign_up()
    secret = tokens.refresh_token.split(".")[1]
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s)::text FROM identity_authsession s")
        (row,) = cursor.fetchone()
    assert secret not in row
    assert secret.encode().hex() not in row
    session = session_of(tokens)
    assert (session.device_name, session.ip) == ("Pixel 7", "192.0.2.1")
    assert session.idle_expires_at - session.created_at == timedelta(days=30)
    assert session.expires_at - session.created_at == timedelta(days=90)


def test_a_refresh_gives_new_tokens_of_the_same_session(clock):
    first = sign_up()
    clock.advance(minutes=9)
    second = actions.refresh(refresh_token=first.refresh_token, ip="192.0.2.77")
    assert second.session_id == first.session_id
    assert second.refresh_token != first.refresh_token
    session = session_of(first)
    assert (session.rotations, session.ip) == (1, "192.0.2.77")
    assert session.rotated_at == session.last_used_at
    assert session.idle_expires_at == session.last_used_at + timedelta(days=30)
    assert bytes(session.previous_hash) == rules.read_refresh_token(first.refresh_token)[1]


def test_ten_refreshes_in_a_row_work(clock):
    token = sign_up().refresh_token
    for _ in range(10):
        clock.advance(minutes=10)
        token = refresh(token).refresh_token


def test_the_token_just_replaced_is_in_progress_for_ten_seconds_and_ends_nothing(clock):
    first = sign_up()
    second = refresh(first.refresh_token)
    clock.advance(seconds=9)
    with pytest.raises(rules.RefreshInProgress):
        refresh(first.refresh_token)
    assert refresh(second.refresh_token)


def test_after_ten_seconds_the_replaced_token_is_a_theft(clock, published):
    first = sign_up()
    second = refresh(first.refresh_token)
    clock.advance(seconds=10)
    with pytest.raises(rules.TokenReused):
        refresh(first.refresh_token)
    with pytest.raises(TokenInvalid):
        refresh(second.refresh_token)
    (event,) = published.of(SessionRevoked)
    assert (event.session_id, event.reason, event.device) == (first.session_id, "refresh_reused", "Pixel 7")


def test_the_grace_is_for_the_last_token_and_for_no_older_one(clock):
    first = sign_up()
    second = refresh(first.refresh_token)
    refresh(second.refresh_token)
    with pytest.raises(rules.TokenReused):  # no second has passed
        refresh(first.refresh_token)
    assert session_of(first).revoke_reason == "refresh_reused"


def test_a_secret_that_the_session_never_had_ends_it():
    tokens = sign_up()
    forged, _ = rules.new_refresh_token(tokens.session_id)
    with pytest.raises(rules.TokenReused):
        refresh(forged)
    with pytest.raises(TokenInvalid):
        refresh(tokens.refresh_token)


def test_a_theft_ends_the_session_and_no_other(published):
    first = sign_up()
    other = log_in(first.user)
    forged, _ = rules.new_refresh_token(first.session_id)
    for _ in range(2):
        with pytest.raises((rules.TokenReused, TokenInvalid)):
            refresh(forged)
    assert refresh(other.refresh_token)
    assert len(published.of(SessionRevoked)) == 1


@pytest.mark.parametrize("token", ["", "x", "a.b", f"{UUID(int=7)}.short", f"{UUID(int=7)}.{'a' * 43}"])
def test_what_names_no_session_is_invalid(token):
    with pytest.raises(TokenInvalid):
        refresh(token)


def test_an_access_token_is_no_refresh_token():
    with pytest.raises(TokenInvalid):
        refresh(sign_up().access_token)


def test_a_session_unused_for_thirty_days_is_over(clock):
    tokens = sign_up()
    clock.advance(days=30)
    with pytest.raises(TokenInvalid):
        refresh(tokens.refresh_token)
    assert session_of(tokens).revoked_at is None  # over by age: nobody has to be told


def test_a_session_is_over_after_ninety_days_however_much_it_is_used(clock):
    token = sign_up().refresh_token
    for _ in range(4):
        clock.advance(days=20)
        token = refresh(token).refresh_token
    session = AuthSession.objects.get()
    assert session.idle_expires_at == session.expires_at
    clock.advance(days=10)
    with pytest.raises(TokenInvalid):
        refresh(token)


def test_an_expired_token_is_no_theft(clock, published):
    first = sign_up()
    refresh(first.refresh_token)
    clock.advance(days=31)
    with pytest.raises(TokenInvalid):
        refresh(first.refresh_token)
    assert published.of(SessionRevoked) == []


def test_a_suspended_member_refreshes_nothing():
    tokens = sign_up()
    User.objects.filter(id=tokens.user.id).update(status="suspended")
    with pytest.raises(TokenInvalid):
        refresh(tokens.refresh_token)


def test_a_role_granted_meanwhile_is_in_the_next_token(api):
    tokens, boss = sign_up(), staff()
    hold(tokens.user, by=boss, scope_id="accra-7")
    renewed = refresh(tokens.refresh_token)
    assert api.with_token(tokens.access_token).get("/me").status == 200
    me = api.with_token(renewed.access_token).get("/me").json
    assert me["roles"] == ["worker"]
    assert me["grants"] == [{"role": "company_hiring", "scope_kind": "company", "scope_id": "accra-7"}]
    from kelmah.http.authentication import read_access_token

    principal, access = read_access_token(renewed.access_token)
    assert principal.roles == {"worker"}  # what is held within one company is nothing elsewhere
    assert principal.grants == {("company_hiring", "company", "accra-7")}
    assert principal.scopes == {("company", "accra-7")}
    assert principal.session_id == tokens.session_id
    assert access.amr == ("pwd",)


def test_a_refresh_does_not_make_the_login_younger(clock):
    from kelmah.http.authentication import read_access_token

    tokens = sign_up()
    began = session_of(tokens).auth_time.replace(microsecond=0)
    clock.advance(minutes=30)
    _, access = read_access_token(refresh(tokens.refresh_token).access_token)
    assert access.auth_time == began


def test_logging_out_twice_is_told_once(published):
    tokens = sign_up()
    for _ in range(2):
        actions.log_out(session_id=tokens.session_id)
    actions.log_out(session_id=new_id())
    assert [event.reason for event in published.of(SessionRevoked)] == ["logout"]
    with pytest.raises(TokenInvalid):
        refresh(tokens.refresh_token)


def test_suspending_ends_every_session_and_logging_in(published):
    tokens = sign_up()
    log_in(tokens.user)
    actions.suspend_user(user_id=tokens.user.id)
    assert {event.reason for event in published.of(SessionRevoked)} == {"staff"}
    assert not AuthSession.objects.filter(revoked_at__isnull=True).exists()
    with pytest.raises(rules.LoginFailed):
        log_in(tokens.user)
    actions.reactivate_user(user_id=tokens.user.id)
    assert log_in(tokens.user)


def test_old_rows_are_forgotten(clock):
    tokens, other = sign_up(), sign_up()
    with pytest.raises(rules.LoginFailed):
        log_in(other.user, "not the password")
    actions.log_out(session_id=tokens.session_id)
    assert actions.forget_old_rows() == 0
    clock.advance(days=29)
    refresh(other.refresh_token)
    clock.advance(days=1, seconds=1)
    assert actions.forget_old_rows() == 2  # the session that ended, and the guard
    assert [session.id for session in AuthSession.objects.all()] == [other.session_id]


# --- the denylist ------------------------------------------------------------------------------------------------


def _ended(tokens) -> bool:
    return is_revoked(tokens.session_id)


def run_tasks() -> None:
    """What the worker does with what the outbox hands it."""
    for row in Outbox.objects.filter(target="task"):
        assert row.topic == deny_session.name
        deny_session(**row.payload)


@pytest.mark.domain("identity", transaction=True)
def test_an_access_token_dies_with_its_session(api):
    tokens = sign_up()
    assert api.with_token(tokens.access_token).get("/me").status == 200
    actions.log_out(session_id=tokens.session_id)
    assert api.with_token(tokens.access_token).get("/me").code == "token_invalid"


@pytest.mark.domain("identity", transaction=True)
def test_with_the_store_down_a_session_ends_all_the_same_and_the_denylist_hears_of_it_later(settings, api):
    tokens, up = sign_up(), settings.REDIS_URL
    settings.REDIS_URL = NOBODY_LISTENS
    actions.log_out(session_id=tokens.session_id)
    with pytest.raises(TokenInvalid):
        refresh(tokens.refresh_token)
    settings.REDIS_URL = up
    store._quiet_until.clear()
    assert not _ended(tokens)
    run_tasks()
    assert _ended(tokens)
    assert api.as_(principal_of(tokens)).get("/me").status == 401


def test_the_denylist_is_not_told_of_sessions_that_live_or_ended_long_ago(settings, clock):
    living, ended = sign_up(), sign_up()
    actions.log_out(session_id=ended.session_id)
    clock.advance(seconds=settings.IMPERSONATION_SECONDS + 60)  # the token that lives longest
    for tokens in (living, ended):
        actions.deny_session(session_id=tokens.session_id)
        assert not _ended(tokens)


def test_a_session_that_was_not_ended_after_all_is_not_denied():
    tokens = sign_up()
    actions.log_out(session_id=tokens.session_id)
    AuthSession.objects.filter(id=tokens.session_id).update(revoked_at=None, revoke_reason="")
    run_tasks()
    assert not _ended(tokens)


def test_every_end_leaves_a_task_for_the_denylist():
    tokens = sign_up()
    actions.log_out(session_id=tokens.session_id)
    (task,) = Outbox.objects.filter(target="task")
    assert (task.topic, task.payload) == ("identity.deny_session", {"session_id": str(tokens.session_id)})
