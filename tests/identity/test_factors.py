"""Adding and removing second factors, what is kept of them, and what their owner is told."""

import pytest
from django.db import IntegrityError, connections

from domains.identity import actions
from domains.identity.actions import factors, recovery_codes, sealing
from domains.identity.models import Factor, PasskeyChallenge, PendingLogin, RecoveryCode
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from kelmah.crypto import Tampered
from kelmah.db import atomic
from kelmah.errors import InvalidInput
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import PASSWORD, sign_up, staff, with_app, with_passkey

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def user():
    return sign_up().user


def told(published) -> list[tuple[str, str]]:
    return [(event.what, event.detail) for event in published.of(AccountChanged)]


def dump_of_tables() -> str:
    """Every row of identity, as text."""
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'identity'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows)


# --- authenticator apps ------------------------------------------------------------------------------------------


def test_an_app_counts_once_a_code_of_it_came_back(user, published):
    begun = factors.begin_totp(user_id=user.id, name="Pixel 7")
    assert of_factors.kinds_of(user.id) == []
    assert told(published) == []
    app = with_app(user)  # begun anew: the first secret is void
    assert of_factors.kinds_of(user.id) == ["totp", "recovery_code"]
    assert told(published) == [("totp_added", "Pixel 7"), ("recovery_codes_made", "")]
    assert Factor.objects.get().id == app.factor_id != begun.factor.id


def test_neither_secret_nor_codes_are_anywhere_in_the_tables(user):
    app = with_app(user)
    tables = dump_of_tables()
    for secret in [app.secret, *app.codes, *(code.replace("-", "") for code in app.codes)]:
        assert secret not in tables
        assert secret.encode().hex() not in tables
    assert sealing.totp_secret(Factor.objects.get()) == app.secret


def test_a_sealed_secret_opens_nothing_in_another_row(user):
    with_app(user)
    mine, other = Factor.objects.get(), sign_up().user
    with_app(other)
    theirs = Factor.objects.get(user=other)
    Factor.objects.filter(id=theirs.id).update(secret=mine.secret)
    theirs.refresh_from_db()
    with pytest.raises(Tampered):
        sealing.totp_secret(theirs)


def test_a_wrong_code_confirms_nothing(user):
    factors.begin_totp(user_id=user.id)
    with pytest.raises(InvalidInput) as refused:
        factors.confirm_totp(user_id=user.id, code="000000")
    assert [error.pointer for error in refused.value.errors] == ["/code"]
    assert of_factors.kinds_of(user.id) == []


def test_an_enrolment_waits_ten_minutes(user, clock):
    begun = factors.begin_totp(user_id=user.id)
    clock.advance(minutes=10, seconds=1)
    with pytest.raises(rules.NoEnrolment):
        factors.confirm_totp(user_id=user.id, code="000000")
    actions.forget_old_rows()
    assert not Factor.objects.filter(id=begun.factor.id).exists()


def test_the_secret_of_somebody_else_is_not_mine_to_confirm(user):
    factors.begin_totp(user_id=user.id)
    with pytest.raises(rules.NoEnrolment):
        factors.confirm_totp(user_id=sign_up().user.id, code="000000")


def test_there_are_ten_factors_at_most(user):
    for _ in range(10):
        with_passkey(user)
    with pytest.raises(rules.TooManyFactors):
        factors.begin_passkey(user_id=user.id)
    with pytest.raises(rules.TooManyFactors):
        factors.begin_totp(user_id=user.id)


def test_only_the_first_factor_brings_recovery_codes(user):
    app = with_app(user)
    with_passkey(user)
    assert len(app.codes) == 10
    assert RecoveryCode.objects.filter(user=user).count() == 10


def test_names_are_printed_text(user, published):
    factor = Factor.objects.get(id=with_app(user).factor_id)
    assert factors.rename_factor(user_id=user.id, factor_id=factor.id, name=" Old  phone ").name == "Old phone"
    with pytest.raises(rules.FactorNotFound):
        factors.rename_factor(user_id=sign_up().user.id, factor_id=factor.id, name="Mine")


# --- removing ----------------------------------------------------------------------------------------------------


