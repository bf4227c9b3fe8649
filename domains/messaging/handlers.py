"""What messaging hears: everything that somebody should be told."""

from collections.abc import Callable
from datetime import time

from domains.messaging import actions, rules
from domains.messaging.actions import privacy
from kelmah.events.event import Event
from kelmah.events.handlers import handles, heard_event_id
from kelmah.interfaces.contracts.events import ContractCreated
from kelmah.interfaces.identity.events import (
    AccountChanged,
    AddressesChanged,
    NoticeSettingsChanged,
    PersonAsked,
    ProfileUpdated,
    RoleGranted,
    SessionRevoked,
    UserRegistered,
    UserStatusChanged,
    UserVerified,
)
from kelmah.interfaces.payments.events import PayoutMethodAdded, PayoutMethodDecided


@handles(UserRegistered)
def on_user_registered(event: UserRegistered) -> None:
    """Remember how to reach them. Twice is safe: the same row is written again."""
    actions.keep_contact(
        user_id=event.user_id,
        display_name=event.display_name,
        email=event.email,
        phone=event.phone,
        locale=event.locale,
        zone=event.zone,
    )


@handles(ProfileUpdated)
def on_profile_updated(event: ProfileUpdated) -> None:
    """Follow a change of name or language. Twice is safe: the same row is written again."""
    actions.rename_contact(user_id=event.user_id, display_name=event.display_name, locale=event.locale, zone=event.zone)


@handles(AddressesChanged)
def on_addresses_changed(event: AddressesChanged) -> None:
    """Write to the new addresses. Twice is safe: the same row is written again."""
    actions.move_contact(user_id=event.user_id, email=event.email, phone=event.phone)


@handles(NoticeSettingsChanged)
def on_notice_settings_changed(event: NoticeSettingsChanged) -> None:
    """Obey from now on. Twice is safe: the same row is written again."""
    quiet = (time.fromisoformat(event.quiet_from), time.fromisoformat(event.quiet_until)) if event.quiet_from else None
    actions.keep_wishes(
        user_id=event.user_id,
        mail_off=event.mail_off,
        sms_on=event.sms_on,
        quiet_from=quiet[0] if quiet else None,
        quiet_until=quiet[1] if quiet else None,
    )


@handles(UserStatusChanged)
def on_user_status_changed(event: UserStatusChanged) -> None:
    """Stop or resume letters. Twice is safe: the same row is written again."""
    actions.note_status(user_id=event.user_id, status=event.status)


@handles(ContractCreated)
def on_contract_created(event: ContractCreated) -> None:
    """Open the conversation of the two sides. Twice is safe: the pair has one conversation about the contract."""
    actions.open_conversation(
        context_kind="contract",
        context_id=event.contract_id,
        member_ids=(event.hirer_id, event.worker_id),
        title=event.title,
    )


@handles(SessionRevoked)
def on_session_revoked(event: SessionRevoked) -> None:
    """Close the session's sockets. Twice is safe: closed is closed."""
    actions.close_sockets(session_id=event.session_id)


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)


def _telling_of(kind: type[Event]) -> Callable[[Event], None]:
    def notify(event: Event) -> None:
        """Tell whom the table names. Twice is safe: unique by the event's id and the reader."""
        if notices := rules.notices_of(event):
            actions.notify(event_id=heard_event_id(), notices=notices)

    return handles(kind, name=f"tell_of_{kind.__name__}")(notify)


# One for each line of the table. A welcome needs the contact, so these come after the handlers above.
TOLD = (
    *rules.NOTICES,
    *(SessionRevoked, AccountChanged, RoleGranted, UserVerified),
    *(PayoutMethodAdded, PayoutMethodDecided),
)
TELLERS = {kind: _telling_of(kind) for kind in TOLD}
