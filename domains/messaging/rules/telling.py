"""What a text for somebody is made of."""

from dataclasses import dataclass


def marked(text: str) -> str:
    """Marks a text for ``makemessages``; rules do not translate."""
    return text


@dataclass(frozen=True)
class Telling:
    """What one recipient is told. ``to`` names the event's field that holds their id, or their ids. ``advice`` follows
    the body: a sentence that many texts share."""

    to: str
    title: str
    body: str
    by_mail: bool = True
    advice: str = ""
