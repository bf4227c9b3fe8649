"""Accounts that their owners switch off and on, and locks that they open."""

import pytest

from domains.identity import actions
from domains.identity.actions import accounts, unlocking
from domains.identity.models import AuthSession, Challenge, LoginGuard, User
from kelmah.errors import InvalidTransition
from kelmah.interfaces.identity.events import AccountChanged, UserStatusChanged
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, log_in, sign_up, staff

pytestmark = pytest.mark.domain("identity")


def login(api, user, password=PASSWORD):
    return api.anonymous.post("/auth/login", {"login": user.email, "password": password})


# --- off and on --------------------------------------------------------------------------------------------------


@pytest.mark.domain("identity", transaction=True)
def test_an_account_that_is_off_is_hidden_and_logged_out_everywhere(api, published):
    here = sign_up()
    there = log_in(here.user)
    profile = f"/profiles/{here.user.id}"
    assert api.anonymous.get(profile).status == 200
    assert api.with_token(here.access_token).post("/me/deactivate").status == 204
    assert api.anonymous.get(profile).status == 404
    for tokens in (here, there):
        assert api.with_token(tokens.access_token).get("/me").status == 401
        assert api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).status == 401
    assert [event.status for event in published.of(UserStatusChanged)] == ["deactivated"]
    assert "account_deactivated" in [event.what for event in published.of(AccountChanged)]


@pytest.mark.domain("identity", transaction=True)
def test_a_login_switches_it_on_again(api, published):
    tokens = sign_up()
    api.with_token(tokens.access_token).post("/me/deactivate")
    assert login(api, tokens.user, "not the password").status == 401
    assert User.objects.get().status == "deactivated"
    answer = login(api, tokens.user)
    assert answer.status == 200
    assert User.objects.get().status == "active"
    assert api.with_token(answer.json["access_token"]).get("/me").status == 200
    assert [event.status for event in published.of(UserStatusChanged)] == ["deactivated", "active"]
    assert published.of(AccountChanged)[-2].what == "account_reactivated"


def test_what_staff_stopped_no_login_switches_on(api):
    tokens = sign_up()
    api.with_token(tokens.access_token).post("/me/deactivate")
    actions.suspend_user(user_id=tokens.user.id)
    assert login(api, tokens.user).status == 401
    actions.reactivate_user(user_id=tokens.user.id)
    assert login(api, tokens.user).status == 200


@pytest.mark.in_process
def test_only_an_account_that_is_on_is_switched_off():
    user = sign_up().user
    actions.suspend_user(user_id=user.id)
    with pytest.raises(InvalidTransition):
        accounts.deactivate_account(user_id=user.id)


def test_switching_off_takes_a_fresh_proof(api, clock):
    tokens = sign_up()
    clock.advance(minutes=11)
    later = actions.refresh(refresh_token=tokens.refresh_token)
    assert api.with_token(later.access_token).post("/me/deactivate").code == "step_up_required"


def test_staff_and_nobody_switch_nothing_off(api):
    user = staff()
    tokens = actions.log_in(login=user.email, password=STAFF_PASSWORD, device=actions.Device())
    assert api.with_token(tokens.access_token).post("/me/deactivate").code == "wrong_role"
    assert api.anonymous.post("/me/deactivate").code == "unauthenticated"


@pytest.mark.in_process
@pytest.mark.domain("identity", transaction=True)
def test_logging_in_while_switching_off_leaves_one_of_the_two(race):
    for _ in range(5):
        user = sign_up().user
        outcome = race([lambda u=user: log_in(u), lambda u=user: accounts.deactivate_account(user_id=u.id)])
        assert not [each for each in outcome if isinstance(each, Exception)]
        user.refresh_from_db()
        living = AuthSession.objects.filter(user=user, revoked_at__isnull=True).count()
        assert (user.status, living) in (("active", 1), ("deactivated", 0))


# --- locks -------------------------------------------------------------------------------------------------------


def lock(api, user) -> None:
    for _ in range(5):
        assert login(api, user, "not the password").status == 401


def unlock(api, letter):
    body = {"unlock_id": letter.split("unlock_id=")[1].split("&")[0], "secret": letter.split("secret=")[1].split()[0]}
    return api.anonymous.post("/auth/unlock", body)


def test_whoever_is_locked_out_opens_the_lock_by_mail(api, letters):
    user = sign_up().user
    lock(api, user)
    assert login(api, user).status == 401
    (letter,) = letters.to(user.email)
    assert unlock(api, letter).status == 204
    assert login(api, user).status == 200
    assert unlock(api, letter).code == "secret_refused"


def test_tries_during_a_lock_write_no_more_letters(api, letters):
    user = sign_up().user
    lock(api, user)
    lock(api, user)
    assert len(letters.to(user.email)) == 1


def test_a_lock_of_nobodys_login_writes_to_nobody(api, letters):
    for _ in range(5):
        api.anonymous.post("/auth/login", {"login": "nobody@example.com", "password": "not the password"})
    assert LoginGuard.objects.get().locked_until is not None
    assert letters.to("nobody@example.com") == []
    assert not Challenge.objects.exists()


def test_the_letter_lives_a_day_and_opens_no_other_account(api, letters, clock):
    user, other = sign_up().user, sign_up().user
    lock(api, user)
    lock(api, other)
    mine, theirs = letters.to(user.email)[0], letters.to(other.email)[0]
    mixed = mine.split("secret=")[0] + "secret=" + theirs.split("secret=")[1]
    assert unlock(api, mixed).code == "secret_refused"
    clock.advance(hours=24, seconds=1)
    assert unlock(api, theirs).code == "secret_refused"


@pytest.mark.in_process
def test_somebody_locked_out_again_and_again_gets_few_letters(api, letters, clock, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"letters_to": "2/h"}
    user = sign_up().user
    for _ in range(3):
        lock(api, user)
        letters.to(user.email)
        LoginGuard.objects.all().delete()
    assert len(letters.to(user.email)) == 2


@pytest.mark.in_process
def test_somebody_suspended_gets_no_letter(letters):
    user = sign_up().user
    actions.suspend_user(user_id=user.id)
    unlocking.answer_lock(key=f"user:{user.id}")
    assert letters.to(user.email) == []
