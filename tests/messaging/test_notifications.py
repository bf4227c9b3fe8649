"""Telling people: once per event and reader, in their language, in the app and by mail."""

import email
import smtplib
from datetime import timedelta
from email.policy import default

import pytest
from django.utils import translation

from domains.messaging import actions, queries
from domains.messaging.models import Contact, Delivery, Notification
from domains.messaging.rules import ATTEMPTS, LEASE
from kelmah import clock as kelmah_clock
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.store import store
from kelmah.ids import new_id
from kelmah.live.hints import channel_of, unpack
from tests.messaging.factories import ContactFactory, NoticeFactory

pytestmark = pytest.mark.domain("messaging")


def tell(contact: Contact, **notice) -> Delivery | None:
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=contact.user_id, **notice)])
    return Delivery.objects.order_by("-id").first()


def mails(mailbox) -> list:
    return [email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(mailbox.rglob("*.eml"))]


def test_a_notice_is_written_down_with_the_things_it_is_about():
    contact = ContactFactory()
    tell(contact, data={"contract_id": "x"})
    told = Notification.objects.get()
    assert (told.title, told.body) == ("You were paid", "1125.00 GHS are in your wallet.")
    assert (told.data, told.read_at) == ({"contract_id": "x"}, None)


def test_an_event_is_told_to_a_reader_once():
    contact, event_id = ContactFactory(), new_id()
    for _ in range(2):
        actions.notify(event_id=event_id, notices=[NoticeFactory(user_id=contact.user_id)])
    assert (Notification.objects.count(), Delivery.objects.count()) == (1, 1)


def test_readers_are_told_in_their_own_language(monkeypatch):
    spoken = []
    monkeypatch.setattr(
        "domains.messaging.actions.notifications.gettext",
        lambda text: spoken.append(translation.get_language()) or text,
    )
    tell(ContactFactory(locale="fr"))
    tell(ContactFactory(locale="tw"))
    assert spoken == ["fr", "fr", "tw", "tw"]


def test_what_is_not_worth_a_letter_stays_in_the_app():
    assert tell(ContactFactory(), by_mail=False) is None
    assert Notification.objects.count() == 1


@pytest.mark.domain("messaging", transaction=True)
def test_whoever_is_connected_is_hinted_at_after_the_commit():
    contact = ContactFactory()
    listener = store().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(channel_of(f"user:{contact.user_id}"))
    listener.get_message(timeout=1)
    tell(contact)
    frame = unpack(listener.get_message(timeout=2)["data"]).frame
    assert b'"type":"notification"' in frame
    assert b"You were paid" in frame


def test_a_mail_is_one_file_in_its_readers_folder(mailbox):
    delivery = tell(ContactFactory(email="ama.serwaa@example.com", display_name="Ama Serwaa"))
    assert actions.deliver(delivery_id=delivery.id) == "sent"
    (mail,) = mails(mailbox)
    assert [path.parent.name for path in mailbox.rglob("*.eml")] == ["ama.serwaa@example.com"]
    assert mail["To"] == "Ama Serwaa <ama.serwaa@example.com>"
    assert mail["Subject"] == "You were paid"
    assert str(delivery.id) in mail["Message-ID"]
    assert "Hello Ama Serwaa," in mail.get_content()
    assert "1125.00 GHS are in your wallet." in mail.get_content()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_to, delivery.attempts) == ("sent", "ama.serwaa@example.com", 1)


def test_a_mail_that_was_sent_is_not_sent_again(mailbox):
    delivery = tell(ContactFactory())
    actions.deliver(delivery_id=delivery.id)
    assert actions.deliver(delivery_id=delivery.id) is None
    assert actions.sweep_deliveries() == 0
    assert len(mails(mailbox)) == 1


def test_nothing_half_written_lies_in_a_mailbox(mailbox):
    delivery = tell(ContactFactory())
    actions.deliver(delivery_id=delivery.id)
    assert [path.suffix for path in mailbox.rglob("*") if path.is_file()] == [".eml"]


@pytest.mark.parametrize("name", ["Ama\r\nBcc: everybody@example.com", 'Ama "the boss"', "Ɔyɛ Kofi", ""])
def test_names_write_no_headers_of_their_own(mailbox, name):
    delivery = tell(ContactFactory(display_name=name, email="ama@example.com"))
    state = actions.deliver(delivery_id=delivery.id)
    assert state == ("waiting" if "\n" in name else "sent")
    for mail in mails(mailbox):
        assert mail["Bcc"] is None
        assert mail["To"].addresses[0].addr_spec == "ama@example.com"


def test_words_of_users_stay_in_the_body(mailbox):
    delivery = tell(ContactFactory(), body="“{title}”", words={"title": "x\n\nSubject: y\r\nBcc: z@example.com"})
    actions.deliver(delivery_id=delivery.id)
    (mail,) = mails(mailbox)
    assert (mail["Subject"], mail["Bcc"]) == ("You were paid", None)


@pytest.mark.parametrize(("kind", "mails_sent"), [("escrow_released", 0), ("account_changed", 1)])
def test_whose_account_is_off_gets_letters_about_it_only(mailbox, kind, mails_sent):
    delivery = tell(ContactFactory(status="deactivated"), kind=kind)
    state = actions.deliver(delivery_id=delivery.id)
    assert (len(mails(mailbox)), state) == (mails_sent, "sent" if mails_sent else "skipped")


