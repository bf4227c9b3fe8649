"""What every vendor can do."""

from dataclasses import dataclass
from typing import ClassVar, Protocol
from uuid import UUID

from domains.identity.rules.papers import Paper


class NoAnswerYet(Exception):
    """The vendor is still looking, or can't be reached: ask again later, with the same submission."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A document to be looked at. Its pictures are had from files (``reading_link``), for ``owner_id``."""

    document_id: UUID
    owner_id: UUID
    paper: Paper


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``findings`` are names of ``rules.papers.FINDINGS``; none: the document is what it says. A vendor never rejects:
    what it has found, people look at."""

    findings: tuple[str, ...] = ()
    reference: str = ""


class Vendor(Protocol):
    """An adapter. ``name`` is kept with what it looked at."""

    name: ClassVar[str]

    def examine(self, submission: Submission) -> Verdict:
        """Asked twice about one document it answers about the same examination. Raises NoAnswerYet."""
        ...
