"""What the page of one document shows: to who has claimed it, the picture beside what was typed."""

from typing import Any
from uuid import UUID

import structlog

from domains.identity.models import Document, DocumentStep
from domains.identity.queries import papers as queries
from domains.identity.rules import papers as rules
from kelmah import clock
from kelmah.crypto import Shredded
from kelmah.errors import DomainError
from kelmah.interfaces.files.calls import files
from kelmah.rpc import RemoteFailure

log = structlog.get_logger(__name__)

_SHOWN_INLINE = "image/"
_LABELS = {
    "name": "Name on the document",
    "number": "Number",
    "born": "Born",
    "address": "Address",
    "title": "Certifies",
    "issuer": "Issued by",
}


def context_of(document: Document, *, reader_id: UUID) -> dict[str, Any]:
    """For the template. What was typed, and the pictures, only while the reader has claimed the document."""
    claimed_until = document.claimed_until if document.claimed_by_id == reader_id else None
    reads = document.state == "needs_review" and claimed_until is not None and claimed_until > clock.now()
    others = queries.duplicates_of(document)[:10]
    earlier = queries.documents_of(document.user_id).exclude(id=document.id).order_by("-sent_at", "-id")[:10]
    return {
        "document": document,
        "kind": rules.KINDS[document.kind].title,
        "person": document.user,
        "reads": reads,
        "typed": _typed(document, whole=reads),
        "pictures": _pictures(document) if reads else [],
        "findings": [rules.FINDINGS.get(name, name) for name in document.findings],
        "others": others,
        "earlier": earlier,
        "steps": [_step(step) for step in queries.steps_of(document)],
        "may_claim": document.state == "needs_review" and not reads,
        "may_revoke": document.state == "verified",
        "rejections": rules.REJECTIONS,
        "revocations": rules.REVOCATIONS,
        "reason": (rules.REJECTIONS | rules.REVOCATIONS).get(document.reason, ""),
    }


# Private functions


def _typed(document: Document, *, whole: bool) -> list[tuple[str, str]]:
    rows = [
        ("Country", document.country),
        ("Valid until", str(document.expires_on or "")),
        ("Skill", document.skill_id),
    ]
    try:
        details = queries.details_of(document)
    except Shredded:
        return [("What was typed", "erased")]
    if whole:
        rows = [(label, str(getattr(details, name) or "")) for name, label in _LABELS.items()] + rows
    else:
        rows = [("Number", rules.masked(details.number)), *rows]
    return [row for row in rows if row[1]]


def _pictures(document: Document) -> list[dict[str, Any]]:
    """In their order. What files can't tell now may still be opened."""
    try:
        known = {info.file_id: info for info in files.infos(ids=list(document.file_ids))}
    except (RemoteFailure, DomainError) as error:
        log.warning("paper_infos_unavailable", code=error.code)
        known = {}
    found = [(file_id, known.get(file_id)) for file_id in document.file_ids]
    return [
        {
            "id": file_id,
            "name": info.name if info else "a file",
            "is_picture": info is not None and info.content_type.startswith(_SHOWN_INLINE),
        }
        for file_id, info in found
    ]


def _step(step: DocumentStep) -> dict[str, Any]:
    try:
        note = queries.note_of(step)
    except Shredded:
        note = "erased"
    return {"at": step.at, "what": step.what, "by": step.by, "reason": step.reason, "note": note}
