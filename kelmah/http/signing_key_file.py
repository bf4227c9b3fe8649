"""The file of the private keys that sign tokens: changed by command while identity runs, and nobody is logged out.

Keys in PEM, one after another, each below a line ``# signs since 2026-11-21T07:30:00+00:00`` (or ``waits``, or
``retired``). All verify and all are published; the first signs. A key waits until every process that verifies tokens
has heard of it, and stays when it is retired until its last token has died.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from kelmah import clock
from kelmah.http.remote_keys import BELIEVE_FOR
from kelmah.secret_files import write_secret

State = Literal["signs", "waits", "retired"]

SPREAD: Final = timedelta(minutes=1)  # what a changed file takes to reach every process of identity
HEARD_AFTER: Final = BELIEVE_FOR + SPREAD  # by everybody who verifies tokens

_KEY = re.compile(
    r"(?:^# (?P<state>signs|waits|retired) since (?P<since>\S+)\n)?"
    r"(?P<pem>^-----BEGIN (?:EC )?PRIVATE KEY-----\n[^-]+-----END (?:EC )?PRIVATE KEY-----$)",
    re.MULTILINE,
)


class OutOfTurn(Exception):
    """This step does not follow the last one that was taken."""


class TooEarly(Exception):
    """Somebody would be logged out."""


@dataclass(frozen=True)
class KeptKey:
    """``since``: in this state; None in a file that somebody else wrote."""

    pem: str
    state: State
    since: datetime | None = None


def read(path: Path) -> list[KeptKey]:
    """The keys, the one that signs first. Raises OSError, and ValueError for a file without any."""
    found = [match.groupdict() for match in _KEY.finditer(path.read_text())]
    if not found:
        raise ValueError(f"{path} holds no private key in PEM")
    return [
        KeptKey(
            pem=each["pem"],
            state=cast(State, each["state"] or ("retired" if number else "signs")),
            since=datetime.fromisoformat(each["since"]) if each["since"] else None,
        )
        for number, each in enumerate(found)
    ]


def new(path: Path) -> None:
    """Make the file; or add a key to it, which is published from now on and signs nothing yet. Raises OutOfTurn."""
    known = read(path) if path.exists() else []
    if _in_state(known, "waits"):
        raise OutOfTurn("A key waits already: promote it.")
    _write(path, [*known, KeptKey(_fresh(), "waits" if known else "signs", clock.now())])


def promote(path: Path, *, now: bool = False) -> None:
    """Let the key that waits sign. ``now``: although tokens of it may be refused for some seconds.

    Raises OutOfTurn, TooEarly.
    """
    known = read(path)
    waiting = _in_state(known, "waits")
    if not waiting:
        raise OutOfTurn("No key waits: new makes one.")
    if not now:
        _check_age(waiting, HEARD_AFTER, "Not everybody may have heard of the new key")
    others = [replace(key, state="retired", since=clock.now()) if key.state == "signs" else key for key in known]
    fresh = [replace(key, state="signs", since=clock.now()) for key in waiting]
    _write(path, [*fresh, *(key for key in others if key.state == "retired")])


def drop(path: Path, *, now: bool = False) -> None:
    """Forget the keys that were retired. ``now``: although tokens of them may live, whose owners must refresh.

    Raises OutOfTurn, TooEarly.
    """
    known = read(path)
    retired = _in_state(known, "retired")
    if not retired:
        raise OutOfTurn("No key is retired: promote retires the one that signs.")
    if not now:
        _check_age(retired, last_token_dies_after(), "Tokens of the old key may live")
    _write(path, [key for key in known if key.state != "retired"])


def last_token_dies_after() -> timedelta:
    """How long a key stays when it has signed for the last time."""
    return timedelta(seconds=max(settings.ACCESS_TOKEN_SECONDS, settings.IMPERSONATION_SECONDS)) + SPREAD


# Private functions


def _in_state(keys: Sequence[KeptKey], state: State) -> list[KeptKey]:
    return [key for key in keys if key.state == state]


def _check_age(keys: Sequence[KeptKey], least: timedelta, why_not: str) -> None:
    # Of a key without a date nobody knows: it was put there by hand, at a time of somebody's choice.
    left = max((least - (clock.now() - key.since) for key in keys if key.since), default=timedelta())
    if left > timedelta():
        raise TooEarly(f"{why_not}: wait {left.total_seconds():.0f} s, or say --now.")


def _write(path: Path, keys: Sequence[KeptKey]) -> None:
    blocks = [f"# {key.state} since {(key.since or clock.now()).isoformat()}\n{key.pem}\n" for key in keys]
    write_secret(path, "".join(blocks))


def _fresh() -> str:
    key = ec.generate_private_key(ec.SECP256R1())  # ES256
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()
