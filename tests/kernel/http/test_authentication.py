"""Who is asking: a good token, and every bad one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kelmah import clock
from kelmah.http.denylist import revoke_session
from kelmah.http.keys import _read_key, sign_access_token
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient

Sign = Callable[..., str]


def test_a_good_token_tells_who_is_asking(web: ApiClient) -> None:
    user_id = new_id()
    token = sign_access_token(
        {"sub": str(user_id), "sid": str(new_id()), "roles": ["hirer", "staff"], "auth_time": 1, "mfa": 2}
    )
    answer = web.with_token(token).get("/whoami")
    assert answer.status == 200
    assert answer.json == {"user_id": str(user_id), "roles": ["hirer", "staff"], "mfa": 2}


def test_what_the_test_of_all_others_changes_is_good_unchanged(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign()).get("/whoami").status == 200


def test_nobody_gets_401_and_is_told_how_to_log_in(web: ApiClient) -> None:
    answer = web.get("/whoami")
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="kelmah"'


def test_nobody_may_look_where_anyone_may(web: ApiClient) -> None:
    assert web.get("/open").json == {"known": False}


def test_a_bad_token_is_refused_even_where_anyone_may_look(web: ApiClient) -> None:
    answer = web.with_token("rubbish").get("/open")
    assert (answer.status, answer.code) == (401, "token_invalid")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"typ": "refresh"},
        {"typ": None},
        {"sub": "1"},
        {"sub": None},
        {"sid": None},
        {"sid": "../../etc"},
        {"exp": None},
        {"exp": "tomorrow"},
        {"roles": None},
        {"roles": 5},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"auth_time": "never"},
        {"headers": {"kid": ""}},
        {"headers": {"kid": "A" * 43}},
        {"headers": {"kid": "../../../dev/null"}},
        {"headers": {"kid": "' OR 1=1 --"}},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_is_refused(web: ApiClient, sign: Sign, changes: dict[str, Any]) -> None:
    answer = web.with_token(sign(**changes)).get("/whoami")
    assert (answer.status, answer.code) == (401, "token_invalid")


def test_a_key_of_somebody_else_under_our_name_is_refused(web: ApiClient, sign: Sign) -> None:
    token = sign(key=ec.generate_private_key(ec.SECP256R1()))
    assert web.with_token(token).get("/whoami").code == "token_invalid"


def test_alg_none_is_refused(web: ApiClient, sign: Sign) -> None:
    header, body, _ = sign().split(".")
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid, "typ": "JWT"}).encode()).decode()
    for signature in ("", "AAAA"):
        token = f"{unsigned.rstrip('=')}.{body}.{signature}"
        assert web.with_token(token).get("/whoami").code == "token_invalid"


def test_hs256_with_our_public_key_as_the_secret_is_refused(web: ApiClient, sign: Sign, settings: Any) -> None:
    ours = _read_key(settings.JWT_SIGNING_KEYS[0])
    _, body, _ = sign().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": ours.kid, "typ": "JWT"}).encode())
    signed = header.rstrip(b"=").decode() + "." + body
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ):
        secret = ours.public.public_bytes(encoding, form)
        mac = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
        assert web.with_token(f"{signed}.{mac}").get("/whoami").code == "token_invalid"


def test_another_scheme_is_refused(web: ApiClient, sign: Sign) -> None:
    answer = web._client.get("/api/v1/whoami", headers={"Authorization": f"Token {sign()}"})
    assert answer.json()["code"] == "token_invalid"


def test_a_token_in_the_address_is_not_looked_at(web: ApiClient, sign: Sign) -> None:
    assert web.get("/whoami", access_token=sign(), token=sign()).code == "unauthenticated"


def test_expiry_follows_the_clock_with_five_seconds_of_grace(web: ApiClient, sign: Sign) -> None:
    token = sign()
    clock.advance(seconds=603)
    assert web.with_token(token).get("/whoami").status == 200
    clock.advance(seconds=3)
    answer = web.with_token(token).get("/whoami")
    assert (answer.status, answer.code) == (401, "token_expired")


def test_lifetime_comes_from_the_settings(settings: Any) -> None:
    settings.ACCESS_TOKEN_SECONDS = 77
    claims = jwt.decode(sign_access_token({"sub": "x"}), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 77


def test_identity_cannot_sign_for_another_audience_by_accident(settings: Any) -> None:
    token = sign_access_token({"sub": "x", "aud": "other", "iss": "other", "typ": "refresh"})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["iss"], claims["typ"]) == (settings.JWT_AUDIENCE, settings.JWT_ISSUER, "access")


def test_an_ended_session_is_refused_at_once_and_only_it(web: ApiClient, principal: Callable[..., Principal]) -> None:
    ended, other = principal(), principal()
    assert ended.session_id is not None
    revoke_session(ended.session_id, timedelta(minutes=10))
    assert web.as_(ended).get("/whoami").code == "token_invalid"
    assert web.as_(other).get("/whoami").status == 200


def test_without_the_store_reading_goes_on_and_money_stops(
    web: ApiClient, principal: Callable[..., Principal], store_down: None
) -> None:
    me = web.as_(principal())
    assert me.get("/whoami").status == 200
    answer = me.post("/money", {"text": "x"}, idempotency_key="k")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


# --- roles --------------------------------------------------------------------------------------------------------


def test_one_of_the_roles_is_enough_another_is_403_nobody_401(
    web: ApiClient, principal: Callable[..., Principal]
) -> None:
    assert web.as_(principal("staff", "worker")).get("/hirers").status == 200
    wrong = web.as_(principal("worker")).get("/hirers")
    assert (wrong.status, wrong.code) == (403, "wrong_role")
    assert wrong.json["detail"] == "Only a hirer or staff may do this."
    assert web.get("/hirers").status == 401
