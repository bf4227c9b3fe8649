"""Taking second factors away: four eyes, three days, and everybody who can stop it."""

import pytest
from django.db import IntegrityError, connections

from domains.identity import actions
from domains.identity.actions import factor_resets, factors, passkey_login, second_factor, step_up
from domains.identity.models import AuthSession, Factor, FactorReset, RecoveryCode, User
from domains.identity.queries.factors import kinds_of
from domains.identity.rules import factor_resets as rules
from domains.identity.rules.factors import LoginTokenInvalid, Proof, SecondFactorRequired
from domains.identity.tasks import run_deadlines
from kelmah.db import atomic
from kelmah.errors import InvalidInput, InvalidTransition, NotFound, StaleVersion
from kelmah.http.errors import WrongRole
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, colleague, log_in, sign_up, staff, with_app, with_passkey

pytestmark = pytest.mark.domain("identity")

SURE = "Called the number on file, and compared the papers."


@pytest.fixture
def user() -> User:
    return sign_up().user


def login_token(user: User, password: str = PASSWORD) -> str:
    with pytest.raises(SecondFactorRequired) as owed:
        log_in(user, password)
    return str(owed.value.data["login_token"])


def asked(user: User, password: str = PASSWORD) -> FactorReset:
    if not kinds_of(user.id):
        with_app(user)
    return factor_resets.ask(login_token=login_token(user, password))


def approve(reset: FactorReset, by: User, note: str = SURE, version: int | None = None) -> FactorReset:
    return factor_resets.approve(reset_id=reset.id, by_id=by.id, expected_version=version, note=note)


def agreed_by_two(user: User) -> FactorReset:
    reset = asked(user)
    for _ in range(2):
        approve(reset, colleague("support"))
    reset.refresh_from_db()
    return reset


def told(published) -> list[str]:
    return [event.what for event in published.of(AccountChanged) if event.what.startswith("factors_reset")]


# --- the way through ---------------------------------------------------------------------------------------------


def test_two_of_staff_and_three_days_take_everything_away(user, clock, published):
    session = log_in(user)
    reset = asked(user)
    assert approve(reset, colleague("support")).state == "agreed"
    assert approve(reset, colleague("compliance")).state == "waiting"
    clock.advance(hours=71)
    assert (run_deadlines(), kinds_of(user.id)) == (0, ["totp", "recovery_code"])
    clock.advance(hours=1, seconds=1)
    assert run_deadlines() == 1
    assert not Factor.objects.filter(user=user).exists()
    assert not RecoveryCode.objects.filter(user=user).exists()
    assert AuthSession.objects.get(id=session.session_id).revoked_at is not None
    assert told(published) == ["factors_reset_asked", "factors_reset_agreed", "factors_reset"]
    assert log_in(user).access_token


def test_the_letter_says_when(user, clock, published):
    reset = agreed_by_two(user)
    (letter,) = [event for event in published.of(AccountChanged) if event.what == "factors_reset_agreed"]
    assert letter.detail == f"{reset.due_at:%Y-%m-%d %H:%M} UTC"


def test_asking_again_is_asking_once(user, published):
    first = asked(user)
    assert asked(user).id == first.id
    assert told(published) == ["factors_reset_asked"]


def test_another_may_be_asked_for_after_the_end(user):
    first = asked(user)
    factor_resets.withdraw(user_id=user.id)
    assert asked(user).id != first.id


# --- who may ask -------------------------------------------------------------------------------------------------


def test_only_whoever_knows_the_password_asks(user, clock):
    with_app(user)
    for token in ("", "x", "made-up"):
        with pytest.raises(LoginTokenInvalid):
            factor_resets.ask(login_token=token)
    token = login_token(user)
    clock.advance(minutes=6)
    with pytest.raises(LoginTokenInvalid):
        factor_resets.ask(login_token=token)


def test_a_login_that_was_finished_asks_for_nothing(user):
    app = with_app(user)
    token = login_token(user)
    proof = Proof(kind="recovery_code", value=app.codes[0])
    second_factor.complete_login(login_token=token, proof=proof, device=actions.Device())
    with pytest.raises(LoginTokenInvalid):
        factor_resets.ask(login_token=token)


def test_the_suspended_do_not_ask(user):
    with_app(user)
    token = login_token(user)
    actions.suspend_user(user_id=user.id)
    with pytest.raises(LoginTokenInvalid):
        factor_resets.ask(login_token=token)


# --- who decides -------------------------------------------------------------------------------------------------


