"""Who calls: HMAC-SHA256 over method, path, caller, time, nonce, travelling headers and body, with a key per caller.

A captured call can't be replayed: its nonce is remembered for as long as its time is acceptable. Keys are those of
``settings.INTERNAL_RPC_KEYS_FILE`` (see ``key_files``), and without one derived from ``settings.INTERNAL_RPC_KEY``; of
each list the first signs and all verify.
"""

import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from os import getpid
from threading import get_ident

import redis
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from redis.backoff import NoBackoff
from redis.retry import Retry

from kelmah.rpc.errors import BadSignature, BodyTooLarge, NotPosted, ReplayGuardDown
from kelmah.rpc.key_files import key_file

WINDOW = 60  # seconds, by the clocks on the wall: business time stands aside
PROOF = "Kelmah-Proof"  # caller, time, nonce and signature
TRAVELLING = ("Kelmah-Deadline", "Kelmah-Rehearsal")


def sign(*, path: str, body: bytes, caller: str, travelling: Mapping[str, str]) -> dict[str, str]:
    """The headers of one attempt; an attempt more needs a signature more. Raises LookupError without a key."""
    keys = _keys_of(caller)
    if not keys:
        raise LookupError(f"this process has no key of {caller!r}: set INTERNAL_RPC_KEYS_FILE or INTERNAL_RPC_KEY")
    stamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = _text("POST", path, caller, stamp, nonce, travelling, body)
    # One header for all of it: each costs both sides more than its few bytes.
    return {**travelling, PROOF: " ".join((caller, stamp, nonce, _mac(keys[0], text)))}


def verify(request: HttpRequest) -> str:
    """The caller, proven: first of all, so that nobody unproven learns what is served here.

    Raises NotPosted, BadSignature, BodyTooLarge, and ReplayGuardDown when nonces can't be checked.
    """
    if request.method != "POST":
        raise NotPosted
    proof = request.headers.get(PROOF, "").split(" ")
    if len(proof) != 4:
        raise BadSignature
    caller, stamp, nonce, signature = proof
    try:
        text = _text("POST", request.path_info, caller, stamp, nonce, request.headers, request.body)
    except RequestDataTooBig as error:
        raise BodyTooLarge from error
    if not any(hmac.compare_digest(_mac(key, text).encode(), signature.encode()) for key in _keys_of(caller)):
        raise BadSignature
    # Only now: a stranger must not fill the memory of nonces.
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > WINDOW:
        raise BadSignature("The call is too old, or clocks differ by more than a minute.")
    _remember(caller, nonce)
    return caller


def _keys_of(caller: str) -> Sequence[str]:
    if settings.INTERNAL_RPC_KEYS_FILE:
        return key_file(settings.INTERNAL_RPC_KEYS_FILE).keys_of(caller)
    # A stray comma in the environment must not open the door.
    return [_derived(master, caller) for master in settings.INTERNAL_RPC_KEY if master]


@lru_cache(maxsize=256)
def _derived(master: str, caller: str) -> str:
    return _mac(master, caller.encode())


def _text(
    verb: str, path: str, caller: str, stamp: str, nonce: str, travelling: Mapping[str, str], body: bytes
) -> bytes:
    carried = (f"{name}={travelling.get(name, '')}" for name in TRAVELLING)
    return "\n".join((verb, path, caller, stamp, nonce, *carried, sha256(body).hexdigest())).encode()


def _mac(key: str, text: bytes) -> str:
    return hmac.digest(key.encode(), text, "sha256").hex()


def _remember(caller: str, nonce: str) -> None:
    try:
        # A stamp may lie a window ahead, so it stays acceptable for two.
        fresh = _memory(settings.REDIS_URL, getpid(), get_ident()).set(
            f"rpc:nonce:{caller}:{nonce}", 1, nx=True, ex=2 * WINDOW + 1
        )
    except redis.RedisError as error:
        raise ReplayGuardDown from error
    if not fresh:
        raise BadSignature("This call was already made.")


@lru_cache(maxsize=256)
def _memory(url: str, process: int, thread: int) -> redis.Redis:
    """A connection for each thread: the pool's own checks cost as much as the question. Never a forked parent's."""
    # One that was cut meanwhile, by a restart or for idleness, is made anew. Not after a time-out: the first attempt
    # may have been remembered, and the second would be taken for a replay.
    again = Retry(NoBackoff(), retries=1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(
        url, socket_timeout=0.5, socket_connect_timeout=0.5, single_connection_client=True, retry=again
    )
