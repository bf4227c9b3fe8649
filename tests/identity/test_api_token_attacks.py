"""Tokens that attackers make, change, keep and send again, over REST."""

import base64
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.identity import actions
from domains.identity.models import AuthSession
from kelmah import clock as now
from kelmah.http.keys import _own_ring, sign_token
from kelmah.interfaces.identity.events import SessionRevoked
from kelmah.staff.member import StaffMember
from kelmah.staff.tokens import vouch
from tests.identity.factories import log_in, sign_up

pytestmark = pytest.mark.domain("identity", transaction=True)

ROUNDS = 20
SOMEBODY = "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04"


def refused(api, token: str) -> str:
    answer = api.with_token(token).get("/me")
    assert answer.status == 401, answer
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return answer.code


def refreshed(api, token: str):
    return api.anonymous.post("/auth/refresh", {"refresh_token": token})


def b64(data) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def header_of(token: str) -> dict:
    return jwt.get_unverified_header(token)


# --- made by somebody else ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("keeps_signature", [True, False])
def test_an_unsigned_token_is_refused(api, alg, keeps_signature):
    token = sign_up().access_token
    _, body, signature = token.split(".")
    forged = f"{b64({**header_of(token), 'alg': alg})}.{body}.{signature if keeps_signature else ''}"
    assert refused(api, forged) == "token_invalid"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("secret", ["pem", "der", "point", "jwk", "empty"])
def test_a_token_signed_with_our_public_key_as_a_password_is_refused(api, alg, secret):
    token, ours = sign_up().access_token, _own_ring()[0]
    secrets = {
        "pem": ours.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": ours.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "point": ours.public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "jwk": json.dumps(dict(ours.jwk)).encode(),
        "empty": b"",
    }
    unsigned = f"{b64({**header_of(token), 'alg': alg})}.{token.split('.')[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(_sha(alg))
    assert refused(api, f"{unsigned}.{b64(algorithm.sign(unsigned.encode(), secrets[secret]))}") == "token_invalid"


def _sha(alg: str):
    hashes = jwt.algorithms.HMACAlgorithm
    return {"HS256": hashes.SHA256, "HS384": hashes.SHA384, "HS512": hashes.SHA512}[alg]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES384", "EdDSA"])
def test_another_algorithm_under_our_name_is_refused(api, alg):
    token = sign_up().access_token
    keys = {"RS": rsa.generate_private_key(65537, 2048), "PS": rsa.generate_private_key(65537, 2048)}
    key = keys.get(alg[:2]) or (ec.generate_private_key(ec.SECP384R1()) if alg == "ES384" else _ed25519())
    forged = jwt.encode(claims_of(token), key, algorithm=alg, headers={"kid": header_of(token)["kid"]})
    assert refused(api, forged) == "token_invalid"


def _ed25519():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


@pytest.mark.parametrize("way", ["kid", "jwk", "jku", "x5u", "x5c", "no kid"])
def test_a_token_cannot_bring_its_own_key(api, way):
    token, mine = sign_up().access_token, ec.generate_private_key(ec.SECP256R1())
    numbers = mine.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }
    named = {"kid": header_of(token)["kid"]}
    headers = {
        "kid": {"kid": "A" * 43},
        "jwk": named | {"jwk": jwk},
        "jku": named | {"jku": "https://evil.example/jwks.json"},
        "x5u": named | {"x5u": "https://evil.example/cert.pem"},
        "x5c": named | {"x5c": ["MIIB"]},
        "no kid": {"kid": ""},
    }[way]
    assert refused(api, jwt.encode(claims_of(token), mine, algorithm="ES256", headers=headers)) == "token_invalid"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/etc/passwd",
        "' OR '1'='1",
        "http://evil.example/k",
        "A" * 10_000,
        "\x00" * 43,
        "k\r\nX: y",
    ],
)
def test_a_key_name_is_a_name_and_nothing_else(api, kid):
    token = sign_up().access_token
    forged = ".".join([b64({**header_of(token), "kid": kid}), *token.split(".")[1:]])
    assert refused(api, forged) == "token_invalid"


