"""Papers in every stage, made through the domain's own actions, and files as it answers or fails."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from domains.identity import actions
from domains.identity.actions import checking, papers, reviewing
from domains.identity.actions.paper_steps import Ruling
from domains.identity.gateways.vendors import Verdict
from domains.identity.models import Document, Profile, User
from domains.identity.rules import Skill
from domains.identity.rules.papers import Details, Paper
from kelmah import clock
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.types import FileInfo
from kelmah.rpc import RemoteUnavailable
from tests.identity.factories import sign_up, staff

CARPENTRY, PLUMBING = "47-2031-00-carpentry", "47-2152-00-plumbing"
PASSED = Verdict(reference="v-1")


class FakeFiles:
    """Knows the uploads it was told of."""

    def __init__(self) -> None:
        self.down = False
        self.uploads: dict[UUID, FileInfo] = {}

    def upload(self, owner_id: UUID, *, kind: str = "identity") -> UUID:
        file_id = new_id()
        self.uploads[file_id] = FileInfo(
            file_id=file_id, owner_id=owner_id, name="card.png", content_type="image/png", size=752,
            sha256="f" * 64, kind=kind,
        )  # fmt: skip
        return file_id

    def infos(self, *, ids: list[UUID]) -> list[FileInfo]:
        if self.down:
            raise RemoteUnavailable
        return [self.uploads[file_id] for file_id in ids if file_id in self.uploads]

    def share(self, *, ids: list[UUID], owner_id: UUID, reader_ids: list[UUID], context: str) -> list[FileInfo]:
        raise AssertionError("papers are shared with nobody")

    def reading_link(self, *, file_id: UUID, owner_id: UUID) -> str:
        if file_id not in self.uploads or self.uploads[file_id].owner_id != owner_id:
            raise NotFound
        return f"/api/v1/files/content/link-to-{file_id}"

    def keep_export_part(self, *, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
        raise AssertionError("nobody takes a copy here")


@pytest.fixture
def cabinet() -> Iterator[FakeFiles]:
    fake = FakeFiles()
    with files.replaced_by(fake):
        yield fake


def member(**as_: Any) -> User:
    """A worker with a phone and a skill: of the first rung only the photo is missing."""
    user = sign_up(**{"phone": next_phone(), **as_}).user
    if user.role == "worker":
        skill = Skill(skill_id=CARPENTRY, level=4, years=12)
        actions.update_profile(user_id=user.id, expected_version=None, changes={"skills": [skill]})
    return user


def next_phone() -> str:
    return f"+23324{new_id().int % 10**7:07d}"


def reviewer(**as_: Any) -> User:
    return staff(**as_)


def next_year() -> date:
    return clock.now().date() + timedelta(days=365)


def paper(cabinet: FakeFiles, owner: User, kind: str = "photo", **changes: Any) -> Paper:
    said: dict[str, Any] = {
        "photo": {},
        "selfie": {},
        "national_id": {
            "details": Details(name="Ama Mensah", number="GHA-712345678-5", born=date(1990, 4, 12)),
            "country": "GH",
            "expires_on": next_year(),
        },
        "address": {"details": Details(name="Ama Mensah", address="12 Oxford Street, Osu"), "country": "GH"},
        "certificate": {"details": Details(name="Ama Mensah", title="Carpenter", issuer="NVTI Accra")},
    }[kind]
    return Paper(kind=kind, **{"file_ids": (cabinet.upload(owner.id),), **said, **changes})


def sent(cabinet: FakeFiles, owner: User, kind: str = "photo", **changes: Any) -> Document:
    return papers.send_document(user_id=owner.id, paper=paper(cabinet, owner, kind, **changes))


def waiting(cabinet: FakeFiles, owner: User, kind: str = "photo", **changes: Any) -> Document:
    """In the review queue: no vendor looks at documents here."""
    document = sent(cabinet, owner, kind, **changes)
    checking.check_document(document_id=document.id)
    return now_of(document)


def verified(cabinet: FakeFiles, owner: User, kind: str = "photo", **changes: Any) -> Document:
    return approved(waiting(cabinet, owner, kind, **changes), by=reviewer())


def climb(cabinet: FakeFiles, owner: User, *, skill_id: str) -> None:
    """To the top of the ladder, with a certificate of the skill."""
    User.objects.filter(id=owner.id).update(phone=next_phone())
    for kind in ("photo", "national_id", "selfie", "address"):
        verified(cabinet, owner, kind)
    verified(cabinet, owner, "certificate", skill_id=skill_id)


def claimed(document: Document, *, by: User) -> Document:
    return reviewing.claim_document(document_id=document.id, by_id=by.id)


def approved(document: Document, *, by: User) -> Document:
    claimed(document, by=by)
    reviewing.approve_document(document_id=document.id, ruling=Ruling(by=by.id))
    return now_of(document)


def now_of(document: Document) -> Document:
    return Document.objects.get(id=document.id)


def level_of(user: User) -> int:
    return Profile.objects.get(user_id=user.id).verified_level
