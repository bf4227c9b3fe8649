"""How a search for jobs is put together: words and weights."""

import re
from dataclasses import dataclass
from typing import Final

MAX_WORDS: Final = 12
MAX_WORD_LENGTH: Final = 40
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Ranking:
    """What a match is worth. Changing a weight makes a new version; cursors of an old one end.

    ``letters`` are the weights of description (C), skills (B) and title (A) after the unused D; ``title_any`` and
    ``title_all`` are added when one or every asked word is in the title, ``freshness`` for a job published this moment,
    halving every ``half_life_days``. Only the newest ``candidates`` matches are scored: ranking, not matching, is what
    a search costs.
    """

    version: int
    letters: tuple[float, float, float, float]
    title_any: float
    title_all: float
    freshness: float
    half_life_days: int
    candidates: int


RANKING: Final = Ranking(
    version=1,
    letters=(0.05, 0.15, 0.5, 1.0),
    title_any=0.1,
    title_all=0.4,
    freshness=0.1,
    half_life_days=7,
    candidates=2000,
)


def search_words(text: str) -> list[str]:
    """The words of a query, each once, lower-cased: letters and digits only, so that no operator gets through."""
    found = (word[:MAX_WORD_LENGTH] for word in _WORD.findall(text.lower()))
    return list(dict.fromkeys(found))[:MAX_WORDS]
