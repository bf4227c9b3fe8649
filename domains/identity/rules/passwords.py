"""Which passwords are good enough (NIST SP 800-63B-4; OWASP ASVS 5, 6.2).

Length and guessability, no composition rules. Of thirty thousand common passwords hardly two hundred have twelve
characters, so what is looked up is the core: the password without decoration, repetition and leetspeak.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from zxcvbn import matching
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.scoring import most_guessable_match_sequence
from zxcvbn.time_estimates import guesses_to_score

from kelmah.errors import FieldError, InvalidInput

SHORTEST: Final = {"worker": 12, "hirer": 12, "staff": 15}
LONGEST: Final = 128
HASHED: Final = r"^argon2\$argon2id\$"
NEEDED_SCORE: Final = 3  # zxcvbn: more than 10^8 guesses

_LEET: Final = tuple(str.maketrans("0134578@$!|+", letters) for letters in ("oieastbasiit", "oleastbasllt"))
_OWN_WORDS: Final = frozenset({"kelmah", "ghana", "accra", "kumasi", "akwaaba"})
_SHORTEST_WORD: Final = 4
_SHORTEST_NAME: Final = 3
_LONGEST_WORD: Final = 24
_TOO_FEW_WORDS: Final = 2
_OWN_SHARE: Final = 6  # letters and digits besides names
_LOOKED_AT: Final = 40  # characters that zxcvbn sees: its effort grows with the square of the length
# Without l33t_match, which tries all combinations of readings: two seconds for a password made of symbols. Instead the
# password is looked at once more in each plain reading.
_MATCHERS: Final = (
    matching.dictionary_match,
    matching.reverse_dictionary_match,
    matching.spatial_match,
    matching.repeat_match,
    matching.sequence_match,
    matching.regex_match,
    matching.date_match,
)


def normal_password(password: str) -> str:
    """The password as it is hashed: NFC, so that two keyboards give the same; otherwise exactly as typed."""
    return unicodedata.normalize("NFC", password)


def check_password_strength(password: str, *, role: str, context: Iterable[str]) -> str:
    """The password as it is hashed, if it is good enough. Raises InvalidInput with what to do.

    ``context``: what an attacker knows: e-mail, phone, name.
    """
    plain = normal_password(password)
    if len(plain) < SHORTEST[role]:
        raise _refused("too_short", f"Use at least {SHORTEST[role]} characters: four random words are easy to keep.")
    if len(plain) > LONGEST:
        raise _refused("too_long", f"Use at most {LONGEST} characters.")
    names = _names(context)
    if _is_common(plain, names):
        raise _refused("too_common", "This is a common password or your own name with decoration. Use unrelated words.")
    if min(_score(reading, names) for reading in _readings(plain[:_LOOKED_AT])) < NEEDED_SCORE:
        raise _refused("too_weak", "This would be guessed soon. Use several unrelated words.")
    return plain


# Private functions


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("/password", code, detail)])


def _names(context: Iterable[str]) -> frozenset[str]:
    """The words, and runs of digits, that somebody who knows the person would try."""
    parts = {part for text in context for part in re.split(r"[\W_]+", text.casefold())}
    letters = {"".join(filter(str.isalpha, part)) for part in parts}
    digits = {"".join(filter(str.isdigit, text)) for text in context}
    numbers = digits | {number[-9:] for number in digits}  # with and without a country code
    return frozenset(part for part in parts | letters | numbers if len(part) >= _SHORTEST_NAME) | _OWN_WORDS


def _readings(password: str) -> Iterator[str]:
    yield password
    yield from {password.translate(leet) for leet in _LEET} - {password}


def _cores(password: str) -> Iterator[str]:
    """The words behind ``P4ssw0rd!!1234``, ``$unshine2026`` or ``dragondragon``: letters only."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    bare_end = re.sub(r"[\W\d_]+$", "", folded)
    for text in (folded, bare_end, re.sub(r"^[\W\d_]+", "", folded), re.sub(r"^[\W\d_]+", "", bare_end)):
        for reading in _readings(text):
            yield _without_repetition("".join(filter(str.isalpha, reading)))


def _without_repetition(text: str) -> str:
    """The shortest text that ``text`` is a repetition of."""
    period = (text + text).find(text, 1)
    return text[:period] if 0 < period < len(text) else text


def _is_common(password: str, names: frozenset[str]) -> bool:
    """At its core one or two common words, or hardly anything but names."""
    words = _common_words() | names
    counts = (_fewest_words(core, words) for core in set(_cores(password)))
    if any(count is not None and count <= _TOO_FEW_WORDS for count in counts):
        return True
    return any(_is_mostly_names(reading, names) for reading in _readings(password.casefold()))


def _is_mostly_names(text: str, names: frozenset[str]) -> bool:
    rest = text
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    return rest != text and sum(map(str.isalnum, rest)) < _OWN_SHARE


def _fewest_words(core: str, words: frozenset[str]) -> int | None:
    """How many of the words it takes to write the core; None when it can't be written with them."""
    fewest: list[int | None] = [0] + [None] * len(core)
    for end in range(1, len(core) + 1):
        reached = (
            count + 1
            for start, count in enumerate(fewest[:end])
            if count is not None and end - start <= _LONGEST_WORD and core[start:end] in words
        )
        fewest[end] = min(reached, default=None)
    return fewest[-1] if core else None


@cache
def _common_words() -> frozenset[str]:
    bare = ("".join(filter(str.isalpha, word)) for word in FREQUENCY_LISTS["passwords"])
    return frozenset(word for word in bare if len(word) >= _SHORTEST_WORD)


def _score(password: str, names: frozenset[str]) -> int:
    """zxcvbn's 0 to 4. Its own entry point keeps the names in a global, where parallel requests would mix them up."""
    dictionaries = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(sorted(names))}
    found = [match for matcher in _MATCHERS for match in matcher(password, _ranked_dictionaries=dictionaries)]
    found.sort(key=lambda match: (match["i"], match["j"]))
    score: int = guesses_to_score(most_guessable_match_sequence(password, found)["guesses"])
    return score
