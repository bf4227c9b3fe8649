"""What all ways of deciding about a document have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.utils.translation import gettext, override

from domains.identity import queries
from domains.identity.actions.ladder import settle_level
from domains.identity.actions.notices import tell
from domains.identity.models import Deadline, Document, DocumentStep, Profile
from domains.identity.queries import papers as found
from domains.identity.rules import papers as rules
from kelmah import clock, crypto, deadlines
from kelmah.db import atomic

REFER, EXPIRE, REMIND = "refer_document", "expire_document", "remind_of_document"


@contextmanager
def locked(document_id: UUID) -> Iterator[tuple[Document, Profile]]:
    """The document and its owner's profile, in one transaction. The profile is locked first: so does everybody who
    changes what a level depends on. Raises NotFound."""
    with atomic("identity"):
        profile = queries.lock_profile(found.owner_of(document_id))
        yield found.lock_document(document_id), profile


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """Who does it, why, and what they note for other staff. Nobody: the clock, the vendor or the system."""

    by: UUID | None = None
    reason: str = ""
    note: str = field(default="", repr=False)


NOBODY = Ruling()


def note_step(document: Document, what: str, *, ruling: Ruling = NOBODY) -> None:
    """Keep what was done, and by whom."""
    step = DocumentStep.objects.create(
        document=document,
        user_id=document.user_id,
        at=clock.now(),
        what=what,
        by_id=ruling.by,
        reason=ruling.reason,
    )
    if ruling.note:
        place = f"{found.NOTE}:{step.id}"
        step.note = crypto.seal("identity", subject=document.user_id, place=place, data=ruling.note.encode())
        step.save(update_fields=["note"])


def take_step(document: Document, what: str, *, ruling: Ruling = NOBODY, fields: tuple[str, ...] = ()) -> None:
    """Move the document, locked by the caller, to the state that follows, and write down ``fields``, too.

    Whoever had claimed it has it no more. Raises InvalidTransition.
    """
    document.state = rules.DOCUMENT.check(what, document.state)
    document.reason = ruling.reason if document.state in ("rejected", "revoked") else ""
    document.claimed_by_id, document.claimed_until = None, None
    if document.state not in ("uploaded", "checking"):
        deadlines.cancel(Deadline, subject_id=document.id, kind=REFER)
    if document.state not in (*rules.OPEN, "withdrawn"):
        document.decided_at = clock.now()
    document.save_change("state", "reason", "claimed_by", "claimed_until", "decided_at", *fields)
    note_step(document, what, ruling=ruling)


def make_it_count(document: Document, profile: Profile, what: str, *, ruling: Ruling = NOBODY) -> None:
    """The document is what it says: it counts from now on, instead of an older one of its kind.

    Raises InvalidTransition.
    """
    rules.DOCUMENT.check(what, document.state)
    older = Document.objects.select_for_update().filter(
        user_id=document.user_id, kind=document.kind, skill_id=document.skill_id, state="verified"
    )
    for each in older:
        take_step(each, "supersede")
        _disarm(each)
    today = clock.now().date()
    document.counts_until = rules.counts_until(document.kind, expires_on=document.expires_on, verified_on=today)
    take_step(document, what, ruling=ruling, fields=("counts_until", "findings", "vendor", "vendor_reference"))
    _arm(document)
    tell(document.user_id, "verified", detail=worded(document, profile))
    settle_level(profile)


def stop_counting(document: Document, profile: Profile, what: str, *, ruling: Ruling = NOBODY) -> None:
    """The document counted and does so no more: expired or revoked. Raises InvalidTransition."""
    take_step(document, what, ruling=ruling)
    _disarm(document)
    tell(document.user_id, f"verification_{document.state}", detail=worded(document, profile))
    settle_level(profile)


def worded(document: Document, profile: Profile, *, reason: str = "") -> str:
    """What a letter calls the document, in its owner's language; with the reason, if there is one."""
    with override(profile.user.locale):
        title = gettext(rules.KINDS[document.kind].title)
        return f"{title} ({gettext(reason)})" if reason else title


# Private functions


def _arm(document: Document) -> None:
    if document.counts_until is None:
        return
    over = _day_after(document.counts_until)
    deadlines.schedule(Deadline, subject_id=document.id, kind=EXPIRE, due_at=over, version=document.version)
    soon = over - rules.REMIND_BEFORE
    if soon > clock.now():
        deadlines.schedule(Deadline, subject_id=document.id, kind=REMIND, due_at=soon, version=document.version)


def _disarm(document: Document) -> None:
    for kind in (EXPIRE, REMIND):
        deadlines.cancel(Deadline, subject_id=document.id, kind=kind)


def _day_after(day: date) -> datetime:
    """The first moment at which a paper that counts until that day is too old. All time zones of Kelmah's people are
    within hours of UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)
