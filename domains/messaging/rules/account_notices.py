"""What people are told of their account, by ``AccountChanged.what``. Each says what to do if it was somebody else."""

from collections.abc import Mapping
from typing import Final

from domains.messaging.rules.telling import Telling
from domains.messaging.rules.telling import marked as _


def _letter(title: str, body: str, advice: str = "") -> Telling:
    return Telling("user_id", title, body, advice=advice)


_NOT_ME = _("Was it not you? Change your password and end all sessions at once, then write to support.")
_NOT_ME_YET = _("Was it not you? Stop it in the app, under second factors, and change your password at once.")

ACCOUNT: Final[Mapping[str, Telling]] = {
    "account_deactivated": _letter(
        _("Your account is switched off"), _("It is hidden since {at}. Log in to switch it on again.")
    ),
    "account_reactivated": _letter(_("Your account is back"), _("It was switched on again on {at}.")),
    "account_locked": _letter(
        _("Too many wrong passwords"), _("Your account is locked for a while since {at}. Nobody got in.")
    ),
    "addresses_restored": _letter(
        _("Your addresses are as they were"),
        _("Changes of your e-mail address or number were undone on {at}. Choose a new password by the link we sent."),
    ),
    "api_key_made": _letter(_("A new API key"), _("The key “{detail}” was made on {at}."), _NOT_ME),
    "api_key_revoked": _letter(_("An API key was revoked"), _("The key “{detail}” stopped working on {at}.")),
    "company_invitation": _letter(
        _("You are invited to a company"), _("{detail} invites you. Accept or decline in the app.")
    ),
    "email_changed": _letter(_("Your e-mail address changed"), _("It was changed on {at}."), _NOT_ME),
    "erasure_held": _letter(
        _("Your account can't be erased yet"), _("Something stands against it: {detail}. We look again every day.")
    ),
    "erasure_requested": _letter(
        _("Your account will be erased"), _("You asked for it on {at}. Log in within {detail} to keep it.")
    ),
    "erasure_withdrawn": _letter(_("Your account stays"), _("The erasure was withdrawn on {at}.")),
    "export_ready": _letter(_("Your data is ready"), _("Download it in the app until {detail}.")),
    "factors_reset": _letter(
        _("Your second factors were removed"), _("Staff removed them on {at}, as you asked."), _NOT_ME
    ),
    "factors_reset_agreed": _letter(
        _("Your second factors will be removed"),
        _("Two of our staff agreed to it. It happens on {detail}, unless you log in with one of them before."),
        _NOT_ME_YET,
    ),
    "factors_reset_asked": _letter(
        _("Somebody asks us to remove your second factors"),
        _("They know your password, and asked on {at}. Staff will make sure that it is you."),
        _NOT_ME_YET,
    ),
    "factors_reset_stopped": _letter(
        _("Your second factors stay"), _("The request to remove them ended on {at}. Nothing was removed.")
    ),
    "impersonated": _letter(
        _("Staff looked into your account"),
        _("Since {at} somebody of our staff sees what you see, to help: {detail}. They can move no money."),
    ),
    "login_linked": _letter(_("A new way to log in"), _("{detail} was linked to your account on {at}."), _NOT_ME),
    "login_unlinked": _letter(_("A way to log in was removed"), _("{detail} was unlinked on {at}."), _NOT_ME),
    "new_device": _letter(_("A new device"), _("Somebody logged in from {device} on {at} {detail}."), _NOT_ME),
    "passkey_added": _letter(_("A passkey was added"), _("The passkey “{detail}” was added on {at}."), _NOT_ME),
    "passkey_removed": _letter(_("A passkey was removed"), _("The passkey “{detail}” was removed on {at}."), _NOT_ME),
    "password_changed": _letter(
        _("Your password changed"), _("It was changed on {at}; other sessions are over."), _NOT_ME
    ),
    "phone_changed": _letter(_("Your phone number changed"), _("It was changed on {at}."), _NOT_ME),
    "recovery_code_used": _letter(
        _("A recovery code was used"), _("Somebody logged in with one on {at}; {detail} are left."), _NOT_ME
    ),
    "recovery_codes_made": _letter(
        _("New recovery codes"), _("They were made on {at}; the old ones are void."), _NOT_ME
    ),
    "restricted": _letter(
        _("Something is closed to you for a time"),
        _("Since {at}: {detail}. Read in the app why and until when, and ask a human to look at it."),
    ),
    "restriction_lifted": _letter(_("A restriction is over"), _("{detail} is open to you again since {at}.")),
    "restriction_upheld": _letter(
        _("Your appeal was refused"), _("{detail} stays closed to you. Read in the app why and until when.")
    ),
    "totp_added": _letter(_("An authenticator app was added"), _("It is asked for since {at}."), _NOT_ME),
    "totp_removed": _letter(_("Your authenticator app was removed"), _("It was removed on {at}."), _NOT_ME),
    "verification_ends": _letter(
        _("A document will soon be too old"), _("Your {detail} ends in a month. Send a new one to keep your level.")
    ),
    "verification_expired": _letter(
        _("A document has expired"), _("Your {detail} is too old since {at}. Send a new one to keep your badge.")
    ),
    "verification_rejected": _letter(
        _("We could not verify a document"), _("Your document was refused: {detail}. You can send another.")
    ),
    "verification_revoked": _letter(_("A verification was withdrawn"), _("{detail} counts no more since {at}.")),
    "verified": _letter(_("You are verified"), _("Your {detail} was verified on {at}.")),
}

# Of ``RoleGranted.change``: what was taken back and what has run out read the same.
ROLE_GIVEN: Final = _letter(_("You may do more"), _("You were given the role {title} on {at}."))
ROLE_LOST: Final = _letter(_("A role was taken back"), _("You no longer have the role {title} since {at}."))
