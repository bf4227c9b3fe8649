"""Codes of authenticator apps, recovery codes, and what counts as a second factor."""

import re
from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.identity.rules import factors, recovery_codes, totp
from kelmah.errors import InvalidInput
from kelmah.ids import new_id

SECRET = b32encode(b"12345678901234567890").decode()  # of RFC 6238, appendix B
NOW = datetime(2026, 11, 20, 9, 0, 10, tzinfo=UTC)


def code_at(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds, code):
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(code, secret=SECRET, now=now, after=None) == seconds // 30


@pytest.mark.parametrize(("off", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_one_step_off(off, good):
    step = totp.step_at(NOW) + off
    assert totp.step_of(code_at(step), secret=SECRET, now=NOW, after=None) == (step if good else None)


def test_no_step_counts_that_is_not_later_than_the_last():
    step = totp.step_at(NOW)
    for before in (step - 1, step):
        assert totp.step_of(code_at(before), secret=SECRET, now=NOW, after=step) is None
    assert totp.step_of(code_at(step + 1), secret=SECRET, now=NOW, after=step) == step + 1


@given(st.integers(0, 10_000), st.integers(-100, 100))
def test_within_the_tolerance_and_nowhere_else(seconds, apart):
    now = NOW + timedelta(seconds=seconds)
    step = totp.step_at(now) + apart
    found = totp.step_of(code_at(step), secret=SECRET, now=now, after=None)
    if abs(apart) <= totp.TOLERANCE:
        assert found is not None
    elif found is not None:  # another step with the same code, once in a million
        assert code_at(found) == code_at(step)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12345６", "٠١٢٣٤٥", "-12345", "1e5000", "0x1234"])
def test_a_code_is_six_digits(typed):
    assert totp.step_of(typed, secret=SECRET, now=NOW, after=None) is None


def test_a_code_may_be_typed_with_spaces():
    code = code_at(totp.step_at(NOW))
    assert totp.step_of(f" {code[:3]} {code[3:]} ", secret=SECRET, now=NOW, after=None)


def test_the_qr_code_names_account_and_issuer():
    uri = totp.uri_of(SECRET, account="ama+1@example.com")
    assert uri.startswith("otpauth://totp/Kelmah:ama%2B1%40example.com?")
    assert f"secret={SECRET}" in uri
    assert "issuer=Kelmah" in uri


def test_secrets_have_160_bits_and_differ():
    made = {totp.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in made)


def test_recovery_codes_are_ten_that_differ_and_can_be_read():
    codes = recovery_codes.new_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", code) for code in codes)


@pytest.mark.parametrize(
    "typed", ["7K2M-X0QD-9PZT-4HBV", "7k2mx0qd9pzt4hbv", " 7k2m x0qd 9pzt 4hbv", "7k2m-xoqd-9pzt-4hbv"]
)
def test_recovery_codes_are_the_same_however_they_are_typed(typed):
    who = new_id()
    assert recovery_codes.hash_of(typed, user_id=who) == recovery_codes.hash_of("7k2m-x0qd-9pzt-4hbv", user_id=who)


def test_the_same_code_of_another_person_has_another_hash():
    code = recovery_codes.new_codes()[0]
    assert recovery_codes.hash_of(code, user_id=new_id()) != recovery_codes.hash_of(code, user_id=new_id())


@pytest.mark.parametrize(
    ("amr", "strong"),
    [
        (["pwd"], False),
        ([], False),
        (["social"], False),
        (["pwd", "otp"], True),
        (["pwd", "recovery"], True),
        (["hwk"], True),
        (["swk"], True),
    ],
)
def test_what_counts_as_a_second_factor(amr, strong):
    assert factors.is_strong(amr) is strong


def test_a_method_shown_twice_is_named_once():
    assert factors.methods(["pwd", "otp"], "otp") == ["pwd", "otp"]


def test_a_factor_without_a_name_gets_a_plain_one():
    assert factors.clean_name("  ", "totp") == "Authenticator app"
    assert factors.clean_name(" My   phone ", "passkey") == "My phone"
    with pytest.raises(InvalidInput):
        factors.clean_name("x" * 61, "totp")


def test_a_proof_is_never_printed():
    assert "492039" not in repr(factors.Proof(kind="totp", value="492039"))
