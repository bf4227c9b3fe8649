"""Channels and quiet hours: what people set is obeyed, except for word of their account."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.messaging import actions
from domains.messaging.models import Contact, Delivery, Notification
from domains.messaging.rules import NOTICES, channels_for, not_before, sms_text, topic_of
from domains.messaging.rules.notices import kind_of
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import NoticeSettingsChanged
from kelmah.interfaces.identity.types import NOTICE_TOPICS
from tests.messaging.factories import ContactFactory, NoticeFactory
from tests.messaging.test_handlers import twice

pytestmark = pytest.mark.domain("messaging")


def tell(contact: Contact, **notice) -> dict[str, Delivery]:
    actions.notify(event_id=new_id(), notices=[NoticeFactory(user_id=contact.user_id, **notice)])
    return {delivery.channel: delivery for delivery in Delivery.objects.filter(notification__user_id=contact.user_id)}


def files(mailbox) -> list[str]:
    return sorted(f"{path.parent.name}{path.suffix}" for path in mailbox.rglob("*.*") if path.is_file())


# --- channels ----------------------------------------------------------------------------------------------------


def test_every_kind_belongs_to_a_topic_that_people_can_set():
    assert {topic_of(kind_of(event)) for event in NOTICES} == set(NOTICE_TOPICS)
    assert topic_of("escrow_released") == "money"
    assert topic_of("account_changed") == topic_of("session_revoked") == "account"


@pytest.mark.parametrize(
    ("kind", "addresses", "wishes", "channels"),
    [
        ("escrow_released", "mail phone", {}, ["email"]),
        ("escrow_released", "mail phone", {"sms_on": ["money"]}, ["email", "sms"]),
        ("escrow_released", "mail phone", {"mail_off": ["money"], "sms_on": ["money"]}, ["sms"]),
        ("escrow_released", "mail phone", {"mail_off": ["money"]}, []),
        ("escrow_released", "mail phone", {"mail_off": ["jobs"]}, ["email"]),
        ("escrow_released", "phone", {}, []),
        ("escrow_released", "mail", {"sms_on": ["money"]}, ["email"]),
        ("account_changed", "mail phone", {"mail_off": ["account"]}, ["email"]),
        ("account_changed", "phone", {}, ["sms"]),
        ("account_changed", "mail phone", {"sms_on": ["account"]}, ["email", "sms"]),
        ("account_changed", "", {}, []),
    ],
)
def test_ways_to_somebody(kind, addresses, wishes, channels):
    found = channels_for(
        kind,
        topic_of(kind),
        email="ama@example.com" if "mail" in addresses else "",
        phone="+233241234567" if "phone" in addresses else "",
        mail_off=wishes.get("mail_off", []),
        sms_on=wishes.get("sms_on", []),
    )
    assert found == channels


def test_a_topic_that_is_off_sends_no_mail_and_stays_in_the_app(mailbox):
    contact = ContactFactory(mail_off=["money"])
    assert tell(contact) == {}
    assert contact.user_id in {row.user_id for row in Notification.objects.all()}


def test_a_topic_that_is_wanted_by_phone_is_texted(mailbox):
    contact = ContactFactory(phone="+233241234567", sms_on=["money"])
    for delivery in tell(contact).values():
        assert actions.deliver(delivery_id=delivery.id) == "sent"
    assert files(mailbox) == ["+233241234567.txt", f"{contact.email}.eml"]
    text = next(mailbox.rglob("*.txt")).read_text()
    assert text == "You were paid. 1125.00 GHS are in your wallet.\n"


def test_whoever_changed_their_mind_while_a_letter_waited_gets_none(mailbox):
    contact = ContactFactory()
    (delivery,) = tell(contact).values()
    Contact.objects.update(mail_off=["money"])
    assert actions.deliver(delivery_id=delivery.id) == "skipped"
    assert files(mailbox) == []


def test_a_long_notice_is_cut_for_a_phone():
    assert len(sms_text("A title", "a" * 1_000)) == 300


# --- quiet hours -------------------------------------------------------------------------------------------------


def at(text: str, zone: str = "Africa/Accra") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "leaves"),
    [
        ("2026-03-10 20:59:59", ("21:00", "06:30"), "2026-03-10 20:59:59"),
        ("2026-03-10 21:00", ("21:00", "06:30"), "2026-03-11 06:30"),
        ("2026-03-11 03:00", ("21:00", "06:30"), "2026-03-11 06:30"),
        ("2026-03-11 06:30", ("21:00", "06:30"), "2026-03-11 06:30"),
        ("2026-03-11 12:00", ("12:00", "14:00"), "2026-03-11 14:00"),
        ("2026-03-11 14:00", ("12:00", "14:00"), "2026-03-11 14:00"),
        ("2026-12-31 23:30", ("21:00", "06:30"), "2027-01-01 06:30"),
    ],
)
@pytest.mark.parametrize("zone", ["Africa/Accra", "Europe/Paris", "Asia/Kolkata", "America/New_York"])
def test_letters_leave_after_quiet_hours_in_the_readers_zone(now, quiet, leaves, zone):
    starts, ends = map(time.fromisoformat, quiet)
    found = not_before(at(now, zone), kind="escrow_released", zone=zone, quiet_from=starts, quiet_until=ends)
    assert found == at(leaves, zone)


_TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    starts=_TIMES,
    ends=_TIMES,
    zone=st.sampled_from(["Africa/Accra", "Europe/Paris", "America/St_Johns"]),
)
def test_nothing_waits_longer_than_a_day_and_nothing_leaves_in_quiet_hours(now, starts, ends, zone):
    if starts == ends:
        return
    now = now.replace(tzinfo=UTC)
    leaves = not_before(now, kind="escrow_released", zone=zone, quiet_from=starts, quiet_until=ends)
    assert now <= leaves <= now + timedelta(hours=25)  # of the day on which clocks go back
    assert not_before(leaves, kind="escrow_released", zone=zone, quiet_from=starts, quiet_until=ends) == leaves


def test_a_letter_of_the_night_waits_for_the_morning(mailbox, clock):
    contact = ContactFactory(zone="UTC", **_quiet_around(clock.now()))
    (delivery,) = tell(contact).values()
    assert delivery.next_at > clock.now()
    assert actions.deliver(delivery_id=delivery.id) is None
    assert actions.sweep_deliveries() == 0
    clock.advance(hours=2)
    assert actions.sweep_deliveries() == 1
    assert len(files(mailbox)) == 1


def test_a_try_in_quiet_hours_is_put_off_and_counts_as_none(mailbox, clock):
    contact = ContactFactory(zone="UTC")
    (delivery,) = tell(contact).values()
    Contact.objects.update(**_quiet_around(clock.now()))
    assert actions.deliver(delivery_id=delivery.id) == "waiting"
    delivery.refresh_from_db()
    assert delivery.attempts == 0
    assert delivery.next_at > clock.now()


def test_word_of_the_account_waits_for_nothing(mailbox, clock):
    contact = ContactFactory(zone="UTC", mail_off=["account"], **_quiet_around(clock.now()))
    (delivery,) = tell(contact, kind="account_changed").values()
    assert actions.deliver(delivery_id=delivery.id) == "sent"


def test_what_somebody_set_is_obeyed_from_then_on():
    contact = ContactFactory()
    twice(
        NoticeSettingsChanged(
            user_id=contact.user_id, mail_off=["jobs"], sms_on=["money"], quiet_from="21:00", quiet_until="06:30"
        )
    )
    contact.refresh_from_db()
    assert (contact.mail_off, contact.sms_on) == (["jobs"], ["money"])
    assert (contact.quiet_from, contact.quiet_until) == (time(21), time(6, 30))
    twice(NoticeSettingsChanged(user_id=contact.user_id, mail_off=[], sms_on=[], quiet_from="", quiet_until=""))
    contact.refresh_from_db()
    assert (contact.mail_off, contact.quiet_from) == ([], None)


def _quiet_around(now: datetime) -> dict[str, time]:
    """An hour before and an hour after."""
    return {
        "quiet_from": (now - timedelta(hours=1)).time().replace(microsecond=0),
        "quiet_until": (now + timedelta(hours=1)).time().replace(microsecond=0),
    }
