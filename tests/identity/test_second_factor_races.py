"""Second factors used several times at once, each with a connection of its own."""

import pytest

from domains.identity import actions
from domains.identity.actions import factors, passkey_login, recovery_codes, second_factor, step_up
from domains.identity.models import AuthSession, Factor, LoginGuard, PendingLogin, RecoveryCode
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from domains.identity.rules.factors import Proof
from tests.identity.authenticator import Authenticator
from tests.identity.factories import code_of, log_in, sign_up, staff, with_app, with_passkey

pytestmark = pytest.mark.domain("identity", transaction=True)


def kinds(outcome: list) -> dict[str, int]:
    names = [type(each).__name__ for each in outcome]
    return {name: names.count(name) for name in names}


def pending_of(user) -> str:
    with pytest.raises(rules.SecondFactorRequired) as owed:
        log_in(user)
    return str(owed.value.data["login_token"])


def finish(token: str, kind: str, value: object) -> actions.IssuedTokens:
    proof = Proof(kind=kind, value=value)
    return second_factor.complete_login(login_token=token, proof=proof, device=actions.Device())


@pytest.fixture
def user():
    return sign_up().user


def test_of_eight_uses_of_one_recovery_code_one_wins_ten_times(race, user):
    app = with_app(user)
    for code in app.codes[:10]:
        tokens = [pending_of(user) for _ in range(4)]
        outcome = race([lambda t=t, c=code: finish(t, "recovery_code", c) for t in tokens])
        assert kinds(outcome) == {"IssuedTokens": 1, "SecondFactorFailed": 3}
    assert of_factors.codes_left(user.id) == 0


def test_of_a_login_and_a_step_up_with_one_recovery_code_one_wins(race, user):
    session = log_in(user)
    app = with_app(user)
    token, proof = pending_of(user), Proof(kind="recovery_code", value=app.codes[0])
    outcome = race(
        [
            lambda: finish(token, "recovery_code", app.codes[0]),
            lambda: step_up.step_up(user_id=user.id, session_id=session.session_id, proof=proof),
        ]
    )
    assert sum(isinstance(each, Exception) for each in outcome) == 1
    assert of_factors.codes_left(user.id) == 9


def test_of_four_logins_with_one_code_of_an_app_one_wins(race, user, clock):
    app = with_app(user)
    for _ in range(5):
        clock.advance(seconds=30)
        tokens, code = [pending_of(user) for _ in range(4)], app.code()
        outcome = race([lambda t=t, c=code: finish(t, "totp", c) for t in tokens])
        assert kinds(outcome) == {"IssuedTokens": 1, "SecondFactorFailed": 3}


def test_one_login_token_sent_four_times_opens_one_session(race, user, clock):
    app = with_app(user)
    before = AuthSession.objects.count()
    for _ in range(3):
        clock.advance(seconds=60)
        token, codes = pending_of(user), [app.code(), app.code(ahead=1), *app.codes[:2]]
        outcome = race([lambda t=token, c=c: finish(t, "totp" if len(c) == 6 else "recovery_code", c) for c in codes])
        assert kinds(outcome)["IssuedTokens"] == 1
    assert AuthSession.objects.count() == before + 3


def test_one_answer_of_a_passkey_sent_four_times_opens_one_session(race, user):
    authenticator = with_passkey(user)
    proof = authenticator.get(passkey_login.login_options())
    outcome = race(lambda: passkey_login.log_in_by_passkey(credential=proof, device=actions.Device()), 4)
    assert kinds(outcome) == {"IssuedTokens": 1, "SecondFactorFailed": 3}


def test_of_two_answers_with_one_count_one_wins(race, user):
    """Two copies of one key, each with a question of its own."""
    authenticator = with_passkey(user)
    for count in (5, 6, 7):
        proofs = [authenticator.get(passkey_login.login_options(), count=count) for _ in range(2)]
        outcome = race(
            [lambda p=p: passkey_login.log_in_by_passkey(credential=p, device=actions.Device()) for p in proofs]
        )
        assert kinds(outcome) == {"IssuedTokens": 1, "SecondFactorFailed": 1}


def test_parallel_guesses_are_all_counted_and_lock(race, user):
    app = with_app(user)
    tokens = [pending_of(user) for _ in range(8)]
    outcome = race([lambda t=t: finish(t, "recovery_code", "wrong") for t in tokens])
    assert kinds(outcome) == {"SecondFactorFailed": 8}
    assert LoginGuard.objects.get(key=f"factor:{user.id}").locked_until is not None
    with pytest.raises(rules.SecondFactorFailed):
        finish(pending_of(user), "recovery_code", app.codes[0])


def test_using_a_code_while_making_new_ones_leaves_ten_or_used_it_before(race, user):
    app = with_app(user)
    for _ in range(5):
        code = recovery_codes.make_new_codes(user_id=user.id)[0]
        token = pending_of(user)
        race(
            [
                lambda t=token, c=code: finish(t, "recovery_code", c),
                lambda: recovery_codes.make_new_codes(user_id=user.id),
            ]
        )
        assert of_factors.codes_left(user.id) == 10
    assert app.codes


def test_an_enrolment_confirmed_twice_at_once_counts_once(race, user):
    begun = factors.begin_totp(user_id=user.id)
    outcome = race(lambda: factors.confirm_totp(user_id=user.id, code=code_of(begun.secret)), 4)
    assert kinds(outcome) == {"Added": 1, "NoEnrolment": 3}
    assert RecoveryCode.objects.count() == 10


def test_enrolments_begun_at_once_leave_one(race, user):
    outcome = race(lambda: factors.begin_totp(user_id=user.id), 4)
    assert kinds(outcome) == {"Enrolment": 4}
    assert Factor.objects.count() == 1


def test_one_new_passkey_sent_four_times_is_added_once(race, user):
    made = Authenticator().create(factors.begin_passkey(user_id=user.id))
    outcome = race(lambda: factors.add_passkey(user_id=user.id, credential=made, name=""), 4)
    assert kinds(outcome) == {"Added": 1, "PasskeyRefused": 3}


def test_staff_removing_both_factors_at_once_keep_one(race):
    for _ in range(5):
        boss = staff()
        with_app(boss)
        with_passkey(boss)
        ids = list(Factor.objects.filter(user=boss).values_list("id", flat=True))
        outcome = race([lambda i=i, b=boss: factors.remove_factor(user_id=b.id, factor_id=i) for i in ids])
        assert kinds(outcome) == {"NoneType": 1, "LastFactor": 1}


def test_finishing_a_login_while_being_suspended_leaves_no_living_session(race, user):
    for _ in range(5):
        user = sign_up().user
        app = with_app(user)
        token = pending_of(user)
        race(
            [
                lambda t=token, a=app: finish(t, "recovery_code", a.codes[0]),
                lambda u=user: actions.suspend_user(user_id=u.id),
            ]
        )
        assert not AuthSession.objects.filter(user=user, revoked_at__isnull=True).exists()
        assert not PendingLogin.objects.filter(user=user).exists()


def test_adding_a_factor_while_logging_in_never_fails(race):
    """Either the login came first, or it owes a second factor: nothing in between, and no deadlock."""
    for _ in range(5):
        user = sign_up().user
        outcome = race([lambda u=user: log_in(u), lambda u=user: with_app(u)])
        assert kinds(outcome[:1]).keys() <= {"IssuedTokens", "SecondFactorRequired"}
        assert kinds(outcome[1:]) == {"App": 1}