def test_one_is_not_two(user):
    reset, one = asked(user), colleague("support")
    approve(reset, one)
    with pytest.raises(rules.OwnDecision):
        approve(reset, one)
    reset.refresh_from_db()
    assert (reset.state, reset.confirmed_by) == ("agreed", None)


def test_nobody_decides_about_themselves():
    boss = staff()
    reset = asked(boss, STAFF_PASSWORD)
    for decide in (factor_resets.approve, factor_resets.decline):
        with pytest.raises(rules.OwnDecision):
            decide(reset_id=reset.id, by_id=boss.id, expected_version=None, note=SURE)


@pytest.mark.parametrize("roles", [(), ("moderator",), ("finance",)])
def test_it_takes_the_right(user, roles):
    reset = asked(user)
    with pytest.raises(WrongRole):
        approve(reset, colleague(*roles))
    with pytest.raises(WrongRole):
        approve(reset, sign_up().user)


def test_accounts_of_staff_take_administrators():
    kofi = colleague("support")
    reset = asked(kofi, STAFF_PASSWORD)
    for role in ("support", "compliance"):
        with pytest.raises(WrongRole):
            approve(reset, colleague(role))
    assert approve(reset, colleague("admin")).state == "agreed"


def test_whoever_lost_the_right_decides_no_more(user):
    reset, one = asked(user), colleague("support")
    actions.suspend_user(user_id=one.id)
    with pytest.raises(WrongRole):
        approve(reset, one)


@pytest.mark.parametrize("note", ["", "   ", "x" * 501, "two\x00"])
def test_a_decision_says_why(user, note):
    reset, one = asked(user), colleague("support")
    with pytest.raises(InvalidInput):
        approve(reset, one, note)
    with pytest.raises(InvalidInput):
        factor_resets.decline(reset_id=reset.id, by_id=one.id, expected_version=None, note=note)


def test_what_changed_meanwhile_is_looked_at_again(user):
    reset = asked(user)
    approve(reset, colleague("support"), version=1)
    with pytest.raises(StaleVersion):
        approve(reset, colleague("support"), version=1)


def test_what_does_not_exist_is_not_decided():
    with pytest.raises(NotFound):
        factor_resets.approve(reset_id=new_id(), by_id=staff().id, expected_version=None, note=SURE)


# --- who stops it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("approvals", [0, 1, 2])
def test_one_of_staff_stops_it_at_any_time(user, clock, published, approvals):
    reset = asked(user)
    for _ in range(approvals):
        approve(reset, colleague("support"))
    factor_resets.decline(reset_id=reset.id, by_id=colleague("support").id, expected_version=None, note="A thief.")
    clock.advance(days=8)
    run_deadlines()
    assert kinds_of(user.id) == ["totp", "recovery_code"]
    assert told(published)[-1] == "factors_reset_stopped"
    with pytest.raises(InvalidTransition):
        approve(reset, colleague("support"))


def test_the_owner_stops_it(user, clock, published):
    agreed_by_two(user)
    factor_resets.withdraw(user_id=user.id)
    with pytest.raises(rules.ResetNotFound):
        factor_resets.withdraw(user_id=user.id)
    clock.advance(days=4)
    assert run_deadlines() == 0
    assert kinds_of(user.id) == ["totp", "recovery_code"]
    assert told(published)[-1] == "factors_reset_stopped"


def test_a_second_factor_shown_stops_it(user):
    session = log_in(user)
    app = with_app(user)
    for code, again in zip(app.codes, (True, False), strict=False):
        reset = agreed_by_two(user)
        proof = Proof(kind="recovery_code", value=code)
        if again:
            step_up.step_up(user_id=user.id, session_id=session.session_id, proof=proof)
        else:
            second_factor.complete_login(login_token=login_token(user), proof=proof, device=actions.Device())
        reset.refresh_from_db()
        assert reset.state == "withdrawn"


def test_a_passkey_alone_stops_it_too(user):
    authenticator = with_passkey(user)
    reset = agreed_by_two(user)
    proof = authenticator.get(passkey_login.login_options())
    passkey_login.log_in_by_passkey(credential=proof, device=actions.Device())
    reset.refresh_from_db()
    assert reset.state == "withdrawn"


def test_a_wrong_code_stops_nothing(user):
    reset = agreed_by_two(user)
    with pytest.raises(Exception, match="not right"):
        second_factor.complete_login(
            login_token=login_token(user), proof=Proof(kind="totp", value="000000"), device=actions.Device()
        )
    reset.refresh_from_db()
    assert reset.state == "waiting"


