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
    "reset": Letter(
        "/reset-password",
        _("Choose a new password"),
        _(
            "Somebody, we hope you, forgot the password of your Kelmah account. Choose a new one there, within an hour:"
            "\n\n{link}\n\nWas it not you? Then do nothing: your password stays."
        ),
        _("{code} is your Kelmah code for a new password, for 5 minutes. Tell it to nobody: we never ask for it."),
    ),
    "change": Letter(
        "/settings/confirm-address",
        _("Confirm your new e-mail address"),
        _(
            "Somebody, we hope you, wants to use this address for their Kelmah account. Open this link where you are "
            "logged in, within 24 hours:\n\n{link}\n\nWas it not you? Then do nothing."
        ),
        _("{code} is your Kelmah code for this number, for 5 minutes. Tell it to nobody: we never ask for it."),
    ),
    "change_known": Letter(
        "/login",
        _("This address has an account already"),
        _(
            "Somebody, perhaps you, wanted to use this address for another Kelmah account. It stays with yours, where "
            "you can log in:\n\n{link}\n\nWas it not you? Then do nothing."
        ),
        _("Somebody wanted to use this number for another Kelmah account. It stays with yours: {link}"),
    ),
    "undo": Letter(
        "/undo",
        _("The addresses of your account were changed"),
        _(
            "An e-mail address or a number of your Kelmah account was changed or added. Was it you? Then do nothing."
            "\n\nWas it not you? This link puts everything back, ends all sessions and lets you choose a new password, "
            "within 72 hours:\n\n{link}"
        ),
        _("An address of your Kelmah account was changed. Was it not you? Undo it within 72 hours: {link}"),
    ),
    "unlock": Letter(
        "/unlock",
        _("Your account is locked for half an hour"),
        _(
            "Somebody typed a wrong password for your Kelmah account five times. Nobody got in. Was it you? This link "
            "opens it at once:\n\n{link}\n\nWas it not you? Then do nothing: it opens by itself."
        ),
        _("Too many wrong passwords: your Kelmah account is locked for half an hour. Open it at once: {link}"),
    ),
}
