"""Opening conversations, and reading in them."""

from uuid import UUID

from domains.messaging import queries
from domains.messaging.models import Conversation, Member
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.calls import contracts
from kelmah.interfaces.marketplace.calls import marketplace
from kelmah.interfaces.messaging.events import ConversationOpened
from kelmah.principal import Principal


def open_conversation(
    *, context_kind: str, context_id: UUID, member_ids: tuple[UUID, UUID], title: str
) -> tuple[Conversation, bool]:
    """The conversation of two people about one thing, and whether it is new; one, however often it is opened."""
    first, second = sorted(member_ids)
    with atomic("messaging"):
        now = clock.now()
        # The unique pair decides between the event of the contract and a member's own request.
        conversation, made = Conversation.objects.get_or_create(
            context_kind=context_kind,
            context_id=context_id,
            first_id=first,
            second_id=second,
            defaults={"title": title, "created_at": now, "last_message_at": now},
        )
        if made:
            Member.objects.bulk_create(Member(conversation=conversation, user_id=member) for member in (first, second))
            publish(
                ConversationOpened(
                    conversation_id=conversation.id,
                    context_kind=context_kind,
                    context_id=context_id,
                    member_ids=[first, second],
                )
            )
    return conversation, made


def open_conversation_about(*, context_kind: str, context_id: UUID, by: Principal) -> tuple[Conversation, bool]:
    """Open it as one of the two sides of a contract or a proposal. Raises NotFound to everybody else."""
    if context_kind == "contract":
        contract = next(iter(contracts.contracts(ids=[context_id])), None)
        sides = (contract.hirer_id, contract.worker_id, contract.title) if contract else None
    else:
        proposal = next(iter(marketplace.proposals(ids=[context_id])), None)
        sides = (proposal.hirer_id, proposal.worker_id, proposal.job_title) if proposal else None
    if sides is None or by.user_id not in sides[:2]:
        raise NotFound(f"You have no such {context_kind}.")
    return open_conversation(
        context_kind=context_kind, context_id=context_id, member_ids=(sides[0], sides[1]), title=sides[2]
    )


def mark_read(*, conversation_id: UUID, by: Principal, seq: int) -> int:
    """The member has read up to ``seq``; never backwards, never beyond the end. Returns what is left unread.

    Raises NotFound.
    """
    queries.access_conversation(conversation_id=conversation_id, by=by)
    with atomic("messaging"):
        # Locked in the order that sending locks them: the conversation, then the member.
        conversation = Conversation.objects.select_for_update().get(id=conversation_id)
        member = Member.objects.select_for_update().get(conversation=conversation, user_id=by.user_id)
        member.last_read_seq = max(member.last_read_seq, min(seq, conversation.last_seq))
        member.save(update_fields=["last_read_seq"])
    return conversation.last_seq - member.last_read_seq
