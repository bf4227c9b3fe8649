"""identity's signing key is changed while people use payments, in another process: nobody notices."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kelmah.demo import PASSWORD, PEOPLE
from kelmah.http import remote_keys
from kelmah.secret_files import LOOK_EVERY
from tests.kernel.staff.pair import Pair

pytestmark = [pytest.mark.slow, pytest.mark.quiet, pytest.mark.timeout(180)]

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


def comes_to(wanted: int, payments: str, token: str) -> bool:
    """Whether the token is answered so in the end: a busy identity may miss a question, and is asked anew."""
    until = time.monotonic() + 60
    while status(payments, token) != wanted and time.monotonic() < until:
        let_payments_look_again(payments)
    return status(payments, token) == wanted


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
            time.sleep(remote_keys.FIRST_ASK_EVERY.total_seconds())  # payments may just have asked in vain
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
            assert comes_to(401, payments, old)
            assert status(payments, new[0]) == 200


class Visitor(threading.Thread):
    """Somebody who refreshes, looks at themselves and at their wallet, and again, without a pause."""

    def __init__(self, identity: str, payments: str, email: str) -> None:
        super().__init__()
        self.identity, self.payments = identity, payments
        self.statuses: Counter[int] = Counter()
        self.kids: list[str] = []
        self.rounds, self.over = 0, threading.Event()
        form = {"login": email, "password": PASSWORD}
        self.tokens = httpx.post(f"{identity}/api/v1/auth/login", json=form, timeout=20).json()

    def run(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self.over.is_set():
                before = self.tokens["access_token"]
                answer = client.post(
                    f"{self.identity}/api/v1/auth/refresh", json={"refresh_token": self.tokens["refresh_token"]}
                )
                self.statuses[answer.status_code] += 1
                self.tokens = answer.json()
                for token in (self.tokens["access_token"], before):
                    headers = {"Authorization": f"Bearer {token}"}
                    for address in (f"{self.identity}/api/v1/me", f"{self.payments}/api/v1/wallet"):
                        self.statuses[client.get(address, headers=headers).status_code] += 1
                self.kids.append(jwt.get_unverified_header(self.tokens["access_token"])["kid"])
                self.rounds += 1

    def goes_on(self) -> None:
        """Wait for two more rounds."""
        until, seen = time.monotonic() + 20, self.rounds
        while self.rounds < seen + 2:
            assert self.is_alive(), self.statuses
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_rotation_by_command_under_load_refuses_nobody(pair: Pair, tmp_path: Path) -> None:
    clock_file, keys = tmp_path / "clock", str(tmp_path / "jwt.pem")
    limits = "auth=100000/m,write=100000/m,read=100000/m"
    moving = {"KELMAH_CLOCK_FILE": str(clock_file)}
    told = moving | {"RATE_LIMITS": limits}
    passed = timedelta()

    def rotate(step: str) -> str:
        return pair.identity.manage("signing_keys", step, keys, **moving)

    def pass_time(minutes: int) -> None:
        """In leaps that leave a token that is in use alive."""
        nonlocal passed
        for leap in [4] * (minutes // 4) + [minutes % 4]:
            passed += timedelta(minutes=leap)
            draft = clock_file.with_suffix(".new")
            draft.write_text(str(passed.total_seconds()))
            draft.replace(clock_file)
            for visitor in visitors:
                visitor.goes_on()

    rotate("new")
    with pair.identity.runs(**told, JWT_SIGNING_KEY_FILE=keys) as identity, pair.payments.runs(**told) as payments:
        visitors = [Visitor(identity, payments, person.email) for person in PEOPLE[:3]]
        for visitor in visitors:
            visitor.start()
        try:
            for _ in range(2):
                for step, minutes in (("new", 11), ("promote", 31), ("drop", 1)):
                    rotate(step)
                    time.sleep(LOOK_EVERY + 0.2)
                    pass_time(minutes)
        finally:
            for visitor in visitors:
                visitor.over.set()
            for visitor in visitors:
                visitor.join(timeout=30)
        published = httpx.get(f"{identity}/.well-known/jwks.json").json()["keys"]
    for visitor in visitors:
        assert visitor.rounds > 30
        assert set(visitor.statuses) == {200}
        assert len(set(visitor.kids)) == 3  # each saw both rotations
        assert visitor.kids[-1] == published[0]["kid"]
    assert len(published) == 1


def test_a_key_that_signs_unannounced_is_found_within_seconds(pair: Pair) -> None:
    with pair.payments.runs() as payments:
        with pair.identity.runs() as identity:
            known = fresh_token(identity)
            time.sleep(remote_keys.FIRST_ASK_EVERY.total_seconds())  # payments may just have asked in vain
            assert status(payments, known) == 200
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
