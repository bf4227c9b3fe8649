"""Passwords are hashed by processes of their own, and by nobody's but ours."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from django.contrib.auth.hashers import check_password, make_password

from kelmah import passwords
from kelmah.errors import Unavailable
from kelmah.hashing import NICENESS, HasherLost, Hashers

PASSWORD = "seven cedis for kenkey"
COSTS = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1, "hash_len": 32}


@pytest.fixture
def hashers():
    pool = Hashers(1)
    yield pool
    pool.stop()


@pytest.fixture
def apart():
    """As in a process that serves requests."""
    passwords.hash_apart()
    yield passwords._apart[0]
    passwords._apart.pop().stop()


def hashed(pool, password=PASSWORD):
    return pool.do({"do": "hash", "password": password, "salt": "0123456789abcdef", **COSTS})


def child():
    [found] = [each for each in psutil.Process().children() if "kelmah.hashing" in each.cmdline()]
    return found


def test_what_is_hashed_apart_is_what_django_would_have_hashed(settings, apart):
    settings.PASSWORD_HASHERS = ["kelmah.passwords.Argon2id"]
    for password in (PASSWORD, "ɛkɔɔ \U0001f511 \n{}\"'"):
        stored = make_password(password, salt="0123456789abcdef")
        assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert check_password(password, stored)
        assert not check_password(f"{password}!", stored)
        passwords._apart.remove(apart)
        assert stored == make_password(password, salt="0123456789abcdef")
        assert check_password(password, stored)
        passwords._apart.append(apart)


def test_a_stored_text_that_is_no_hash_is_no_password(hashers):
    assert hashers.do({"do": "verify", "password": PASSWORD, "hash": "$argon2id$nonsense"}) is False


def test_the_process_yields_to_others_and_sees_no_password_in_its_arguments(hashers):
    hashed(hashers)
    assert child().nice() == min(19, psutil.Process().nice() + NICENESS)
    assert PASSWORD not in " ".join(child().cmdline())


def test_one_that_died_is_replaced(hashers):
    first = hashed(hashers)
    dead = child()
    dead.kill()
    dead.wait(5)
    assert hashed(hashers) == first
    assert child().pid != dead.pid


def test_one_that_dies_at_work_is_replaced_once(hashers):
    first = hashed(hashers)
    child().send_signal(signal.SIGSTOP)
    threading.Timer(0.2, child().kill).start()
    assert hashed(hashers) == first


def test_when_none_can_live_people_are_told_to_come_again(apart, settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["kelmah.passwords.Argon2id"]
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(HasherLost):
        hashed(apart)
    with pytest.raises(Unavailable):
        make_password(PASSWORD)


def test_ctrl_c_is_for_whoever_asks(hashers):
    hashed(hashers)
    process = child()
    process.send_signal(signal.SIGINT)
    hashed(hashers)
    assert child().pid == process.pid


def test_no_more_at_once_than_there_are_processes():
    pool = Hashers(2)
    threads = [threading.Thread(target=hashed, args=(pool,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len([each for each in psutil.Process().children() if "kelmah.hashing" in each.cmdline()]) == 2
    pool.stop()


def test_it_ends_when_whoever_asked_is_killed():
    code = (
        "import time; from tests.kernel.test_hashing import hashed; from kelmah.hashing import Hashers;"
        "pool = Hashers(1); hashed(pool); print('ready', flush=True); time.sleep(60)"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as asker:
        assert asker.stdout
        assert asker.stdout.readline() == "ready\n"
        [process] = psutil.Process(asker.pid).children()
        asker.kill()
    deadline = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
