"""Having documents looked at by a vendor, and what happens to them by the clock."""

from contextlib import suppress
from uuid import UUID

from domains.identity.actions.notices import tell
from domains.identity.actions.paper_steps import locked, make_it_count, stop_counting, take_step, worded
from domains.identity.gateways.vendors import Submission, Verdict, vendor
from domains.identity.models import Document
from domains.identity.queries import papers as found
from domains.identity.rules.papers import OPEN
from kelmah import clock
from kelmah.crypto import Shredded
from kelmah.errors import NotFound


def check_document(*, document_id: UUID) -> None:
    """Ask the vendor about a document that was sent, and do what follows. Twice is safe: what is decided stays.

    Raises NoAnswerYet: then it is to be done again.
    """
    if not _begin(document_id):
        return
    document = Document.objects.filter(id=document_id).first()
    try:
        paper = found.paper_of(document) if document else None
    except Shredded:
        paper = None
    if document is None or paper is None:
        return  # erased since
    chosen = vendor()
    verdict = chosen.examine(Submission(document_id=document.id, owner_id=document.user_id, paper=paper))
    record_verdict(document_id=document_id, vendor_name=chosen.name, verdict=verdict)


def record_verdict(*, document_id: UUID, vendor_name: str, verdict: Verdict) -> None:
    """Nothing found: the document counts. Else, or if somebody else has one with its number, people look at it. Twice,
    or too late, is safe: only what is being checked is decided."""
    with suppress(NotFound), locked(document_id) as (document, profile):  # erased since
        if document.state != "checking":
            return
        document.vendor, document.vendor_reference = vendor_name, verdict.reference
        document.findings = list(verdict.findings)
        if found.duplicates_of(document).exists():
            document.findings.append("duplicate")
        if document.findings:
            take_step(document, "refer", fields=("findings", "vendor", "vendor_reference"))
        else:
            make_it_count(document, profile, "pass")


def refer_document(*, subject_id: UUID, subject_version: int) -> None:
    """Deadline: nobody answered within the hour, so people look."""
    with suppress(NotFound), locked(subject_id) as (document, _):  # erased since
        if document.state in ("uploaded", "checking"):
            document.findings = ["no_answer"]
            if found.duplicates_of(document).exists():
                document.findings.append("duplicate")
            take_step(document, "refer", fields=("findings",))


def expire_document(*, subject_id: UUID, subject_version: int) -> None:
    """Deadline: the paper is too old. One that was revoked or superseded since stays what it is."""
    with suppress(NotFound), locked(subject_id) as (document, profile):  # erased since
        if document.state == "verified" and _is_over(document):
            stop_counting(document, profile, "expire")


def remind_of_document(*, subject_id: UUID, subject_version: int) -> None:
    """Deadline: in a month it will be too old. Nobody is told whose newer one is looked at already."""
    with suppress(NotFound), locked(subject_id) as (document, profile):  # erased since
        waiting = found.documents_of(document.user_id).filter(kind=document.kind, state__in=OPEN)
        if document.state == "verified" and not waiting.exists():
            tell(document.user_id, "verification_ends", detail=worded(document, profile))


# Private functions


def _begin(document_id: UUID) -> bool:
    """Whether it is to be looked at now: it was sent, or a process that was looking at it has died or got no answer."""
    try:
        with locked(document_id) as (document, _):
            if document.state == "uploaded":
                take_step(document, "check")
            return document.state == "checking"
    except NotFound:
        return False  # erased since


def _is_over(document: Document) -> bool:
    return document.counts_until is not None and document.counts_until < clock.now().date()
