"""People deciding about documents. Who has the right to is asked at the desk; who must not in this case, here."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from domains.identity.actions.notices import tell
from domains.identity.actions.paper_steps import (
    Ruling,
    locked,
    make_it_count,
    note_step,
    stop_counting,
    take_step,
    worded,
)
from domains.identity.models import Document, Profile
from domains.identity.queries import papers as found
from domains.identity.rules import papers as rules
from kelmah import clock
from kelmah.errors import FieldError, InvalidInput, InvalidTransition, NotFound


def claim_document(*, document_id: UUID, by_id: UUID) -> Document:
    """Take a document for a quarter of an hour; claiming it again prolongs that.

    Raises NotFound, InvalidTransition, NotYoursToJudge, ClaimedByAnother.
    """
    with locked(document_id) as (document, _):  # two reviewers press the same button
        rules.DOCUMENT.check("approve", document.state)
        _check_distance(document.user_id, by_id)
        _check_free(document, by_id)
        is_new = not _has_claim(document, by_id)
        _claim(document, by_id)
        if is_new:
            note_step(document, "claim", ruling=Ruling(by=by_id))
    return document


def claim_next(*, by_id: UUID) -> Document | None:
    """Take the document that waits longest and that this reviewer may judge; None when there is none."""
    for document_id in found.waiting_for(by_id):
        with suppress(rules.ClaimedByAnother, InvalidTransition):  # somebody was quicker: the next one
            return claim_document(document_id=document_id, by_id=by_id)
    return None


def release_document(*, document_id: UUID, by_id: UUID) -> None:
    """Give it back undecided. Twice is safe. Raises NotFound."""
    with locked(document_id) as (document, _):
        if document.claimed_by_id == by_id:
            document.claimed_by_id, document.claimed_until = None, None
            document.save_change("claimed_by", "claimed_until")
            note_step(document, "release", ruling=Ruling(by=by_id))


def look_at_file(*, document_id: UUID, file_id: UUID, by_id: UUID) -> UUID:
    """Keep record that a reviewer reads a picture of the document they have claimed; returns whose it is.

    Raises NotFound, NotClaimed.
    """
    with locked(document_id) as (document, _):
        _check_claim(document, by_id)
        if file_id not in document.file_ids:
            raise NotFound("This document has no such file.")
        note_step(document, "look", ruling=Ruling(by=by_id, reason=str(file_id)))
        return document.user_id


def approve_document(*, document_id: UUID, ruling: Ruling) -> Document:
    """It is what it says. Raises NotFound, InvalidTransition, NotClaimed, NotYoursToJudge, InvalidInput."""
    with _judging(document_id, ruling) as (document, profile):
        make_it_count(document, profile, "approve", ruling=ruling)
    return document


def reject_document(*, document_id: UUID, ruling: Ruling) -> Document:
    """It is not, for one of ``REJECTIONS``, which its owner is told; the note is for staff alone.

    Raises as ``approve_document`` does.
    """
    rules.check_reason(ruling.reason, rules.REJECTIONS)
    with _judging(document_id, ruling) as (document, profile):
        take_step(document, "reject", ruling=ruling)
        detail = worded(document, profile, reason=rules.REJECTIONS[ruling.reason])
        tell(document.user_id, "verification_rejected", detail=detail)
    return document


def revoke_document(*, document_id: UUID, ruling: Ruling) -> Document:
    """It was verified and counts no more, for one of ``REVOCATIONS``.

    Raises NotFound, InvalidTransition, NotYoursToJudge, InvalidInput.
    """
    rules.check_reason(ruling.reason, rules.REVOCATIONS)
    _check_note(ruling)
    with locked(document_id) as (document, profile):
        _check_distance(document.user_id, _who(ruling))
        stop_counting(document, profile, "revoke", ruling=ruling)
    return document


# Private functions


@contextmanager
def _judging(document_id: UUID, ruling: Ruling) -> Iterator[tuple[Document, Profile]]:
    _check_note(ruling)
    with locked(document_id) as (document, profile):
        rules.DOCUMENT.check("approve", document.state)
        _check_distance(document.user_id, _who(ruling))  # they may have begun to work together since the claim
        _check_claim(document, _who(ruling))
        yield document, profile


def _who(ruling: Ruling) -> UUID:
    if ruling.by is None:
        raise ValueError("somebody decides")
    return ruling.by


def _check_distance(applicant_id: UUID, reviewer_id: UUID) -> None:
    if applicant_id == reviewer_id or found.colleagues_of(reviewer_id).filter(id=applicant_id).exists():
        raise rules.NotYoursToJudge()


def _check_free(document: Document, by_id: UUID) -> None:
    if _is_claimed(document) and document.claimed_by_id != by_id:
        raise rules.ClaimedByAnother()


def _check_claim(document: Document, by_id: UUID) -> None:
    _check_free(document, by_id)
    if not _has_claim(document, by_id):
        raise rules.NotClaimed()


def _has_claim(document: Document, by_id: UUID) -> bool:
    return _is_claimed(document) and document.claimed_by_id == by_id


def _is_claimed(document: Document) -> bool:
    return document.claimed_until is not None and document.claimed_until > clock.now()


def _claim(document: Document, by_id: UUID) -> None:
    document.claimed_by_id, document.claimed_until = by_id, clock.now() + rules.CLAIM_LASTS
    document.save_change("claimed_by", "claimed_until")


def _check_note(ruling: Ruling) -> None:
    if len(ruling.note) > rules.NOTE_LENGTH:
        raise InvalidInput(errors=[FieldError("/note", "max_length", "Write less.")])
