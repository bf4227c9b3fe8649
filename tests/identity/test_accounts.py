"""Signing up, logging in, locks, and what staff may do."""

import statistics
import time
import unicodedata

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions, rules
from domains.identity.models import AuthSession, LoginGuard, Profile, User
from kelmah.errors import InvalidInput, InvalidTransition, NotFound, Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import SessionRevoked, UserRegistered
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, log_in, sign_up, staff

pytestmark = pytest.mark.domain("identity")

DEVICE = actions.Device()


def try_to_log_in(login: str, password: str = "not the password at all"):
    return actions.log_in(login=login, password=password, device=DEVICE)


def fails(login: str, password: str = "not the password at all", *, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(rules.LoginFailed):
            try_to_log_in(login, password)


# --- signing up --------------------------------------------------------------------------------------------------


def test_a_new_member_has_an_account_a_profile_a_session_and_is_told_of(published):
    tokens = sign_up(email=" AMA@Example.com ", phone="024 123 4567", role="hirer", display_name=" Ama  Mensah ")
    user = User.objects.get()
    assert (user.email, user.phone, user.display_name) == ("ama@example.com", "+233241234567", "Ama Mensah")
    assert (user.role, user.status, user.is_staff) == ("hirer", "active", False)
    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert Profile.objects.get().version == 1
    assert AuthSession.objects.get().id == tokens.session_id
    (event,) = published.of(UserRegistered)
    assert event == UserRegistered(
        user_id=user.id,
        role="hirer",
        display_name="Ama Mensah",
        email="ama@example.com",
        phone="+233241234567",
        locale="en",
        zone="Africa/Accra",
    )


def test_a_phone_alone_is_enough_and_no_login_at_all_is_not():
    assert sign_up(email="", phone="024 123 4567").user.email is None
    with pytest.raises(InvalidInput):
        sign_up(email="", phone="")


@pytest.mark.parametrize(
    "again",
    [
        {"email": "AMA@EXAMPLE.COM"},
        {"email": "ａｍａ@example.com"},
        {"email": "other@example.com", "phone": "+233241234567"},
        {"email": "", "phone": "0241234567"},
    ],
)
def test_a_login_in_use_is_refused_and_changes_nothing(again, published):
    sign_up(email="ama@example.com", phone="024 123 4567")
    with pytest.raises(rules.LoginTaken):
        sign_up(**again)
    assert User.objects.count() == Profile.objects.count() == AuthSession.objects.count() == 1
    assert len(published.of(UserRegistered)) == 1


@pytest.mark.parametrize("role", ["staff", "admin", "worker,staff", "", "support"])
def test_nobody_signs_up_as_anything_but_worker_or_hirer(role):
    with pytest.raises(InvalidInput):
        sign_up(role=role)
    assert not User.objects.exists()


# --- logging in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["ama@example.com", " AMA@Example.com", "024 123 4567", "+233241234567"])
def test_one_logs_in_with_address_or_phone_however_it_is_written(login):
    sign_up(email="ama@example.com", phone="+233241234567")
    assert try_to_log_in(login, PASSWORD).user.email == "ama@example.com"


def test_a_password_is_right_on_every_keyboard_and_wrong_with_other_spaces_or_case():
    written = " écoute la pluie à Kumasi "
    user = sign_up(password=written).user
    assert log_in(user, unicodedata.normalize("NFD", written))
    fails(user.email, written.strip())
    fails(user.email, written.upper())


@pytest.mark.parametrize("login", ["nobody@example.com", "+233241234567", "", "@", "024", "\x00", "a" * 254, "'; --"])
def test_nobodys_login_fails_like_a_wrong_password(login):
    fails(login, PASSWORD)


def test_five_wrong_passwords_lock_for_half_an_hour_and_the_right_one_is_refused_meanwhile(clock):
    user = sign_up(phone="+233241234567").user
    fails(user.email, times=3)
    fails("0241234567", times=2)  # the same account by its other name
    fails(user.email, PASSWORD)
    clock.advance(minutes=29, seconds=30)
    fails(user.email, PASSWORD)
    clock.advance(seconds=30)
    assert log_in(user)


def test_tries_during_a_lock_do_not_prolong_it(clock):
    user = sign_up().user
    fails(user.email, times=5)
    locked_until = LoginGuard.objects.get().locked_until
    clock.advance(minutes=20)
    fails(user.email, times=12)
    assert LoginGuard.objects.get().locked_until == locked_until


def test_the_right_password_forgets_earlier_mistakes():
    user = sign_up().user
    for _ in range(3):
        fails(user.email, times=4)
        assert log_in(user)


def test_a_lock_keeps_nobody_out_who_is_in():
    tokens = sign_up()
    fails(tokens.user.email, times=5)
    assert actions.refresh(refresh_token=tokens.refresh_token)


def test_one_locked_account_locks_no_other():
    locked, other = sign_up().user, sign_up().user
    fails(locked.email, times=5)
    assert log_in(other)


def test_logins_of_nobody_are_counted_without_being_kept():
    fails("nobody@example.com", times=2)
    fails(" NOBODY@example.com")
    (guard,) = LoginGuard.objects.all()
    assert guard.failures == 3
    assert "nobody" not in guard.key


def test_a_password_changed_while_it_is_checked_counts(monkeypatch):
    """The account is read, the password checked, and only then is the row locked."""
    user = sign_up().user
    from domains.identity.actions import login

    checked = login.is_password

    def change_meanwhile(password, stored):
        right = checked(password, stored)
        fresh = User.objects.get(id=user.id)
        fresh.set_password("another one for everybody")
        fresh.save(update_fields=["password"])
        return right

    monkeypatch.setattr(login, "is_password", change_meanwhile)
    fails(user.email, PASSWORD)


# --- what a stranger can measure ---------------------------------------------------------------------------------


def statements(login: str, password: str) -> list[str]:
    with CaptureQueriesContext(connections["identity"]) as captured:
        fails(login, password)
    return [" ".join(query["sql"].split()[:3]) for query in captured if "SAVEPOINT" not in query["sql"]]


def test_unknown_wrong_and_suspended_ask_the_database_the_same():
    user, suspended = sign_up().user, sign_up().user
    actions.suspend_user(user_id=suspended.id)
    wrong = statements(user.email, "not the password at all")
    assert statements("nobody@example.com", "not the password at all") == wrong
    assert statements(suspended.email, "not the password at all") == wrong


def test_unknown_and_locked_accounts_take_as_long_as_wrong_passwords():
    user, locked = sign_up().user, sign_up().user
    fails(locked.email, times=5)

    def median(login: str) -> float:
        times = []
        for _ in range(4):
            began = time.thread_time()  # what a busy machine adds is not ours
            fails(login)
            times.append(time.thread_time() - began)
        return statistics.median(times)

    wrong = median(user.email)
    for login in ("nobody@example.com", "not even an address", locked.email):
        assert 0.3 < median(login) / wrong < 3  # without the dummy hash it would be less than a tenth


def test_too_many_at_once_are_told_to_come_back(monkeypatch):
    from domains.identity.actions import hashing

    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    with actions.turn(), pytest.raises(Unavailable) as refusal:
        sign_up()
    assert refusal.value.retry_after == 2
    assert sign_up()


# --- staff -------------------------------------------------------------------------------------------------------


def test_staff_are_made_by_operators_and_have_no_profile():
    user = staff(email="efua@example.com")
    assert (user.role, user.is_staff, user.is_superuser) == ("staff", True, True)
    assert not Profile.objects.exists()
    assert actions.log_in_staff(email="EFUA@example.com", password=STAFF_PASSWORD) == user
    with pytest.raises(rules.LoginTaken):
        staff(email="efua@example.com")


def test_a_member_with_the_right_password_is_no_staff():
    user = sign_up().user
    with pytest.raises(rules.LoginFailed):
        actions.log_in_staff(email=user.email, password=PASSWORD)


def test_states_change_only_as_the_table_says(published):
    user = sign_up().user
    with pytest.raises(InvalidTransition):
        actions.reactivate_user(user_id=user.id)
    actions.suspend_user(user_id=user.id)
    with pytest.raises(InvalidTransition):
        actions.suspend_user(user_id=user.id)
    with pytest.raises(NotFound):
        actions.suspend_user(user_id=new_id())
    assert len(published.of(SessionRevoked)) == 1


def test_a_new_password_ends_what_the_old_one_opened(published):
    tokens = sign_up()
    actions.end_sessions_after_new_password(user_id=tokens.user.id)
    assert [event.reason for event in published.of(SessionRevoked)] == ["password_changed"]
