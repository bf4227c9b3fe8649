"""What attackers, and providers that err or lie, try at social login."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from domains.identity.models import AuthSession, SocialFlow, SocialLogin, User
from tests.identity.factories import sign_up, staff
from tests.identity.oidc.browser import APP, Way, at_provider, come_back, exchange, start
from tests.identity.oidc.liar import Liar

pytestmark = [pytest.mark.domain("identity"), pytest.mark.in_process]


def brought_back(api, provider="google") -> dict[str, str]:
    return come_back(api, provider, **at_provider(start(api, provider)))


def proven(api, provider="google") -> tuple[str, str]:
    way = start(api, provider)
    return come_back(api, provider, **at_provider(way))["code"], way.secret


def test_a_strict_provider_that_is_honest_is_believed(api, liar):
    assert exchange(api, *proven(api)).code == "registration_needed"


# --- state ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["", "of-nobody", "x" * 10_000, "état"])
def test_without_the_state_of_a_flow_nothing_is_asked(api, liar, state):
    said = at_provider(start(api)) | {"state": state}
    assert come_back(api, **said) == {"error": "social_flow_invalid"}
    assert "/token" not in liar.asked


def test_a_missing_state_is_no_server_error(api, liar):
    start(api)
    assert come_back(api, code="x") == {"error": "social_flow_invalid"}


def test_a_state_works_once(api, liar):
    way = start(api)
    said = at_provider(way)
    assert "code" in come_back(api, **said)
    assert come_back(api, **said) == {"error": "social_flow_invalid"}
    assert come_back(api, **at_provider(way)) == {"error": "social_flow_invalid"}
    assert liar.asked.count("/token") == 1


def test_a_state_is_too_old_after_ten_minutes(api, liar, clock):
    said = at_provider(start(api))
    clock.advance(minutes=10)
    assert come_back(api, **said) == {"error": "social_flow_invalid"}


def test_a_state_of_one_provider_is_not_taken_from_another(api, liar):
    """Mix-up: one provider's code must never be shown to another."""
    said = at_provider(start(api, "google"))
    assert come_back(api, "linkedin", **said) == {"error": "social_flow_invalid"}
    assert "/token" not in liar.asked


def test_an_issuer_in_the_redirect_must_be_the_one_asked(api, liar):
    liar.back = {"iss": "https://elsewhere.example.com"}
    assert brought_back(api) == {"error": "social_flow_invalid"}
    assert "/token" not in liar.asked
    liar.back = {"iss": liar.issuer}
    assert "code" in brought_back(api)


def test_who_declines_comes_back_with_the_problem(api, liar):
    liar.back = {"error": "access_denied"}
    assert brought_back(api) == {"error": "provider_refused"}
    assert "/token" not in liar.asked


# --- the code of the provider --------------------------------------------------------------------------------------


def test_a_code_that_another_began_is_refused_by_the_challenge(api, liar):
    """The attacker puts a code of the victim's flow into a flow of their own: PKCE's verifier doesn't fit."""
    victim, attacker = at_provider(start(api)), at_provider(start(api))
    assert come_back(api, **(attacker | {"code": victim["code"]})) == {"error": "provider_refused"}


def test_without_a_challenge_the_nonce_refuses_it(api, liar):
    """LinkedIn does without PKCE; a nonce, where there is one, must be ours."""
    victim, attacker = at_provider(start(api, "linkedin")), at_provider(start(api, "linkedin"))
    assert come_back(api, "linkedin", **(attacker | {"code": victim["code"]})) == {"error": "identity_not_proven"}


# --- the ID token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["a", "list"]},
        {"aud": "somebody-else"},
        {"aud": ["kelmah", "somebody-else"]},
        {"aud": ["kelmah", "somebody-else"], "azp": "somebody-else"},
        {"aud": None},
        {"iss": "https://accounts.google.com"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 4_000_000_000},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 1},
        {"sub": "x" * 256},
        {"sub": "a\x00b"},
        {"at_hash": "of-another-token"},
    ],
    ids=str,
)
def test_a_token_that_says_something_wrong_proves_nobody(api, liar, claims):
    liar.claims = claims
    assert brought_back(api) == {"error": "identity_not_proven"}
    assert not SocialFlow.objects.exclude(state="over").exists()