def test_somebody_without_an_address_gets_no_mail(mailbox):
    assert tell(ContactFactory(email="")) is None
    delivery = tell(ContactFactory())
    Contact.objects.update(email="")
    assert actions.deliver(delivery_id=delivery.id) == "skipped"
    assert mails(mailbox) == []


def test_somebody_whom_identity_has_not_told_of_yet_is_waited_for(mailbox, clock):
    user_id = new_id()
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=user_id)])
    delivery = Delivery.objects.get()
    assert actions.deliver(delivery_id=delivery.id) == "waiting"
    ContactFactory(user_id=user_id)
    assert actions.sweep_deliveries() == 0
    clock.advance(seconds=21)
    assert actions.sweep_deliveries() == 1
    assert len(mails(mailbox)) == 1


def test_a_failing_mail_is_tried_later_and_later_and_then_given_up(mailbox, clock):
    mailbox.write_text("in the way")  # a file where the folder should be
    delivery = tell(ContactFactory())
    tried = 0
    while tried < 50:
        tried += actions.sweep_deliveries()
        delivery.refresh_from_db()
        if delivery.state == "failed":
            break
        assert delivery.next_at > kelmah_clock.now()
        clock.advance(hours=1)
    assert (delivery.attempts, tried) == (ATTEMPTS, ATTEMPTS)
    assert "FileExistsError" in delivery.last_error or "NotADirectoryError" in delivery.last_error


def test_a_worker_that_dies_while_sending_blocks_a_mail_no_longer_than_its_lease(mailbox, clock):
    delivery = tell(ContactFactory())
    Delivery.objects.filter(id=delivery.id).update(attempts=1, next_at=kelmah_clock.now() + LEASE)  # as claimed
    assert actions.deliver(delivery_id=delivery.id) is None
    clock.advance(seconds=LEASE.total_seconds())
    assert actions.sweep_deliveries() == 1
    assert len(mails(mailbox)) == 1


def test_a_mail_sent_twice_is_the_same_file(mailbox):
    delivery = tell(ContactFactory())
    for _ in range(2):
        Delivery.objects.filter(id=delivery.id).update(state="waiting", next_at=kelmah_clock.now())
        actions.deliver(delivery_id=delivery.id)
    assert len(mails(mailbox)) == 1


def test_staff_has_a_mail_sent_again(mailbox, drain):
    delivery = tell(ContactFactory())
    drain()
    for path in mailbox.rglob("*.eml"):
        path.unlink()
    actions.resend(delivery_id=delivery.id)
    with pytest.raises(InvalidTransition):
        actions.resend(delivery_id=delivery.id)
    drain()
    assert len(mails(mailbox)) == 1


def test_the_worker_sends_what_was_told(mailbox, drain):
    tell(ContactFactory())
    drain()
    assert len(mails(mailbox)) == 1
    assert Delivery.objects.get().state == "sent"


def test_reading_is_noted_once_and_only_by_its_reader(principal, clock):
    contact = ContactFactory()
    tell(contact)
    told = Notification.objects.get()
    mine = principal("worker", user_id=contact.user_id)
    with pytest.raises(NotFound):
        actions.read_notification(notification_id=told.id, by=principal("worker"))
    assert queries.unread_notifications(contact.user_id) == 1
    first = actions.read_notification(notification_id=told.id, by=mine)
    clock.advance(hours=1)
    assert actions.read_notification(notification_id=told.id, by=mine) == first
    assert queries.unread_notifications(contact.user_id) == 0


def test_after_ninety_days_they_are_forgotten_with_their_deliveries(clock):
    tell(ContactFactory())
    clock.advance(days=89)
    tell(ContactFactory())
    assert actions.forget_old_notifications() == 0
    clock.advance(days=2)
    assert actions.forget_old_notifications(limit=1) == 1
    assert (Notification.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_mail_server_gets_the_whole_letter(settings, smtp_server):
    settings.EMAIL_HOST, settings.EMAIL_PORT = smtp_server.address
    settings.EMAIL_USE_TLS = False
    delivery = tell(ContactFactory(email="ama@example.com"))
    assert actions.deliver(delivery_id=delivery.id) == "sent"
    (envelope,) = smtp_server.letters
    assert envelope.recipients == ["ama@example.com"]
    assert email.message_from_bytes(envelope.content, policy=default)["Subject"] == "You were paid"


def test_a_mail_server_that_is_away_is_tried_again(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    delivery = tell(ContactFactory())
    assert actions.deliver(delivery_id=delivery.id) == "waiting"
    delivery.refresh_from_db()
    assert delivery.next_at - kelmah_clock.now() > timedelta(seconds=15)
    assert "ConnectionRefusedError" in delivery.last_error


def test_a_mail_server_that_refuses_the_reader_is_an_error_like_others(settings, smtp_server):
    settings.EMAIL_HOST, settings.EMAIL_PORT = smtp_server.address
    settings.EMAIL_USE_TLS = False
    smtp_server.refuses = True
    delivery = tell(ContactFactory())
    assert actions.deliver(delivery_id=delivery.id) == "waiting"
    delivery.refresh_from_db()
    assert smtplib.SMTPRecipientsRefused.__name__ in delivery.last_error