@pytest.mark.parametrize("approvals", [0, 1])
def test_what_nobody_decides_on_runs_out(user, clock, approvals):
    reset = asked(user)
    for _ in range(approvals):
        approve(reset, colleague("support"))
    clock.advance(days=7, seconds=1)
    assert run_deadlines() == 1
    reset.refresh_from_db()
    assert reset.state == "expired"


# --- what a constraint holds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("agreed_by_id = user_id", "factor_reset_agreed_by_another"),
        ("agreed_note = ''", "factor_reset_agreed_by_another"),
        ("confirmed_by_id = agreed_by_id", "factor_reset_confirmed_by_a_second"),
        ("confirmed_by_id = NULL", "factor_reset_takes_two"),
        ("due_at = NULL", "factor_reset_takes_two"),
        ("state = 'done'", "factor_reset_ends"),
        ("ended_at = due_at", "factor_reset_ends"),
        ("state = 'lost', ended_at = due_at", "factor_reset_state"),
    ],
)
def test_the_database_refuses_what_can_not_be(user, change, constraint):
    agreed_by_two(user)
    with pytest.raises(IntegrityError, match=constraint), atomic("identity"):
        connections["identity"].cursor().execute(f"UPDATE identity_factorreset SET {change}")


def test_there_is_one_at_a_time(user):
    reset = asked(user)
    with pytest.raises(IntegrityError, match="factor_reset_one_at_a_time"), atomic("identity"):
        FactorReset.objects.create(user=user, asked_at=reset.asked_at)


# --- at once -----------------------------------------------------------------------------------------------------


def kinds(outcome: list) -> dict[str, int]:
    names = [type(each).__name__ for each in outcome]
    return {name: names.count(name) for name in names}


@pytest.mark.domain("identity", transaction=True)
def test_one_of_staff_four_times_at_once_is_still_one(user, race):
    reset, one = asked(user), colleague("support")
    assert kinds(race(lambda: approve(reset, one), 4)) == {"FactorReset": 1, "OwnDecision": 3}
    assert FactorReset.objects.get().state == "agreed"


@pytest.mark.domain("identity", transaction=True)
def test_four_of_staff_at_once_are_two(user, race, published):
    reset, four = asked(user), [colleague("support") for _ in range(4)]
    outcome = race([lambda one=one: approve(reset, one) for one in four])
    assert kinds(outcome) == {"FactorReset": 2, "InvalidTransition": 2}
    assert told(published).count("factors_reset_agreed") == 1


@pytest.mark.domain("identity", transaction=True)
def test_asking_four_times_at_once_makes_one(user, race, published):
    with_app(user)
    tokens = [login_token(user) for _ in range(4)]
    outcome = race([lambda t=t: factor_resets.ask(login_token=t) for t in tokens])
    assert len({reset.id for reset in outcome}) == 1
    assert told(published) == ["factors_reset_asked"]


@pytest.mark.domain("identity", transaction=True)
def test_stopping_it_in_its_last_second_stops_it_or_comes_too_late(user, race, clock):
    for _ in range(3):
        user = sign_up().user
        reset = agreed_by_two(user)
        clock.advance(hours=73)
        outcome = race([run_deadlines, lambda u=user: factor_resets.withdraw(user_id=u.id)])
        reset.refresh_from_db()
        if reset.state == "done":
            assert isinstance(outcome[1], rules.ResetNotFound)
            assert kinds_of(user.id) == []
        else:
            assert (reset.state, kinds_of(user.id)) == ("withdrawn", ["totp", "recovery_code"])


@pytest.mark.domain("identity", transaction=True)
def test_logging_in_in_the_last_second_leaves_the_factor_or_no_session(user, race, clock):
    for _ in range(3):
        user = sign_up().user
        app = with_app(user)
        reset = agreed_by_two(user)
        clock.advance(hours=73)
        token, proof = login_token(user), Proof(kind="recovery_code", value=app.codes[0])
        race(
            [
                run_deadlines,
                lambda t=token, p=proof: second_factor.complete_login(login_token=t, proof=p, device=actions.Device()),
            ]
        )
        reset.refresh_from_db()
        alive = AuthSession.objects.filter(user=user, revoked_at__isnull=True).exists()
        assert (reset.state == "withdrawn") == alive == Factor.objects.filter(user=user).exists()


def test_a_factor_added_after_that_stays(user, clock):
    agreed_by_two(user)
    clock.advance(hours=73)
    run_deadlines()
    begun = factors.begin_totp(user_id=user.id)
    assert begun.secret
    assert run_deadlines() == 0