def _by_nobody(liar: Liar, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none', 'kid': 'first'})}.{_part(claims)}."


def _by_a_stranger(liar: Liar, claims: dict[str, Any]) -> str:
    return liar.signed(claims, key=ECKey.generate_key("P-256", {"kid": "first"}))


def _by_an_unknown_key(liar: Liar, claims: dict[str, Any]) -> str:
    return liar.signed(claims, key=ECKey.generate_key("P-256", {"kid": "second"}))


def _by_the_public_key(liar: Liar, claims: dict[str, Any]) -> str:
    """HS256 with what everybody knows as its secret."""
    said = [_part({"alg": "HS256", "kid": "first"}), _part(claims)]
    digest = hmac.digest(liar.key.as_pem(private=False), ".".join(said).encode(), "sha256")
    return ".".join([*said, base64.urlsafe_b64encode(digest).decode().rstrip("=")])


def _part(said: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def _by_the_client_secret(liar: Liar, claims: dict[str, Any]) -> str:
    secret = OctKey.import_key(b"a secret of the client" * 2, {"kid": "first"})
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, secret, algorithms=["HS256"])


def _by_a_key_that_it_brings(liar: Liar, claims: dict[str, Any]) -> str:
    own = ECKey.generate_key("P-256", {"kid": "first"})
    return liar.signed(claims, key=own, jwk=own.as_dict(private=False))


def _changed(liar: Liar, claims: dict[str, Any]) -> str:
    header, _, signature = liar.signed(claims).split(".")
    _, body, _ = liar.signed(claims | {"sub": "2"}).split(".")
    return f"{header}.{body}.{signature}"


def _no_token(liar: Liar, claims: dict[str, Any]) -> str:
    return "no.jwt.at all"


@pytest.mark.parametrize(
    "sign",
    [
        _by_nobody,
        _by_a_stranger,
        _by_an_unknown_key,
        _by_the_public_key,
        _by_the_client_secret,
        _by_a_key_that_it_brings,
        _changed,
        _no_token,
    ],
)
def test_a_token_that_the_provider_did_not_sign_proves_nobody(api, liar, sign):
    liar.sign = lambda claims: sign(liar, claims)
    assert brought_back(api) == {"error": "identity_not_proven"}


def test_a_new_key_of_the_provider_is_fetched_once(api, liar, monkeypatch):
    assert "code" in brought_back(api)
    liar.key = ECKey.generate_key("P-256", {"kid": "rotated"})
    liar.published.append(liar.key)
    assert brought_back(api) == {"error": "identity_not_proven"}  # within a minute nobody makes us ask again
    assert liar.asked.count("/keys") == 1
    monkeypatch.setattr("domains.identity.gateways.oidc.metadata.ASKED_AGAIN", 0.0)
    assert "code" in brought_back(api)
    assert liar.asked.count("/keys") == 2


def test_rsa_is_understood(api, liar):
    key = RSAKey.generate_key(2048, {"kid": "rsa"})
    liar.published.append(key)
    liar.sign = lambda claims: liar.signed(claims, key=key, alg="RS256")
    assert "code" in brought_back(api)


# --- take-over -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [False, None, "true", 1, "yes", [True]])
def test_an_address_without_the_providers_word_is_worth_nothing(api, liar, verified):
    victim = sign_up(email="ama@example.com")
    liar.claims = {"email_verified": verified}
    code, secret = proven(api)
    refused = exchange(api, code, secret)
    assert (refused.status, refused.code) == (409, "mail_not_verified")
    assert "data" not in refused.json  # whether an account has the address is not told
    body = {"flow_secret": secret, "role": "worker", "display_name": "Thief"}
    assert api.anonymous.post("/auth/social/register", body).code == "mail_not_verified"
    assert not SocialLogin.objects.exists()
    assert AuthSession.objects.exclude(user=victim.user).count() == 0


def test_the_same_address_alone_never_opens_an_account(api, liar):
    """Even when the provider vouches for it: addresses are given to others, and providers err."""
    victim = sign_up(email="ama@example.com")
    code, secret = proven(api)
    assert exchange(api, code, secret).code == "link_needed"
    body = {"flow_secret": secret, "role": "worker", "display_name": "Thief"}
    assert api.anonymous.post("/auth/social/register", body).code == "link_needed"
    assert list(User.objects.all()) == [victim.user]
    assert AuthSession.objects.count() == 1


def test_the_address_of_staff_opens_nothing(api, liar):
    staff(email="ama@example.com")
    assert exchange(api, *proven(api)).code == "link_needed"


@pytest.mark.parametrize("written", ["AMA@example.com", "ａｍａ@example.com", " ama@example.com"])
def test_an_address_in_other_letters_is_the_same(api, liar, written):
    sign_up(email="ama@example.com")
    liar.claims = {"email": written}
    assert exchange(api, *proven(api)).code == "link_needed"


@pytest.mark.parametrize("written", ["аma@example.com", "ama@example.com\r\nBcc: x@y.com", "ama\x00@example.com", 7])
def test_an_address_that_is_none_counts_as_none(api, liar, written):
    liar.claims = {"email": written}
    assert exchange(api, *proven(api)).code == "mail_not_verified"


@pytest.mark.parametrize("name", ["Ama\r\nBcc: x@y.com", "\u202eamA", "x" * 500, ["Ama"], "\x00", "   "])
def test_a_name_that_is_none_is_left_out(api, liar, name):
    liar.claims = {"name": name}
    assert exchange(api, *proven(api)).json["data"]["display_name"] == ""


def test_roles_are_never_the_providers_to_give(api, liar):
    liar.claims = {"role": "staff", "roles": ["admin"], "is_staff": True}
    code, secret = proven(api)
    exchange(api, code, secret)
    for body in (
        {"role": "staff"},
        {"role": "hirer", "is_staff": True},
        {"role": "hirer", "email": "boss@example.com"},
    ):
        assert api.anonymous.post("/auth/social/register", {"flow_secret": secret} | body).status == 400
    made = api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"})
    assert api.with_token(made.json["access_token"]).get("/me").json["roles"] == ["hirer"]


def test_an_identity_in_a_flow_of_a_thief_links_only_the_thiefs_own_account(api, liar):
    """A thief who makes the victim log in at the provider has the secret, but never sees the code."""
    way = start(api)
    come_back(api, **at_provider(way))
    thief = sign_up()
    body = {"flow_secret": way.secret}
    assert api.with_token(thief.access_token).post("/me/social-logins", body).code == "social_flow_invalid"
    guessed = body | {"code": "A" * 43}
    assert api.with_token(thief.access_token).post("/me/social-logins", guessed).code == "social_flow_invalid"


# --- our own code --------------------------------------------------------------------------------------------------


def test_a_code_without_its_secret_is_burnt(api, liar):
    """Whoever sees the redirect (a log, a history, a Referer) gets nothing, and the owner begins again."""
    code, secret = proven(api)
    assert exchange(api, code, "A" * 43).code == "social_flow_invalid"
    assert exchange(api, code, secret).code == "social_flow_invalid"


def test_a_code_works_once(api, liar):
    code, secret = proven(api)
    assert exchange(api, code, secret).code == "registration_needed"
    assert exchange(api, code, secret).code == "social_flow_invalid"


def test_a_code_lives_for_sixty_seconds(api, liar, clock):
    code, secret = proven(api)
    clock.advance(seconds=60)
    assert exchange(api, code, secret).code == "social_flow_invalid"


def test_what_was_proven_is_forgotten_after_a_quarter_of_an_hour(api, liar, clock):
    code, secret = proven(api)
    exchange(api, code, secret)
    clock.advance(minutes=15)
    refused = api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"})
    assert refused.code == "social_flow_invalid"


def test_a_registration_is_not_made_twice(api, liar):
    code, secret = proven(api)
    exchange(api, code, secret)
    body = {"flow_secret": secret, "role": "hirer"}
    assert api.anonymous.post("/auth/social/register", body).status == 201
    assert api.anonymous.post("/auth/social/register", body).code == "social_flow_invalid"


# --- redirects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example.com/auth/social",
        "//evil.example.com",
        f"{APP}.evil.example.com",
        f"{APP}/../../elsewhere",
        f"{APP}?next=https://evil.example.com",
        f"{APP}#@evil.example.com",
        "http://localhost:3000@evil.example.com/auth/social",
        "javascript:alert(1)",
        "com.example.app:/auth/other",
        f"{APP}\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_allowed(api, liar, wanted):
    refused = api.anonymous.post("/auth/social/google/start", {"redirect_to": wanted})
    assert refused.status == 400, refused
    assert not SocialFlow.objects.exists()


def test_nothing_in_the_callback_says_where_to_go(api, liar):
    said = at_provider(start(api))
    answer = api.anonymous.get("/auth/social/google/callback", **said, redirect_to="https://evil.example.com")
    assert answer.headers["Location"].startswith(f"{APP}?code=")


def test_an_error_of_the_provider_is_not_passed_on(api, liar):
    liar.back = {"error": "<script>", "error_description": "\r\nSet-Cookie: a=b"}
    assert brought_back(api) == {"error": "provider_refused"}


# --- a provider in trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://accounts.google.com"},
        {"authorization_endpoint": "http://169.254.169.254/latest"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
    ids=str,
)
def test_a_document_of_somebody_else_sends_nobody_anywhere(api, liar, document):
    liar.document = document
    assert api.anonymous.post("/auth/social/google/start", {}).code == "provider_unavailable"


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b'"' + b"x" * 300_000 + b'"'), (302, b"{}"), (429, b"{}")],
    ids=["500", "html", "list", "flood", "redirect", "busy"],
)
def test_nonsense_instead_of_a_token_is_no_server_error(api, liar, status, body):
    way = start(api)
    liar.answers["/token"] = lambda: (status, body)
    assert come_back(api, **at_provider(way)) == {"error": "provider_unavailable"}


