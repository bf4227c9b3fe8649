"""Identity papers."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from domains.identity.models import Document, DocumentStep, Profile, RoleGrant, User
from domains.identity.queries.grants import in_force
from domains.identity.rules import ladder
from domains.identity.rules.papers import OPEN, Details, Paper
from kelmah import clock, crypto
from kelmah.errors import NotFound

DETAILS = "identity.document.details"
NOTE = "identity.documentstep.note"
NUMBER = "identity.document_number"


def documents_of(user_id: UUID) -> QuerySet[Document]:
    """Everything somebody has sent."""
    return Document.objects.filter(user_id=user_id)


def access_document(*, document_id: UUID, user_id: UUID) -> Document:
    """A document for its owner. Raises NotFound."""
    document = documents_of(user_id).filter(id=document_id).first()
    if document is None:
        raise NotFound("You have no such document.")
    return document


def owner_of(document_id: UUID) -> UUID:
    """Raises NotFound."""
    found = Document.objects.filter(id=document_id).values_list("user_id", flat=True).first()
    if found is None:
        raise NotFound("There is no such document.")
    return found


def lock_document(document_id: UUID) -> Document:
    """The document's row, locked until the transaction ends; its owner's profile is locked before. Raises NotFound."""
    document = Document.objects.select_for_update().filter(id=document_id).first()
    if document is None:
        raise NotFound("There is no such document.")
    return document


def details_of(document: Document) -> Details:
    """What its owner typed; nothing of what was withdrawn. Raises Shredded."""
    if document.details is None:
        return Details()
    place = f"{DETAILS}:{document.id}"
    text = crypto.unseal("identity", subject=document.user_id, place=place, sealed=bytes(document.details))
    said = json.loads(text)
    return Details(**{**said, "born": date.fromisoformat(said["born"]) if said["born"] else None})


def paper_of(document: Document) -> Paper:
    """The document as it was sent. Raises Shredded."""
    return Paper(
        kind=document.kind,
        file_ids=tuple(document.file_ids),
        details=details_of(document),
        country=document.country,
        expires_on=document.expires_on,
        skill_id=document.skill_id,
    )


def typed_of_papers(user_id: UUID) -> Iterator[dict[str, Any]]:
    """What somebody typed of each of their papers, in clear, for their own copy."""
    for document in documents_of(user_id).exclude(details__isnull=True).order_by("sent_at"):
        with suppress(crypto.Shredded):
            yield {"document_id": document.id, **asdict(details_of(document))}


def duplicates_of(document: Document) -> QuerySet[Document]:
    """Documents of others with the same number, newest first."""
    if document.number_index is None:
        return Document.objects.none()
    same = Document.objects.filter(number_index=document.number_index).exclude(user_id=document.user_id)
    return same.select_related("user").order_by("-sent_at", "-id")


def counting_papers(user_id: UUID) -> frozenset[str]:
    """The kinds of which somebody has a document that counts today."""
    return frozenset(_counting(user_id).values_list("kind", flat=True))


def proved_skills(user_id: UUID) -> frozenset[str]:
    """The skills of which somebody has a certificate that counts today."""
    return frozenset(_counting(user_id).exclude(skill_id="").values_list("skill_id", flat=True))


def kinds_under_review(user_id: UUID) -> list[str]:
    return sorted(set(documents_of(user_id).filter(state__in=OPEN).values_list("kind", flat=True)))


def facts_of(profile: Profile) -> ladder.Facts:
    """What the ladder asks of somebody, read anew."""
    return ladder.Facts(
        role=profile.user.role,
        phone=profile.user.phone is not None,  # numbers are proved before they are written down
        skills=profile.skills.count(),
        papers=counting_papers(profile.user_id),
        jobs=profile.jobs,
        stars=profile.stars or 0,
    )


def review_queue() -> QuerySet[Document]:
    """What waits for people, the oldest first."""
    return Document.objects.filter(state="needs_review").order_by("sent_at", "id")


def waiting_for(reviewer_id: UUID) -> list[UUID]:
    """The ids of documents that nobody has claimed and that this reviewer may judge, the oldest first; not all."""
    free = review_queue().filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=clock.now()))
    theirs = free.exclude(user_id=reviewer_id).exclude(user_id__in=colleagues_of(reviewer_id).values("id"))
    return list(theirs.values_list("id", flat=True)[:20])


def colleagues_of(reviewer_id: UUID) -> QuerySet[User]:
    """Whom a reviewer must not judge besides themselves: who holds a role within a scope where the reviewer holds one,
    such as a company, whoever manages whom there."""
    scopes = in_force(reviewer_id).exclude(scope_kind="").values_list("scope_kind", "scope_id")
    shared = Q(pk__in=[])
    for kind, scope in scopes:
        shared |= Q(scope_kind=kind, scope_id=scope)
    still = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())
    return User.objects.filter(id__in=RoleGrant.objects.filter(shared, still, ended_at__isnull=True).values("user_id"))


def steps_of(document: Document) -> QuerySet[DocumentStep]:
    """What was done with it, in order."""
    return document.steps.select_related("by").order_by("at", "id")


def note_of(step: DocumentStep) -> str:
    """What a reviewer wrote; nothing where nothing was written. Raises Shredded."""
    if step.note is None:
        return ""
    place = f"{NOTE}:{step.id}"
    return crypto.unseal("identity", subject=step.user_id, place=place, sealed=bytes(step.note)).decode()


# Private functions


def _counting(user_id: UUID) -> QuerySet[Document]:
    verified = Document.objects.filter(user_id=user_id, state="verified")
    return verified.filter(Q(counts_until__isnull=True) | Q(counts_until__gte=clock.now().date()))
