"""Skills that profiles may name."""

from collections.abc import Collection, Sequence

from django.db import connections

from domains.identity.models import Skill

ALIKE = 0.4  # of trigrams: one wrong letter in a word of six


def skills_named(ids: Collection[str]) -> dict[str, Skill]:
    """These skills by id, retired ones too; unknown ids are left out."""
    return {skill.id: skill for skill in Skill.objects.filter(id__in=ids)}


def spelled(words: Sequence[str]) -> list[str]:
    """The words, each that no skill is called by, and no worker has either, replaced by the most similar one of skills;
    those that resemble none stay as they are."""
    with connections["identity"].cursor() as cursor:
        cursor.execute(_LIKE, {"words": list(words), "alike": ALIKE})
        meant = dict(cursor.fetchall())
        for word in meant:
            cursor.execute(_HELD, [f"'{word}'"])
            if cursor.fetchone() is not None:
                meant[word] = word
    return list(dict.fromkeys(meant.get(word, word) for word in words))


# Private functions


# Without words of three letters: nearly everything resembles them.
_LIKE = """
    SELECT asked.word, near.word
    FROM unnest(%(words)s::text[]) AS asked (word) CROSS JOIN LATERAL (
        SELECT known.word, similarity(known.word, asked.word) AS alike
        FROM identity_skillword AS known WHERE known.word %% asked.word
        ORDER BY alike DESC, known.word LIMIT 1) AS near
    WHERE length(asked.word) > 3 AND near.alike >= %(alike)s AND NOT EXISTS (
        SELECT FROM identity_skillword AS known
        WHERE known.stem = coalesce((ts_lexize('english_stem', asked.word))[1], asked.word))
"""
# The word as a literal, so that the planner knows that it is rare.
_HELD = "SELECT 1 FROM identity_workercard WHERE search @@ to_tsquery('english', %s) LIMIT 1"
