"""Identity papers as their owner sees them: sent in, and withdrawn."""

import json
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from domains.identity import queries
from domains.identity.actions.paper_steps import REFER, Ruling, locked, note_step, take_step
from domains.identity.models import Deadline, Document
from domains.identity.queries import papers as found
from domains.identity.rules import papers as rules
from kelmah import clock, crypto, deadlines
from kelmah.db import atomic, check_version
from kelmah.errors import FieldError, InvalidInput, NotFound
from kelmah.events.publish import enqueue
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files


def send_document(*, user_id: UUID, paper: rules.Paper) -> Document:
    """Take in a paper and have it checked.

    Raises InvalidInput, UnderReview while another of its kind is looked at, TooManyDocuments, NotFound for somebody
    without a profile; Unavailable when files can't be asked.
    """
    skills = queries.own_profile(user_id).skills.values_list("skill_id", flat=True)
    rules.check_paper(paper, today=clock.now().date(), skill_ids=set(skills))
    _check_files(user_id, paper)
    with atomic("identity"):
        queries.lock_profile(user_id)  # of two papers of one kind at once the second must see the first
        _check_room(user_id, paper)
        document = _sealed(user_id, paper)
        document.save(force_insert=True)
        note_step(document, "send")
        enqueue("identity.check_document", document_id=str(document.id))
        deadlines.schedule(
            Deadline,
            subject_id=document.id,
            kind=REFER,
            due_at=document.sent_at + rules.ANSWER_WITHIN,
            version=document.version,
        )
    return document


def withdraw_document(*, document_id: UUID, user_id: UUID, expected_version: int | None) -> Document:
    """Its owner wants it back before it is decided: what they typed is forgotten.

    Raises NotFound, StaleVersion, InvalidTransition.
    """
    found.access_document(document_id=document_id, user_id=user_id)
    with locked(document_id) as (document, _):
        if document.user_id != user_id:
            raise NotFound("You have no such document.")
        check_version(document, expected_version)
        document.details = document.number_index = None
        take_step(document, "withdraw", ruling=Ruling(by=user_id), fields=("details", "number_index"))
    return document


# Private functions


def _check_files(user_id: UUID, paper: rules.Paper) -> None:
    taken = {
        info.file_id
        for info in files.infos(ids=list(paper.file_ids))
        if info.owner_id == user_id and info.kind == rules.FILE_KIND
    }
    detail = f"Upload a file of the kind {rules.FILE_KIND}, complete it, and name it here."
    errors = [
        FieldError(f"/file_ids/{number}", "unknown_file", detail)
        for number, file_id in enumerate(paper.file_ids)
        if file_id not in taken
    ]
    if errors:
        raise InvalidInput(errors=errors)


def _check_room(user_id: UUID, paper: rules.Paper) -> None:
    sent = found.documents_of(user_id).filter(kind=paper.kind)
    waiting = sent.filter(skill_id=paper.skill_id, state__in=rules.OPEN).first()
    if waiting is not None:
        raise rules.UnderReview(data={"document_id": str(waiting.id)})
    a_day = timedelta(days=1)
    recent = list(sent.filter(sent_at__gt=clock.now() - a_day).order_by("sent_at").values_list("sent_at", flat=True))
    if len(recent) >= rules.MOST_A_DAY:
        wait = recent[-rules.MOST_A_DAY] + a_day - clock.now()
        raise rules.TooManyDocuments(data={"retry_after": max(1, int(wait.total_seconds()))})


def _sealed(user_id: UUID, paper: rules.Paper) -> Document:
    document = Document(
        id=new_id(),
        user_id=user_id,
        kind=paper.kind,
        country=paper.country,
        skill_id=paper.skill_id,
        expires_on=paper.expires_on,
        file_ids=list(paper.file_ids),
        sent_at=clock.now(),
    )
    said = json.dumps(asdict(paper.details), default=str).encode()
    document.details = crypto.seal("identity", subject=user_id, place=f"{found.DETAILS}:{document.id}", data=said)
    number = rules.identity_of(paper)
    document.number_index = crypto.blind_index(found.NUMBER, number) if number else None
    return document
