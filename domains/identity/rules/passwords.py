"""Which passwords are good enough (NIST SP 800-63B-4; OWASP ASVS 5, 6.2).

Length and guessability, no composition rules. Lists of common passwords hold hardly any of twelve characters, so the
core is looked at: what is left without decoration, repetition and leetspeak.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from zxcvbn import zxcvbn

from kelmah.errors import FieldError, InvalidInput

SHORTEST: Final = {"worker": 12, "hirer": 12, "staff": 15}
LONGEST: Final = 128
NEEDED_SCORE: Final = 3  # zxcvbn: safely unguessable needs more than 10^8 guesses

_LEET = str.maketrans("013457@$!|", "oieastasii")
_COMMON_CORES: Final = frozenset(
    """
    password passwort motdepasse qwerty qwertz azerty asdf asdfgh zxcvbn letmein welcome iloveyou admin administrator
    login secret dragon monkey master football baseball superman batman sunshine princess shadow trustno changeme
    kelmah ghana accra kumasi akwaaba carpenter plumber electrician abc abcd abcdef test demo user guest
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def check_password_strength(password: str, *, role: str, context: Iterable[str]) -> str:
    """The password as it is hashed (NFC), if it is good enough. Raises InvalidInput with what to do.

    ``context``: what an attacker knows: e-mail, phone, name.
    """
    plain = unicodedata.normalize("NFC", password)
    shortest = SHORTEST[role]
    if len(plain) < shortest:
        raise _refused("too_short", f"Use at least {shortest} characters: four random words are easy to remember.")
    if len(plain) > LONGEST:
        raise _refused("too_long", f"Use at most {LONGEST} characters.")
    words = {part for text in context for part in re.split(r"[^\w]+", text.lower()) if len(part) > 3}
    if _core(plain) in _COMMON_CORES | words or len(set(plain)) < 5:
        raise _refused("too_common", "This is a common password with decoration. Use several unrelated words.")
    verdict = zxcvbn(plain[:72], user_inputs=sorted(words))  # its effort grows with the square of the length
    if verdict["score"] < NEEDED_SCORE:
        hint = verdict["feedback"]["warning"] or "It would be guessed soon."
        raise _refused("too_weak", f"{hint.rstrip('.')}. Use several unrelated words.")
    return plain


def _core(password: str) -> str:
    """The word behind ``P4ssw0rd!!1234`` or ``passwordpassword``."""
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password.lower()).translate(_LEET)
    bare = re.sub(r"[\W_]+", "", bare)
    for length in range(1, len(bare) // 2 + 1):
        if len(bare) % length == 0 and bare[:length] * (len(bare) // length) == bare:
            return bare[:length]
    return bare


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("/password", code, detail)])
