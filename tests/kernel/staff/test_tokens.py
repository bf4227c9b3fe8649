"""What a desk believes: a token for it, for this browser, for a minute, once."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kelmah import clock
from kelmah.errors import Unavailable
from kelmah.http.authentication import read_access_token
from kelmah.http.errors import TokenExpired, TokenInvalid
from kelmah.http.keys import public_ring, sign_access_token, sign_token
from kelmah.staff.member import StaffMember
from kelmah.staff.tokens import AlreadyUsed, AnotherBrowser, mark_of, read_once, vouch
from tests.kernel.staff.browser import efua

SECRET = "of-one-browser"
PAGE = "/admin/payments/escrow/"


def token_for(member: StaffMember | None = None, *, domain: str = "payments") -> str:
    return vouch(member or efua(), domain=domain, mark=mark_of(SECRET), address=PAGE)


def read(token: str, *, domain: str = "payments", secret: str = SECRET) -> Any:
    return read_once(token, domain=domain, secret=secret)


def test_it_says_who_is_there_until_when_and_where_they_wanted_to_go(settings: Any) -> None:
    member = efua(roles=frozenset({"staff", "finance"}), has_all_rights=False)
    vouched = read(token_for(member))
    assert (vouched.member, vouched.address) == (member, PAGE)
    left = vouched.until - clock.now()
    assert timedelta(seconds=settings.ACCESS_TOKEN_SECONDS - 2) < left <= timedelta(minutes=15)


def test_it_opens_once() -> None:
    token = token_for()
    read(token)
    with pytest.raises(AlreadyUsed):
        read(token)


def test_it_opens_nothing_in_another_browser_and_is_not_spent_by_the_try() -> None:
    token = token_for()
    for secret in ("", "of-another-browser", mark_of(SECRET)):
        with pytest.raises(AnotherBrowser):
            read(token, secret=secret)
    assert read(token)


def test_it_opens_one_desk() -> None:
    with pytest.raises(TokenInvalid):
        read(token_for(domain="contracts"))


def test_it_is_good_for_a_minute() -> None:
    token = token_for()
    clock.advance(seconds=66)
    with pytest.raises(TokenExpired):
        read(token)


def test_it_is_no_access_token_and_an_access_token_is_none() -> None:
    with pytest.raises(TokenInvalid):
        read_access_token(token_for())
    claims = {**efua().as_claims(), "mark": mark_of(SECRET), "address": PAGE, "auth_time": 0}
    for wrong in (
        sign_access_token(claims),
        sign_token(claims, kind="access", audience="kelmah-desk:payments", lifetime=timedelta(minutes=1)),
        sign_token(claims, kind="staff", audience="kelmah-api", lifetime=timedelta(minutes=1)),
    ):
        with pytest.raises(TokenInvalid):
            read(wrong)
    for_the_api = sign_token(claims, kind="staff", audience="kelmah-api", lifetime=timedelta(minutes=1))
    with pytest.raises(TokenInvalid):
        read_access_token(for_the_api)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 50, "." * 2])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        read(token)


def test_a_key_of_somebody_else_is_refused() -> None:
    claims = jwt.decode(token_for(), options={"verify_signature": False})
    stranger, ours = ec.generate_private_key(ec.SECP256R1()), public_ring()[0]["kid"]
    with pytest.raises(TokenInvalid):
        read(jwt.encode(claims, stranger, algorithm="ES256", headers={"kid": ours}))


@pytest.mark.parametrize("missing", ["sub", "sid", "jti", "iat", "exp", "name", "all", "mark", "address", "roles"])
def test_what_lacks_something_is_refused(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {**efua().as_claims(), "mark": mark_of(SECRET), "address": PAGE}
    claims = {name: value for name, value in whole.items() if name != missing}
    if missing in ("jti", "iat", "exp"):
        claims[missing] = None
    with pytest.raises(TokenInvalid):
        read(sign_token(claims, kind="staff", audience="kelmah-desk:payments", lifetime=timedelta(minutes=1)))


def test_without_a_memory_of_what_was_used_nobody_enters(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(Unavailable):
        read(token_for())


@pytest.mark.parametrize("all_rights", [1, "yes", None, [True]])
def test_all_rights_are_said_and_not_guessed(all_rights: Any) -> None:
    assert not StaffMember.from_claims({**efua().as_claims(), "all": all_rights}).has_all_rights
