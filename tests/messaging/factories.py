"""Conversations, messages and notices, made through the domain's own actions; stand-ins for other domains."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import factory

from domains.messaging import actions
from domains.messaging.actions import Sent
from domains.messaging.models import Contact, Conversation, Member
from domains.messaging.rules import Notice
from kelmah.ids import new_id
from kelmah.interfaces.contracts.calls import contracts
from kelmah.interfaces.contracts.types import ContractSummary
from kelmah.interfaces.files.calls import FileNotAttachable, files
from kelmah.interfaces.files.types import FileInfo
from kelmah.interfaces.marketplace.calls import marketplace
from kelmah.interfaces.marketplace.types import JobSummary, ProposalParties
from kelmah.principal import Principal


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact

    user_id = factory.LazyFunction(new_id)
    display_name = factory.Sequence(lambda n: f"Ama {n}")
    email = factory.Sequence(lambda n: f"ama{n}@example.com")
    locale = "en"
    zone = "Africa/Accra"


class NoticeFactory(factory.Factory):
    class Meta:
        model = Notice

    user_id = factory.LazyFunction(new_id)
    kind = "escrow_released"
    title = "You were paid"
    body = "{net} are in your wallet."
    by_mail = True
    words = factory.LazyFunction(lambda: {"net": "1125.00 GHS"})
    data = factory.LazyFunction(lambda: {"contract_id": str(new_id())})


def conversation(
    *, members: tuple[UUID, UUID] | None = None, context_kind: str = "contract", context_id: UUID | None = None
) -> Conversation:
    opened, _ = actions.open_conversation(
        context_kind=context_kind,
        context_id=context_id or new_id(),
        member_ids=members or (new_id(), new_id()),
        title="Fit kitchen cabinets",
    )
    return opened


def group(size: int) -> tuple[Conversation, list[UUID]]:
    """A conversation with more members than two, for crowds; and who they are."""
    people = sorted(new_id() for _ in range(size))
    room = conversation(members=(people[0], people[1]))
    Member.objects.bulk_create(Member(conversation=room, user_id=user_id) for user_id in people[2:])
    return room, people


def first_of(room: Conversation) -> Principal:
    return Principal(user_id=room.first_id, roles=frozenset({"hirer"}), session_id=new_id())


def second_of(room: Conversation) -> Principal:
    return Principal(user_id=room.second_id, roles=frozenset({"worker"}), session_id=new_id())


def say(room: Conversation, *, by: UUID | None = None, text: str = "Akwaaba!", client_id: str | None = None) -> Sent:
    draft = actions.draft_message(
        conversation_id=room.id,
        sender_id=by or room.first_id,
        client_id=client_id or str(new_id()),
        text=text,
    )
    return actions.send_message(draft)


@dataclass
class FakeFiles:
    """Files that know which ids are attachable and remember whom they were shared with."""

    known: dict[UUID, UUID] = field(default_factory=dict)  # file to owner
    shared: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)  # of copies, by name

    def add(self, owner_id: UUID) -> UUID:
        file_id = new_id()
        self.known[file_id] = owner_id
        return file_id

    def infos(self, *, ids: list[UUID]) -> list[FileInfo]:
        return [_info(file_id, self.known[file_id]) for file_id in ids if file_id in self.known]

    def share(self, *, ids: list[UUID], owner_id: UUID, reader_ids: list[UUID], context: str) -> list[FileInfo]:
        if missing := [str(file_id) for file_id in ids if self.known.get(file_id) != owner_id]:
            raise FileNotAttachable(data={"file_ids": missing})
        self.shared += [(file_id, reader_id, context) for file_id in ids for reader_id in reader_ids]
        return [_info(file_id, owner_id) for file_id in ids]

    def reading_link(self, *, file_id: UUID, owner_id: UUID) -> str:
        return f"/files/content/{file_id}"

    def keep_export_part(self, *, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
        self.parts[name] = content


@dataclass
class FakeContracts:
    known: list[ContractSummary] = field(default_factory=list)

    def add(self, hirer_id: UUID, worker_id: UUID) -> UUID:
        summary = ContractSummary(
            contract_id=new_id(),
            job_id=new_id(),
            hirer_id=hirer_id,
            worker_id=worker_id,
            title="Fit kitchen cabinets",
            state="active",
        )
        self.known.append(summary)
        return summary.contract_id

    def contracts(self, *, ids: list[UUID]) -> list[ContractSummary]:
        return [summary for summary in self.known if summary.contract_id in ids]


@dataclass
class FakeMarketplace:
    known: list[ProposalParties] = field(default_factory=list)

    def add(self, hirer_id: UUID, worker_id: UUID) -> UUID:
        parties = ProposalParties(
            proposal_id=new_id(),
            job_id=new_id(),
            job_title="Paint a house",
            hirer_id=hirer_id,
            worker_id=worker_id,
            state="submitted",
        )
        self.known.append(parties)
        return parties.proposal_id

    def jobs(self, *, ids: list[UUID]) -> list[JobSummary]:
        return []

    def proposals(self, *, ids: list[UUID]) -> list[ProposalParties]:
        return [parties for parties in self.known if parties.proposal_id in ids]


@dataclass
class Neighbours:
    """The domains that messaging asks."""

    files: FakeFiles = field(default_factory=FakeFiles)
    contracts: FakeContracts = field(default_factory=FakeContracts)
    marketplace: FakeMarketplace = field(default_factory=FakeMarketplace)

    @contextmanager
    def standing_in(self) -> Iterator["Neighbours"]:
        with ExitStack() as stack:
            stack.enter_context(files.replaced_by(self.files))
            stack.enter_context(contracts.replaced_by(self.contracts))
            stack.enter_context(marketplace.replaced_by(self.marketplace))
            yield self


def _info(file_id: UUID, owner_id: UUID) -> FileInfo:
    return FileInfo(
        file_id=file_id, owner_id=owner_id, name="sketch.png", content_type="image/png", size=68, sha256="0" * 64
    )