@pytest.mark.parametrize("body", [b"{}", b'{"id_token": 7}', b'{"id_token": "x", "access_token": 7}'])
def test_a_token_that_is_missing_is_a_refusal(api, liar, body):
    liar.answers["/token"] = lambda: (200, body)
    assert brought_back(api) == {"error": "provider_refused"}


@pytest.mark.parametrize("body", [b"{}", b'{"keys": [{"kty": "nonsense"}]}', b'{"keys": 7}', b'{"keys": [7]}'])
def test_keys_that_are_none_are_no_server_error(api, liar, body):
    liar.answers["/keys"] = lambda: (200, body)
    assert brought_back(api)["error"] in {"provider_unavailable", "identity_not_proven"}


def test_a_silent_provider_costs_little_time(api, liar):
    way = start(api)
    liar.answers["/token"] = lambda: (time.sleep(5), (200, b"{}"))[1]
    began = time.monotonic()
    assert come_back(api, **at_provider(way)) == {"error": "provider_unavailable"}
    assert time.monotonic() - began < 4.5


def test_a_provider_that_fails_again_and_again_is_left_alone(api, liar):
    liar.answers["/.well-known/openid-configuration"] = lambda: (500, b"")
    for _ in range(30):
        assert api.anonymous.post("/auth/social/google/start", {}).code == "provider_unavailable"
    assert len(liar.asked) < 30


# --- what a browser sends by itself --------------------------------------------------------------------------------


def test_the_flow_keeps_nothing_in_the_browser(api, liar):
    """No cookie carries a login, so none can be set by, or sent from, another page."""
    way: Way = start(api)
    answer = api.anonymous.get("/auth/social/google/callback", **at_provider(way))
    assert not answer.raw.cookies
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
