"""The last letter that somebody gets. Marked for translators; put into the reader's language when it is sent."""

from typing import Final


def _(text: str) -> str:
    """Marks a text for ``makemessages``; rules do not translate."""
    return text


SUBJECT: Final = _("Your account is erased")
BODY: Final = _(
    "As you asked, your account and your data at Kelmah are erased. What the law makes us keep of payments and "
    "contracts bears no name any more. You will hear nothing more from us: this address is forgotten with this letter."
)
