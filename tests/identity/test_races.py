"""Several at once, each with a connection of its own."""

from datetime import time

import pytest

from domains.identity import actions, rules
from domains.identity.actions import addresses, passwords, settings
from domains.identity.actions import letters as letter_sending
from domains.identity.models import AuthSession, Challenge, LoginGuard, Profile, User
from kelmah.errors import DomainError, StaleVersion
from kelmah.http.errors import TokenInvalid
from kelmah.interfaces.identity.events import ProfileUpdated, SessionRevoked, UserRegistered
from tests.identity.factories import PASSWORD, hold, log_in, sign_up, staff

pytestmark = pytest.mark.domain("identity", transaction=True)


def kinds(outcome: list) -> dict[str, int]:
    names = [type(each).__name__ for each in outcome]
    return {name: names.count(name) for name in names}


def test_of_eight_refreshes_with_one_token_exactly_one_wins_twenty_times(race, api):
    token = sign_up().refresh_token
    for _ in range(20):
        outcome = race(lambda token=token: actions.refresh(refresh_token=token), 8)
        assert kinds(outcome) == {"IssuedTokens": 1, "RefreshInProgress": 7}
        (winner,) = [each for each in outcome if not isinstance(each, Exception)]
        assert api.with_token(winner.access_token).get("/me").status == 200
        token = winner.refresh_token
    session = AuthSession.objects.get()
    assert (session.rotations, session.revoked_at) == (20, None)
    assert actions.refresh(refresh_token=token).session_id == session.id  # the last successor lives, too


def test_replays_at_once_end_the_session_and_tell_of_it_once(race, published, clock):
    first = sign_up()
    actions.refresh(refresh_token=first.refresh_token)
    clock.advance(seconds=11)
    outcome = race(lambda: actions.refresh(refresh_token=first.refresh_token), 8)
    assert kinds(outcome) == {"TokenReused": 1, "TokenInvalid": 7}
    assert len(published.of(SessionRevoked)) == 1


def test_the_owner_and_a_thief_refreshing_at_once_never_both_stay(race, clock):
    """The owner holds the newest token, the thief an older one."""
    for _ in range(5):
        first = sign_up()
        second = actions.refresh(refresh_token=first.refresh_token)
        clock.advance(seconds=11)
        outcome = race(
            [
                lambda token=token: actions.refresh(refresh_token=token)
                for token in (first.refresh_token, second.refresh_token)
            ]
        )
        # Whoever was first: the stolen token was one or two behind, and more than ten seconds old.
        assert isinstance(outcome[0], rules.TokenReused)
        assert AuthSession.objects.get(id=first.session_id).revoke_reason == "refresh_reused"


def test_of_eight_registrations_of_one_address_one_makes_an_account(race, published):
    outcome = race([lambda n=n: sign_up(email=("ama@example.com", "AMA@Example.com")[n % 2]) for n in range(8)])
    assert kinds(outcome) == {"IssuedTokens": 1, "LoginTaken": 7}
    assert User.objects.count() == Profile.objects.count() == AuthSession.objects.count() == 1
    assert len(published.of(UserRegistered)) == 1


def test_two_registrations_that_share_only_the_phone_make_one_account(race):
    outcome = race([lambda: sign_up(phone="0241234567"), lambda: sign_up(phone="+233 24 123 4567")])
    assert kinds(outcome) == {"IssuedTokens": 1, "LoginTaken": 1}


def test_registering_over_rest_at_once_is_never_a_fault_of_ours(race, api):
    body = {"email": "ama@example.com", "password": PASSWORD, "role": "hirer", "display_name": "Ama"}

    def register() -> int:
        while (answer := api.anonymous.post("/auth/register", body)).status == 503:  # the queue for a hash is full
            assert answer.headers["Retry-After"]
        return answer.status

    assert race(register, 6) == [202] * 6


