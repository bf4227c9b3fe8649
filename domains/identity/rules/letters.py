"""What is written to people before, or besides, what messaging tells them: everything that carries a secret.

Marked for translators; put into the reader's language when it is sent. What strangers typed is never repeated here: a
sign-up can be made with anybody's address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def _(text: str) -> str:
    """Marks a text for ``makemessages``; rules do not translate."""
    return text


@dataclass(frozen=True)
class Letter:
    """``subject`` and ``body`` of an e-mail, and the ``text`` to a phone. ``path``: where in the app its link leads."""

    path: str
    subject: str
    body: str
    text: str


LETTERS: Final[Mapping[str, Letter]] = {
    "register": Letter(
        "/sign-up/confirm",
        _("Confirm your e-mail address"),
        _(
            "Somebody, we hope you, signs up for Kelmah with this address. Open this link on the device where you did, "
            "within 24 hours:\n\n{link}\n\nWas it not you? Then do nothing: without the link there will be no account."
        ),
        _("{code} is your Kelmah code, for 5 minutes. Tell it to nobody: we never ask for it."),
    ),
    "register_known": Letter(
        "/login",
        _("You already have an account"),
        _(
            "Somebody, perhaps you, signed up for Kelmah with this address, which has an account. Log in, or ask for a "
            "new password there:\n\n{link}\n\nWas it not you? Then do nothing."
        ),
        _("You already have a Kelmah account with this number. Log in: {link}"),
    ),
}