@pytest.mark.parametrize("kid", [None, 5, ["x"], {"a": 1}, True])
def test_a_key_name_that_is_no_text_is_refused(api, kid):
    token = sign_up().access_token
    assert refused(api, ".".join([b64({**header_of(token), "kid": kid}), *token.split(".")[1:]])) == "token_invalid"


@pytest.fixture
def token() -> str:
    return sign_up().access_token


# --- changed -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_letter_of_a_token_can_be_changed(api, token, data):
    place = data.draw(st.integers(0, len(token) - 1).filter(lambda i: (token + ".")[i + 1] != "." and token[i] != "."))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.="))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        assert refused(api, changed) in ("token_invalid", "token_expired")


@pytest.mark.parametrize(
    "change",
    [{"sub": SOMEBODY}, {"roles": ["admin"]}, {"exp": 9_999_999_999}, {"sid": SOMEBODY}, {"standing": 99}],
    ids=lambda change: next(iter(change)),
)
def test_a_claim_cannot_be_changed(api, change):
    header, _, signature = (token := sign_up().access_token).split(".")
    assert refused(api, f"{header}.{b64({**claims_of(token), **change})}.{signature}") == "token_invalid"


@pytest.mark.parametrize("sent", [".", "..", "...", "a.b.c", "e30.e30.e30", "x" * 7_000, "null"])
def test_rubbish_is_refused(api, sent):
    assert refused(api, sent) == "token_invalid"


# --- for another time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "code"), [(600, None), (603, None), (606, "token_expired"), (10**6, "token_expired")])
def test_an_expired_token_has_five_seconds_for_clocks_that_differ(api, clock, late, code):
    token = sign_up().access_token
    clock.advance(seconds=late)
    answer = api.with_token(token).get("/me")
    assert (answer.status, answer.code) == (401, code) if code else answer.status == 200


@pytest.mark.parametrize(("early", "status"), [(0, 200), (3, 200), (8, 401), (3_600, 401)])
@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_the_future_has_five_seconds_too(api, early, status, claim):
    tokens = sign_up()
    begins = int(now.now().timestamp()) + early
    said = claims_of(tokens.access_token) | {claim: begins, "exp": begins + 600}
    token = sign_token(said, kind="access", audience=said["aud"], lifetime=timedelta(minutes=10))
    assert api.with_token(token).get("/me").status == status


# --- for somebody else -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["kelmah-desk:payments", "kelmah", "", "https://evil.example"])
def test_a_token_for_another_audience_is_refused(api, audience):
    said = claims_of(sign_up().access_token)
    token = sign_token(said, kind="access", audience=audience, lifetime=timedelta(minutes=10))
    assert refused(api, token) == "token_invalid"


def test_a_token_for_a_desk_opens_no_route(api):
    tokens = sign_up()
    member = StaffMember(
        id=tokens.user.id,
        name="Ama",
        roles=frozenset({"staff"}),
        has_all_rights=True,
        session_id=tokens.session_id,
        standing=0,
    )
    assert refused(api, vouch(member, domain="payments", mark="0" * 64, address="/admin/payments/")) == "token_invalid"


@pytest.mark.parametrize("kind", ["refresh", "staff", "ticket", "", "ACCESS"])
def test_a_token_of_another_kind_is_refused(api, kind):
    said = claims_of(sign_up().access_token)
    token = sign_token(said, kind=kind, audience=said["aud"], lifetime=timedelta(minutes=10))
    assert refused(api, token) == "token_invalid"


def test_another_installation_with_the_same_key_is_another_issuer(api):
    said = claims_of(sign_up().access_token) | {"iss": "https://staging.example"}
    ours = _own_ring()[0]
    assert refused(api, jwt.encode(said, ours.private, algorithm="ES256", headers={"kid": ours.kid})) == "token_invalid"