def test_of_six_confirmed_sign_ups_with_one_address_one_makes_an_account(race, api, letters, published):
    body = {"email": "ama@example.com", "password": PASSWORD, "role": "hirer", "display_name": "Ama"}
    begun = [api.anonymous.post("/auth/register", body).json["registration_id"] for _ in range(6)]
    forms = [
        {"registration_id": one, "secret": secret}
        for one, secret in zip(begun, letters.secrets("ama@example.com"), strict=True)
    ]
    outcome = race([lambda form=form: api.anonymous.post("/auth/register/confirm", form).status for form in forms])
    assert sorted(outcome) == [201, 409, 409, 409, 409, 409]
    assert User.objects.count() == Profile.objects.count() == AuthSession.objects.count() == 1
    assert len(published.of(UserRegistered)) == 1


def test_one_link_opened_eight_times_at_once_makes_one_account(race, api, letters):
    body = {"email": "ama@example.com", "password": PASSWORD, "role": "hirer", "display_name": "Ama"}
    form = {"registration_id": api.anonymous.post("/auth/register", body).json["registration_id"]}
    form["secret"] = letters.secret("ama@example.com")
    outcome = race(lambda: api.anonymous.post("/auth/register/confirm", form).status, 8)
    assert sorted(outcome) == [201] + [400] * 7
    assert User.objects.count() == 1


def test_of_two_who_prove_one_address_at_once_one_has_it(race, letters):
    people = [sign_up().user for _ in range(2)]
    wishes = [addresses.begin_change(user_id=user.id, column="email", address="new@example.com") for user in people]
    secrets = letters.secrets("new@example.com")
    outcome = race(
        [
            lambda user=user, wish=wish, secret=secret: addresses.confirm_change(
                user_id=user.id, change_id=wish.id, secret=secret
            )
            for user, wish, secret in zip(people, wishes, secrets, strict=True)
        ]
    )
    assert kinds(outcome) == {"User": 1, "LoginTaken": 1}


def test_a_reset_used_eight_times_at_once_happens_once(race, letters):
    user = sign_up().user
    reset = passwords.begin_reset(email=user.email)
    secret = letters.secret(user.email)
    outcome = race(
        [
            lambda n=n: passwords.reset_password(reset_id=reset.id, secret=secret, password=f"{n} red fishing boats")
            for n in range(4)
        ]
    )
    # Whoever waits too long for a core is asked to come back.
    assert kinds(outcome).pop("NoneType") == 1
    assert set(kinds(outcome)) <= {"NoneType", "SecretRefused", "Unavailable"}


def test_changing_resetting_and_logging_in_at_once_never_deadlock(race, letters):
    for _ in range(3):
        user = sign_up().user
        reset = passwords.begin_reset(email=user.email)
        secret = letters.secret(user.email)
        outcome = race(
            [
                lambda u=user: log_in(u),
                lambda u=user: passwords.change_password(
                    user_id=u.id, session_id=None, current_password=PASSWORD, password="nine blue fishing boats"
                ),
                lambda r=reset, s=secret: passwords.reset_password(
                    reset_id=r.id, secret=s, password="nine red fishing boats"
                ),
                lambda r=reset: letter_sending.send_secret(challenge_id=r.id),
            ]
        )
        assert not [each for each in outcome if isinstance(each, Exception) and not isinstance(each, DomainError)]


def test_of_eight_parallel_guesses_at_a_code_three_count(race, api, letters):
    body = {"phone": "+233241234567", "password": PASSWORD, "role": "hirer", "display_name": "Ama"}
    begun = api.anonymous.post("/auth/register", body).json["registration_id"]
    code = letters.secret("+233241234567")
    form = {"registration_id": begun, "secret": "000000" if code != "000000" else "111111"}
    assert set(race(lambda: api.anonymous.post("/auth/register/confirm", form).status, 8)) == {400}
    challenge = Challenge.objects.get()
    assert (challenge.tries, challenge.secret_hash) == (3, None)


def test_parallel_guesses_count_one_by_one(race):
    user = sign_up().user
    outcome = race(lambda: log_in(user, "not the password"), 8)
    assert kinds(outcome) == {"LoginFailed": 8}
    guard = LoginGuard.objects.get()
    assert guard.locked_until is not None
    with pytest.raises(rules.LoginFailed):
        log_in(user)


def test_parallel_guesses_at_a_new_guard_all_count(race):
    race(lambda: _fail("nobody@example.com"), 4)
    assert LoginGuard.objects.get().failures == 4


