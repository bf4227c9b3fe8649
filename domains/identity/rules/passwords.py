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
NOTHING_HASHED: Final = r"^!.{40}$"  # Django's: of those who only log in through a provider
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


def _is_common(password: str, names: frozenset[str]) -> bool:
    """At its core one or two common words, or hardly anything but names."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    words = _common_words() | names
    return any(
        _is_decoration_of_words(folded, reading, words) or _is_mostly_names(reading, names)
        for reading in _readings(folded)
    )


def _is_decoration_of_words(text: str, reading: str, words: frozenset[str]) -> bool:
    """Whether one or two words, each as often as you like, leave nothing of the reading but digits and symbols.

    Finds the words behind ``P4ssw0rd!!1234``, ``0$un$h1n3000`` and ``dragon-dragon-2026``.
    """
    # For each position: the words that may end there last, and how many different ones it took so far.
    reached: list[dict[str, int]] = [{"": 0}]
    for end in range(1, len(reading) + 1):
        here = {} if text[end - 1].isalpha() else dict(reached[-1])
        for start in range(max(0, end - _LONGEST_WORD), end):
            if reached[start] and (word := reading[start:end]) in words:
                count = min(count + (last != word) for last, count in reached[start].items())
                if count <= _TOO_FEW_WORDS:
                    here[word] = min(count, here.get(word, count))
        reached.append(here)
    return any(reached[-1].values())


def _is_mostly_names(text: str, names: frozenset[str]) -> bool:
    rest = text
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    return rest != text and sum(map(str.isalnum, rest)) < _OWN_SHARE


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
