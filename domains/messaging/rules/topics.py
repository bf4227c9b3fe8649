"""What the live topics are called."""

from uuid import UUID

_CONVERSATION = "conversation:"


def conversation_topic(conversation_id: UUID) -> str:
    """Everything that all members of a conversation get; numbered."""
    return f"{_CONVERSATION}{conversation_id}"


def user_topic(user_id: UUID) -> str:
    """Everything that only one person gets; not numbered."""
    return f"user:{user_id}"


def conversation_of(topic: str) -> UUID:
    """The conversation behind a topic. Raises ValueError for another kind of topic."""
    if not topic.startswith(_CONVERSATION):
        raise ValueError(f"{topic!r} is no conversation")
    return UUID(topic.removeprefix(_CONVERSATION))