def test_codes_go_with_the_last_factor_and_not_before(user, published):
    app = with_app(user)
    with_passkey(user)
    factors.remove_factor(user_id=user.id, factor_id=app.factor_id)
    assert RecoveryCode.objects.filter(user=user).count() == 10
    factors.remove_factor(user_id=user.id, factor_id=Factor.objects.get().id)
    assert not RecoveryCode.objects.exists()
    assert told(published)[-2:] == [("totp_removed", "Pixel 7"), ("passkey_removed", "Laptop")]
    assert actions.log_in(login=user.email, password=PASSWORD, device=actions.Device()).access_token


def test_a_stranger_removes_nothing(user):
    app = with_app(user)
    for factor_id in (app.factor_id, new_id()):
        with pytest.raises(rules.FactorNotFound):
            factors.remove_factor(user_id=sign_up().user.id, factor_id=factor_id)
    assert Factor.objects.filter(id=app.factor_id).exists()


def test_staff_keep_the_last_one():
    boss = staff()
    app = with_app(boss)
    with pytest.raises(rules.LastFactor):
        factors.remove_factor(user_id=boss.id, factor_id=app.factor_id)
    with_passkey(boss)
    factors.remove_factor(user_id=boss.id, factor_id=app.factor_id)
    assert of_factors.kinds_of(boss.id) == ["passkey", "recovery_code"]


# --- recovery codes ----------------------------------------------------------------------------------------------


def test_new_codes_void_the_old(user, published):
    app = with_app(user)
    old = {bytes(row.code_hash) for row in RecoveryCode.objects.all()}
    codes = recovery_codes.make_new_codes(user_id=user.id)
    assert len(codes) == 10
    assert set(codes).isdisjoint(app.codes)
    assert old.isdisjoint(bytes(row.code_hash) for row in RecoveryCode.objects.all())
    assert told(published)[-1] == ("recovery_codes_made", "")


def test_nobody_has_codes_without_a_factor(user):
    with pytest.raises(rules.NoFactorYet):
        recovery_codes.make_new_codes(user_id=user.id)


# --- what a constraint holds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE identity_factor SET kind = 'sms'", "factor_is_of_one_kind"),
        ("UPDATE identity_factor SET secret = NULL", "factor_is_of_one_kind"),
        ("UPDATE identity_factor SET last_step = NULL", "factor_confirmed_by_a_step"),
        ("UPDATE identity_factor SET name = ''", "factor_has_a_name"),
        ("UPDATE identity_recoverycode SET code_hash = '7k2m'", "recovery_code_hash"),
        ("UPDATE identity_pendinglogin SET tries = 6", "pending_login_tries"),
        ("UPDATE identity_pendinglogin SET token_hash = 'x'", "pending_login_hash"),
        ("UPDATE identity_pendinglogin SET expires_at = created_at", "pending_login_times"),
        ("UPDATE identity_passkeychallenge SET purpose = 'login'", "passkey_challenge_purpose"),
        ("UPDATE identity_passkeychallenge SET challenge_hash = 'x'", "passkey_challenge_hash"),
        ("UPDATE identity_authsession SET stepped_up_at = auth_time - interval '1 second'", "session_stepped_up_later"),
    ],
)
def test_the_database_refuses_what_can_not_be(user, statement, constraint):
    with_app(user)
    factors.begin_passkey(user_id=user.id)
    with pytest.raises(rules.SecondFactorRequired):
        actions.log_in(login=user.email, password=PASSWORD, device=actions.Device())
    with pytest.raises(IntegrityError, match=constraint), atomic("identity"):
        connections["identity"].cursor().execute(statement)


def test_what_waited_in_vain_is_forgotten(user, clock):
    with_app(user)
    factors.begin_passkey(user_id=user.id)
    with pytest.raises(rules.SecondFactorRequired):
        actions.log_in(login=user.email, password=PASSWORD, device=actions.Device())
    actions.forget_old_rows()
    assert (PendingLogin.objects.count(), PasskeyChallenge.objects.count()) == (1, 1)
    clock.advance(minutes=6)
    actions.forget_old_rows()
    assert (PendingLogin.objects.count(), PasskeyChallenge.objects.count()) == (0, 0)