def _fail(login: str) -> None:
    with pytest.raises(rules.LoginFailed):
        actions.log_in(login=login, password="not the password", device=actions.Device())


def test_logging_in_while_being_suspended_leaves_no_living_session(race):
    for _ in range(5):
        user = sign_up().user
        race([lambda u=user: log_in(u), lambda u=user: actions.suspend_user(user_id=u.id)])
        assert not AuthSession.objects.filter(user=user, revoked_at__isnull=True).exists()


def test_refreshing_while_being_suspended_leaves_no_living_session(race):
    for _ in range(5):
        tokens = sign_up()
        outcome = race(
            [
                lambda t=tokens: actions.refresh(refresh_token=t.refresh_token),
                lambda t=tokens: actions.suspend_user(user_id=t.user.id),
            ]
        )
        assert AuthSession.objects.get(id=tokens.session_id).revoked_at is not None
        assert isinstance(outcome[0], actions.IssuedTokens | TokenInvalid)


def test_logging_out_and_being_suspended_at_once_end_the_session_once(race, published):
    tokens = sign_up()
    race(
        [
            lambda: actions.log_out(session_id=tokens.session_id),
            lambda: actions.suspend_user(user_id=tokens.user.id),
        ]
    )
    assert len(published.of(SessionRevoked)) == 1


def test_suspending_twice_at_once_happens_once(race):
    user = sign_up().user
    outcome = race(lambda: actions.suspend_user(user_id=user.id), 4)
    assert kinds(outcome) == {"NoneType": 1, "InvalidTransition": 3}


def test_of_two_edits_of_one_version_one_wins(race, published):
    user = sign_up().user
    outcome = race(
        [
            lambda n=n: actions.update_profile(user_id=user.id, expected_version=1, changes={"headline": f"No. {n}"})
            for n in range(6)
        ]
    )
    assert sum(isinstance(each, StaleVersion) for each in outcome) == 5
    assert Profile.objects.get().version == 2
    assert len(published.of(ProfileUpdated)) == 1


def test_of_two_changes_of_settings_one_wins(race):
    user = sign_up().user
    outcome = race(
        [
            lambda n=n: settings.change_settings(
                user_id=user.id, expected_version=1, changes={"quiet_hours": (time(20 + n), time(6))}
            )
            for n in range(3)
        ]
    )
    assert kinds(outcome) == {"Settings": 1, "StaleVersion": 2}


def test_settings_and_profile_changed_at_once_never_deadlock(race):
    user = sign_up().user
    for _ in range(5):
        outcome = race(
            [
                lambda: settings.change_settings(user_id=user.id, expected_version=None, changes={"language": "fr"}),
                lambda: settings.change_settings(user_id=user.id, expected_version=None, changes={"language": "en"}),
                lambda: actions.update_profile(user_id=user.id, expected_version=None, changes={"headline": "New"}),
                lambda: actions.update_profile(user_id=user.id, expected_version=None, changes={"headline": "Old"}),
            ]
        )
        assert not [each for each in outcome if isinstance(each, Exception)]


def test_a_review_heard_while_its_subject_edits_is_not_lost(race):
    user = sign_up().user
    race(
        [
            lambda: actions.update_profile(user_id=user.id, expected_version=None, changes={"headline": "New"}),
            lambda: actions.record_reputation(user_id=user.id, stars=450, reviews=2),
        ]
    )
    profile = Profile.objects.get()
    assert (profile.headline, profile.stars, profile.reviews, profile.version) == ("New", 450, 2, 3)


def test_one_role_granted_twice_at_once_is_granted_once(race):
    user, boss = sign_up().user, staff()
    outcome = race(lambda: hold(user, by=boss), 4)
    assert sum(isinstance(each, DomainError) for each in outcome) == 3
    assert user.grants.count() == 1


def test_logging_in_while_guards_are_swept_always_finds_its_guard(race, clock):
    user = sign_up().user
    log_in(user)
    for _ in range(5):
        outcome = race([lambda: log_in(user), lambda: log_in(user), actions.forget_old_rows, actions.forget_old_rows])
        assert not any(isinstance(each, Exception) for each in outcome), outcome
