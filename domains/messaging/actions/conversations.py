"""Opening conversations, and reading in them."""

from uuid import UUID

from domains.messaging import queries, rules
from domains.messaging.models import Conversation, Member
from domains.messaging.rules.frames import read_frame
from kelmah import clock
from kelmah.db import atomic, run_on_commit
from kelmah.errors import FieldError, InvalidInput, NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.calls import contracts
from kelmah.interfaces.marketplace.calls import marketplace
from kelmah.interfaces.messaging.events import ConversationOpened
from kelmah.live.hints import give_hint
from kelmah.principal import Principal


def open_conversation(
    *, context_kind: str, context_id: UUID, member_ids: tuple[UUID, UUID], title: str
) -> tuple[Conversation, bool]:
    """The conversation of two people about one thing, and whether it is new; one, however often it is opened."""
    first, second = rules.pair(*member_ids)
    with atomic("messaging"):
        now = clock.now()
        # The unique pair decides between the event of the contract and a member who asks at the same moment.
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
    sides, title = _sides_of(context_kind, context_id)
    if by.user_id not in sides:
        raise NotFound(f"You have no such {context_kind}.")
    return open_conversation(
        context_kind=context_kind, context_id=context_id, member_ids=(sides[0], sides[1]), title=title
    )


def mark_read(*, conversation_id: UUID, by: Principal, seq: int) -> int:
    """The member has read up to ``seq``; never backwards. Returns how many messages of others are left unread.

    Raises NotFound, InvalidInput for a number that does not exist yet.
    """
    with atomic("messaging"):
        # Two devices of one person: the mark of the slower one must not take back that of the faster one.
        member = queries.lock_member(conversation_id=conversation_id, user_id=by.user_id)
        if seq > member.conversation.last_seq:
            detail = f"The last message is number {member.conversation.last_seq}."
            raise InvalidInput(errors=[FieldError("/seq", "max_value", detail)])
        if seq > member.last_read_seq:
            member.last_read_seq = seq
            member.save(update_fields=["last_read_seq"])
            frame = read_frame(conversation_id=conversation_id, user_id=by.user_id, seq=seq)
            run_on_commit("messaging", lambda: give_hint(rules.conversation_topic(conversation_id), frame))
        return queries.unread_of(member)


# Private functions


def _sides_of(context_kind: str, context_id: UUID) -> tuple[tuple[UUID, ...], str]:
    """Who stands on the two sides, and the title; nobody, when there is no such thing."""
    if context_kind == "contract":
        for contract in contracts.contracts(ids=[context_id]):
            return (contract.hirer_id, contract.worker_id), contract.title
    elif context_kind == "proposal":
        for proposal in marketplace.proposals(ids=[context_id]):
            return (proposal.hirer_id, proposal.worker_id), proposal.job_title
    return (), ""
