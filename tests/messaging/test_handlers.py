"""What messaging hears, through the inbox, and that hearing it twice is safe."""

import json

import pytest
from django.core.checks import run_checks

from domains.messaging import handlers
from domains.messaging.models import Contact, Conversation, Delivery, Inbox, Member, Notification
from domains.messaging.rules import NOTICES
from kelmah import clock as kelmah_clock
from kelmah.db import atomic
from kelmah.events.event import Event
from kelmah.events.handlers import handlers_of, hearing
from kelmah.events.inbox import hear
from kelmah.events.serialization import encode_event
from kelmah.http.store import store
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractCreated, MilestoneChangesRequested
from kelmah.interfaces.identity.events import (
    AddressesChanged,
    ProfileUpdated,
    SessionRevoked,
    UserRegistered,
    UserStatusChanged,
)
from kelmah.interfaces.payments.events import EscrowReleased
from kelmah.live.hints import channel_of, unpack
from tests.messaging.factories import ContactFactory
from tests.messaging.samples import sample_of

pytestmark = pytest.mark.domain("messaging")


def arrives(event: Event, *, event_id=None) -> None:
    """The event comes to messaging's inbox, as the relay brings it, and every handler hears it."""
    event_id = event_id or new_id()
    for handler in handlers_of(event.topic, "messaging"):
        Inbox.objects.get_or_create(
            event_id=event_id,
            handler=handler.name,
            defaults={
                "source": event.domain,
                "topic": event.topic,
                "event_version": event.version,
                "key": event.key,
                "payload": json.loads(encode_event(event)),
                "occurred_at": kelmah_clock.now(),
                "trace": {"request_id": ""},
            },
        )
    hear("messaging", raising=True)


def twice(event: Event) -> None:
    """Once through the inbox, and once more by each handler, as if the mark had been lost."""
    event_id = new_id()
    arrives(event, event_id=event_id)
    for handler in handlers_of(event.topic, "messaging"):
        with atomic("messaging"), hearing(event_id):
            handler.function(event)


def test_letters_go_to_the_addresses_that_were_proved_last():
    contact = ContactFactory(email="old@example.com")
    twice(AddressesChanged(user_id=contact.user_id, email="", phone="+233241234567"))
    contact.refresh_from_db()
    assert (contact.email, contact.phone) == ("", "+233241234567")


def test_the_state_of_an_account_is_followed():
    contact = ContactFactory()
    twice(UserStatusChanged(user_id=contact.user_id, status="suspended"))
    contact.refresh_from_db()
    assert contact.status == "suspended"


def test_events_and_handlers_agree():
    assert [problem for problem in run_checks() if "messaging" in str(problem)] == []


@pytest.mark.parametrize("kind", [*NOTICES, SessionRevoked, ProfileUpdated], ids=lambda kind: kind.topic)
def test_everything_that_messaging_hears_can_be_heard_twice(kind):
    twice(sample_of(kind))
    counts = (Notification.objects.count(), Delivery.objects.count(), Conversation.objects.count())
    assert Inbox.objects.filter(completed_at__isnull=True).count() == 0
    assert Notification.objects.values("event_id", "user_id").distinct().count() == counts[0]
    assert counts[2] == (1 if kind is ContractCreated else 0)


def test_somebody_new_is_known_and_welcomed_in_that_order():
    event = sample_of(UserRegistered, display_name="Ama", email="ama@example.com", locale="en", zone="Africa/Accra")
    twice(event)
    contact = Contact.objects.get()
    assert (contact.display_name, contact.email, contact.zone) == ("Ama", "ama@example.com", "Africa/Accra")
    assert Notification.objects.get().body.startswith("Hello Ama,")
    assert Delivery.objects.count() == 1


def test_a_new_name_is_followed_and_the_address_kept():
    contact = ContactFactory(display_name="Ama", email="ama@example.com")
    twice(sample_of(ProfileUpdated, user_id=contact.user_id, display_name="Ama S.", locale="fr"))
    contact.refresh_from_db()
    assert (contact.display_name, contact.email, contact.locale) == ("Ama S.", "ama@example.com", "fr")


def test_a_new_name_of_somebody_unknown_makes_nobody():
    arrives(sample_of(ProfileUpdated))
    assert Contact.objects.count() == 0


def test_a_contract_opens_its_conversation_and_tells_both():
    event = sample_of(ContractCreated, title="Fit kitchen cabinets")
    twice(event)
    room = Conversation.objects.get()
    assert (room.context_kind, room.context_id, room.title) == ("contract", event.contract_id, event.title)
    assert set(Member.objects.values_list("user_id", flat=True)) == {event.hirer_id, event.worker_id}
    assert set(Notification.objects.values_list("user_id", flat=True)) == {event.hirer_id, event.worker_id}


def test_the_same_words_about_another_event_are_told_again():
    event = sample_of(MilestoneChangesRequested)
    for _ in range(2):
        arrives(event)
    assert Notification.objects.filter(user_id=event.worker_id).count() == 2


def test_a_stolen_key_is_told_by_mail_at_once():
    contact = ContactFactory()
    twice(sample_of(SessionRevoked, user_id=contact.user_id, reason="refresh_reused", device="Pixel 9"))
    told = Notification.objects.get()
    assert "Pixel 9" in told.body
    assert Delivery.objects.get().notification_id == told.id


def test_logging_out_is_told_to_nobody():
    arrives(sample_of(SessionRevoked, reason="logout"))
    assert Notification.objects.count() == 0


@pytest.mark.domain("messaging", transaction=True)
def test_an_ended_session_is_told_to_the_live_processes():
    event = sample_of(SessionRevoked, reason="logout")
    listener = store().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(channel_of("control"))
    listener.get_message(timeout=1)
    arrives(event)
    assert str(event.session_id).encode() in unpack(listener.get_message(timeout=2)["data"]).frame


def test_letters_are_rarer_than_notifications():
    event = sample_of(EscrowReleased)
    for user_id in (event.hirer_id, event.worker_id):
        ContactFactory(user_id=user_id)
    arrives(event)
    assert Notification.objects.count() == 2
    assert Delivery.objects.get().notification.user_id == event.worker_id


def test_a_handler_that_fails_leaves_nothing_and_hears_again(monkeypatch):
    event = sample_of(ContractCreated)
    broken = handlers.actions.notify
    monkeypatch.setattr(handlers.actions, "notify", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        arrives(event)
    assert Notification.objects.count() == 0
    monkeypatch.setattr(handlers.actions, "notify", broken)
    Inbox.objects.update(available_at=kelmah_clock.now())
    hear("messaging", raising=True)
    assert Notification.objects.count() == 2