# --- sent again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["log out", "ended elsewhere", "suspended"])
def test_a_token_kept_after_the_end_opens_nothing(api, end):
    tokens = sign_up()
    assert api.with_token(tokens.access_token).get("/me").status == 200
    if end == "log out":
        api.with_token(tokens.access_token).post("/auth/logout")
    elif end == "ended elsewhere":
        api.with_token(log_in(tokens.user).access_token).delete("/me/sessions")
    else:
        actions.suspend_user(user_id=tokens.user.id)
    assert refused(api, tokens.access_token) in ("token_invalid", "token_stale")
    assert refreshed(api, tokens.refresh_token).code == "token_invalid"


def test_a_reused_token_ends_its_family_only_and_the_owner_is_told(api, published, clock):
    phone = sign_up()
    laptop = log_in(phone.user)
    second = refreshed(api, phone.refresh_token).json
    clock.advance(seconds=11)
    third = refreshed(api, second["refresh_token"]).json
    assert refreshed(api, phone.refresh_token).code == "token_reused"
    for token in (second["access_token"], third["access_token"]):
        assert refused(api, token) == "token_invalid"
    for token in (second["refresh_token"], third["refresh_token"]):
        assert refreshed(api, token).code == "token_invalid"
    assert api.with_token(laptop.access_token).get("/me").status == 200
    (told,) = published.of(SessionRevoked)
    assert (told.user_id, told.session_id, told.reason) == (phone.user.id, phone.session_id, "refresh_reused")


def test_grace_is_for_the_token_just_replaced_and_no_older_one(api):
    first = sign_up()
    second = refreshed(api, first.refresh_token).json
    assert refreshed(api, first.refresh_token).code == "refresh_in_progress"
    refreshed(api, second["refresh_token"])
    assert refreshed(api, first.refresh_token).code == "token_reused"


@pytest.mark.in_process
def test_twenty_rounds_of_eight_parallel_requests_have_one_winner_each(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"write": "100000/m", "read": "100000/m"}
    tokens = sign_up()
    token = tokens.refresh_token
    with ThreadPoolExecutor(8) as people:
        for _ in range(ROUNDS):
            answers = list(people.map(lambda sent: refreshed(api, sent), [token] * 8))
            assert Counter(answer.status for answer in answers) == {200: 1, 409: 7}
            (won,) = [answer.json for answer in answers if answer.status == 200]
            assert api.with_token(won["access_token"]).get("/me").status == 200
            token = won["refresh_token"]
    session = AuthSession.objects.get()
    assert (session.rotations, session.revoked_at) == (ROUNDS, None)
    assert refreshed(api, token).status == 200


STEPS = st.lists(st.sampled_from(["newest", "previous", "older", "wait", "guess"]), min_size=1, max_size=12)


@pytest.mark.in_process
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_the_order_a_family_lives_as_long_as_nobody_has_an_old_token(clock, steps):
    """Against a model: the tokens in order, when the last was made, and whether the family lives."""
    family, made_at, lives = [sign_up().refresh_token], None, True
    for step in steps:
        if step == "wait":
            clock.advance(seconds=11)
            continue
        back = {"newest": 1, "previous": 2, "older": 3}.get(step)
        if back and len(family) < back:
            continue
        sent = family[-back] if back else f"{family[0].split('.')[0]}.{'A' * 43}"
        fresh_enough = made_at is not None and (now.now() - made_at).total_seconds() < 10
        expected = "TokenInvalid" if not lives else _expected(step, fresh_enough)
        try:
            family.append(actions.refresh(refresh_token=sent).refresh_token)
            made_at, outcome = now.now(), "won"
        except Exception as refusal:
            outcome = type(refusal).__name__
        assert outcome == expected, (steps, step)
        lives = lives and outcome != "TokenReused"


def _expected(step: str, fresh_enough: bool) -> str:
    if step == "newest":
        return "won"
    return "RefreshInProgress" if step == "previous" and fresh_enough else "TokenReused"
