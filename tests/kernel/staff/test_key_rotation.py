"""identity's signing key is changed while people use payments, in another process: nobody notices."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kelmah.demo import PASSWORD, PEOPLE
from kelmah.http import remote_keys
from tests.kernel.staff.pair import Pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

PAUSE = remote_keys.ASK_AT_MOST_EVERY.total_seconds()
UNKNOWN = jwt.encode({}, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "n" * 43})


@pytest.fixture(scope="module", autouse=True)
def _people(pair: Pair) -> None:
    pair.identity.manage("load_demo")


def fresh_token(identity: str) -> str:
    """Of somebody who logs in just now."""
    form = {"login": PEOPLE[0].email, "password": PASSWORD}
    answer = httpx.post(f"{identity}/api/v1/auth/login", json=form, timeout=20)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def status(payments: str, token: str) -> int:
    answer = httpx.get(f"{payments}/api/v1/wallet", headers={"Authorization": f"Bearer {token}"}, timeout=20)
    return answer.status_code


def let_payments_look_again(payments: str) -> None:
    """As it does by itself every ten minutes: a key it has not heard of makes it ask."""
    time.sleep(PAUSE + 0.2)
    assert status(payments, UNKNOWN) == 401


@contextmanager
def load(payments: str, token: str) -> Iterator[list[int]]:
    """The statuses of somebody who asks without a pause."""
    seen, over = list[int](), threading.Event()

    def ask() -> None:
        while not over.is_set():
            seen.append(status(payments, token))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(timeout=30)


def test_a_key_published_before_it_signs_is_never_missed(pair: Pair) -> None:
    first, second = pair.key_file("first"), pair.key_file("second")
    with pair.payments.runs() as payments:
        with pair.identity.runs() as identity:
            old = fresh_token(identity)
            assert status(payments, old) == 200
        with load(payments, old) as seen:
            with pair.identity.runs(JWT_SIGNING_KEY_FILE=f"{first},{second}") as identity:
                published = httpx.get(f"{identity}/.well-known/jwks.json").json()["keys"]
                assert len(published) == 2
                let_payments_look_again(payments)
            with pair.identity.runs(JWT_SIGNING_KEY_FILE=f"{second},{first}") as identity:
                new = [fresh_token(identity) for _ in range(3)]
            # identity is down now, and both keys are known.
            assert [status(payments, token) for token in (*new, old)] == [200] * 4
        assert len(seen) > 50
        assert set(seen) == {200}
        with pair.identity.runs(JWT_SIGNING_KEY_FILE=second):
            let_payments_look_again(payments)
            assert status(payments, old) == 401
            assert status(payments, new[0]) == 200


def test_a_key_that_signs_unannounced_is_found_within_seconds(pair: Pair) -> None:
    with pair.payments.runs() as payments:
        with pair.identity.runs() as identity:
            assert status(payments, fresh_token(identity)) == 200
        with pair.identity.runs(JWT_SIGNING_KEY_FILE=pair.key_file("third")) as identity:
            surprise = fresh_token(identity)
            until = time.monotonic() + PAUSE + 2
            while status(payments, surprise) != 200:
                assert time.monotonic() < until
                time.sleep(0.2)


def test_payments_that_started_before_identity_waits_a_second_for_it_and_no_longer(pair: Pair) -> None:
    with pair.identity.runs() as identity:
        token = fresh_token(identity)
    with pair.payments.runs() as payments:
        assert status(payments, token) == 503
        with pair.identity.runs():
            time.sleep(remote_keys.FIRST_ASK_EVERY.total_seconds())
            assert status(payments, token) == 200
