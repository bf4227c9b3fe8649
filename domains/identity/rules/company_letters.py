"""The letter that invites somebody into a company. Marked for translators; put into the reader's language when sent."""

from typing import Final


def _(text: str) -> str:
    """Marks a text for ``makemessages``; rules do not translate."""
    return text


PATH: Final = "/invitations"  # in the app, which answers the invitation with the token
SUBJECT: Final = _("You are invited to a company on Kelmah")
BODY: Final = _(
    "{inviter} invites you to “{company}” on Kelmah, as: {role}. To accept or decline, open this link until {until} "
    "UTC:\n\n{link}\n\nDo you know nothing of this? Then decline, or do nothing: without you nothing happens."
)
ROLES: Final = {
    "admin": _("administrator"),
    "hiring": _("one who hires"),
    "finance": _("one who pays"),
    "member": _("member"),
}
