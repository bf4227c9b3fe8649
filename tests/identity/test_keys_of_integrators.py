"""API keys: made by people, used by programs."""

from datetime import timedelta

import pytest

from domains.identity import actions
from domains.identity.actions import api_keys
from domains.identity.models import ApiKey
from domains.identity.rules import api_keys as rules
from domains.identity.tasks import deny_session
from kelmah.http import store
from tests.identity.factories import sign_up

pytestmark = pytest.mark.domain("identity", transaction=True)


def make(user, **as_) -> api_keys.MadeKey:
    wanted = {"name": "Night import", "scopes": ["profiles:read"]} | as_
    return api_keys.make_key(user_id=user.id, **wanted)


def test_a_key_is_kept_as_a_hash_only():
    made = make(sign_up().user)
    row = ApiKey.objects.values().get()
    assert made.text not in str(row)
    assert made.text.split("_")[3] not in str(row)
    assert made.text.startswith(f"{row['prefix']}_")


@pytest.mark.parametrize("mode", rules.MODES)
def test_a_key_reads_back_and_one_wrong_letter_is_no_key(mode):
    text, prefix, kept = rules.new_api_key(mode)
    assert rules.read_api_key(text) == (prefix, kept)
    for place in (9, 20, len(text) - 1):
        wrong = "0" if text[place] != "0" else "1"
        assert rules.read_api_key(text[:place] + wrong + text[place + 1 :]) is None
    for other in ("", text + "\n", " " + text, text.upper(), text[:-1], "kk_live_"):
        assert rules.read_api_key(other) is None


def test_keys_differ():
    assert len({rules.new_api_key("live")[0] for _ in range(200)}) == 200


def test_the_last_use_is_written_once_a_minute(clock, django_assert_num_queries):
    made = make(sign_up().user)
    api_keys.exchange_key(text=made.text, ip="192.0.2.1")
    first = ApiKey.objects.get().last_used_at
    clock.advance(seconds=40)
    api_keys.exchange_key(text=made.text, ip="192.0.2.1")
    assert ApiKey.objects.get().last_used_at == first
    clock.advance(seconds=21)
    api_keys.exchange_key(text=made.text, ip="192.0.2.1")
    assert ApiKey.objects.get().last_used_at > first
    api_keys.exchange_key(text=made.text, ip="192.0.2.2")
    assert ApiKey.objects.get().last_used_ip == "192.0.2.2"


def test_a_token_never_outlives_its_key(clock):
    made = make(sign_up().user, lasts=timedelta(days=1))
    clock.advance(hours=23, minutes=55)
    assert api_keys.exchange_key(text=made.text, ip=None).expires_in in (299, 300)
    clock.advance(minutes=5)
    with pytest.raises(rules.KeyInvalid):
        api_keys.exchange_key(text=made.text, ip=None)


def test_the_right_prefix_with_another_secret_opens_nothing():
    mine, other = make(sign_up().user), rules.new_api_key("live")[0]
    secret = f"{mine.key.prefix}_{other.split('_')[3]}"
    with pytest.raises(rules.KeyInvalid):
        api_keys.exchange_key(text=f"{secret}_{rules._checksum(secret)}", ip=None)


def test_what_was_granted_to_a_person_is_not_for_their_programs():
    user = sign_up().user
    made = make(user)
    from kelmah.http.authentication import read_access_token

    principal, _ = read_access_token(api_keys.exchange_key(text=made.text, ip=None).access_token)
    assert (principal.roles, principal.grants) == ({"worker"}, frozenset())
    assert (principal.key_id, principal.key_scopes) == (made.key.id, {"profiles:read"})
    assert principal.test_mode is False


def test_of_parallel_rotations_one_makes_a_successor(race):
    user = sign_up().user
    made = make(user)
    outcome = race(lambda: api_keys.rotate_key(user_id=user.id, key_id=made.key.id), 6)
    assert sum(isinstance(each, api_keys.MadeKey) for each in outcome) == 1
    assert sum(isinstance(each, rules.KeyReplaced) for each in outcome) == 5
    assert ApiKey.objects.count() == 2


def test_many_made_at_once_leave_twenty(race):
    user = sign_up().user
    for _ in range(18):
        make(user)
    outcome = race(lambda: make(user), 6)
    assert sum(isinstance(each, rules.TooManyKeys) for each in outcome) == 4
    assert ApiKey.objects.count() == 20


def test_a_revocation_that_the_store_missed_is_told_again(settings, api):
    made = make(sign_up().user)
    token = api_keys.exchange_key(text=made.text, ip=None).access_token
    up, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    api_keys.revoke_key(user_id=made.key.user_id, key_id=made.key.id)
    settings.REDIS_URL = up
    store._quiet_until.clear()
    deny_session(session_id=str(made.key.id))
    assert api.with_token(token).get(f"/profiles/{made.key.user_id}").code == "token_invalid"


def test_keys_that_ended_a_month_ago_are_forgotten(clock):
    user = sign_up().user
    revoked, expired, living = make(user), make(user, lasts=timedelta(days=1)), make(user, lasts=timedelta(days=300))
    api_keys.revoke_key(user_id=user.id, key_id=revoked.key.id)
    clock.advance(days=29)
    actions.forget_old_rows()
    assert ApiKey.objects.count() == 3
    clock.advance(days=3)
    actions.forget_old_rows()
    assert [key.id for key in ApiKey.objects.all()] == [living.key.id]
    assert expired.key.id != living.key.id


@pytest.mark.parametrize(
    "change",
    [
        "name = ''",
        "mode = 'free'",
        "scopes = '{}'",
        "scopes = '{everything}'",
        "secret_hash = 'x'",
        "prefix = 'kk_live'",
        "expires_at = created_at",
        "successor_id = id",
    ],
)
def test_the_table_refuses(change):
    from django.db import IntegrityError, connections

    make(sign_up().user)
    with pytest.raises(IntegrityError), connections["identity"].cursor() as cursor:
        cursor.execute(f"UPDATE identity_apikey SET {change}")
