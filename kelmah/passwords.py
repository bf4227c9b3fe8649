"""Password hashing: Argon2id with the parameters OWASP recommends (19 MiB, two passes, one lane)."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from kelmah.errors import Unavailable
from kelmah.hashing import HasherLost, Hashers

_apart: list[Hashers] = []


class Argon2id(Argon2PasswordHasher):
    """About 20 ms of CPU per check; Django's default parameters cost ten times that, and a login storm the service."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        if not _apart:
            return super().encode(password, salt)
        costs = {name: getattr(self.params(), name) for name in ("time_cost", "memory_cost", "parallelism", "hash_len")}
        return "argon2" + str(_ask(do="hash", password=password, salt=salt, **costs))

    def verify(self, password: str, encoded: str) -> bool:
        if not _apart:
            return super().verify(password, encoded)
        return bool(_ask(do="verify", password=password, hash=encoded.removeprefix("argon2")))


def hash_apart() -> None:
    """From now on processes of low priority hash for this one, which serves requests.

    ``encode`` and ``verify`` may then raise Unavailable.
    """
    _apart[:] = [Hashers(settings.PASSWORD_HASHES_AT_ONCE)]


def _ask(**order: Any) -> Any:
    try:
        return _apart[0].do(order)
    except HasherLost:
        raise Unavailable("Passwords can't be checked now.", data={"retry_after": 5}) from None
