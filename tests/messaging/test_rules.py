"""What a message may be, whom an event is told to, and where a delivery may go."""

import unicodedata
from datetime import timedelta
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.messaging import rules
from domains.messaging.rules.account_notices import ACCOUNT
from domains.messaging.rules.notices import kind_of
from kelmah.errors import InvalidInput, InvalidTransition
from kelmah.events.event import REGISTRY
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import MilestoneApproved
from kelmah.interfaces.identity.events import (
    AccountChanged,
    AddressesChanged,
    NoticeSettingsChanged,
    PersonAsked,
    ProfileUpdated,
    SessionRevoked,
    UserStatusChanged,
    UserVerified,
)
from kelmah.interfaces.identity.types import ACCOUNT_CHANGES
from kelmah.interfaces.marketplace.events import JobClosed
from kelmah.interfaces.payments.events import AddressCredited, EscrowFundingFailed, EscrowReleased, PayoutFailed
from kelmah.money import Money
from tests.messaging.samples import sample_of

LISTENED_TO = sorted(
    (event for event in REGISTRY.values() if "messaging" in event.listeners), key=lambda event: event.topic
)


@given(st.text(max_size=200))
def test_a_text_is_stored_whole_or_refused(text):
    try:
        stored = rules.cleaned_text(text, has_files=False)
    except InvalidInput:
        plain = unicodedata.normalize("NFC", text).strip()
        assert not plain or "\x00" in plain
    else:
        assert stored == unicodedata.normalize("NFC", text).strip()
        assert rules.cleaned_text(stored, has_files=False) == stored


def test_five_thousand_characters_are_the_limit():
    assert rules.cleaned_text("ɔ" * 5_000, has_files=False)
    with pytest.raises(InvalidInput) as refused:
        rules.cleaned_text("ɔ" * 5_001, has_files=False)
    assert refused.value.errors[0].pointer == "/text"


def test_what_looks_the_same_is_counted_as_the_same():
    assert rules.cleaned_text("e\u0301" * 5_000, has_files=False) == "é" * 5_000


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_message_needs_a_file(text):
    with pytest.raises(rules.MessageEmpty):
        rules.cleaned_text(text, has_files=False)
    assert rules.cleaned_text(text, has_files=True) == ""


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d", "\udc00"])
def test_what_postgresql_can_not_store_is_refused(text):
    with pytest.raises(InvalidInput):
        rules.cleaned_text(text, has_files=True)


@pytest.mark.parametrize("name", ["a", "phone-1-0007", "~" * 64, "01930d2e-2200-7b02-8b02-1a2b3c4d5e6f"])
def test_names_that_clients_may_give(name):
    rules.check_client_id(name)


@pytest.mark.parametrize("name", ["", "a" * 65, "with space", "tab\t", "ɔ", "a\x00"])
def test_names_that_clients_may_not_give(name):
    with pytest.raises(InvalidInput):
        rules.check_client_id(name)


@given(st.uuids(), st.uuids())
def test_a_pair_is_the_same_whoever_is_named_first(one, other):
    assert rules.pair(one, other) == rules.pair(other, one)


def test_topics_name_their_conversation():
    conversation_id = new_id()
    assert rules.conversation_of(rules.conversation_topic(conversation_id)) == conversation_id
    with pytest.raises(ValueError, match="no conversation"):
        rules.conversation_of(rules.user_topic(conversation_id))


def test_every_state_of_a_delivery_can_be_reached_and_left_or_is_final():
    assert not rules.DELIVERY.unreachable()
    assert not rules.DELIVERY.dead_ends()
    with pytest.raises(InvalidTransition):
        rules.DELIVERY.check("resend", "waiting")


def test_pauses_between_attempts_grow_up_to_an_hour():
    pauses = [rules.pause_after(attempt) for attempt in range(1, rules.ATTEMPTS + 4)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=20), timedelta(hours=1))


# Notices


# What changes how people are told of things, or asks something; of the rest AccountChanged says what is to be said.
HEARD_IN_SILENCE = {
    AddressesChanged,
    NoticeSettingsChanged,
    PersonAsked,
    ProfileUpdated,
    UserStatusChanged,
    UserVerified,
}


@pytest.mark.parametrize("event", LISTENED_TO, ids=lambda event: event.topic)
def test_every_event_that_messaging_hears_can_be_put_into_words(event):
    members = {AccountChanged: {"what": "new_device"}, AddressCredited: {"user_id": new_id()}}
    notices = rules.notices_of(sample_of(event, **members.get(event, {})))
    if event in HEARD_IN_SILENCE:
        assert notices == []
        return
    assert notices or event is SessionRevoked
    for notice in notices:
        assert notice.title == notice.title.format(), "a title is the subject of a mail: no words of users in it"
        told = notice.body.format(**notice.words)
        assert "{" not in told
        assert "None" not in told


def test_there_are_words_for_everything_that_may_change_in_an_account():
    assert set(ACCOUNT) == set(ACCOUNT_CHANGES)
    for what in ACCOUNT_CHANGES:
        (notice,) = rules.notices_of(sample_of(AccountChanged, what=what))
        assert "{" not in notice.body.format(**notice.words)


@pytest.mark.parametrize("event", rules.NOTICES, ids=lambda event: event.topic)
def test_the_table_names_fields_that_the_event_has(event):
    names = set(event.__dataclass_fields__)
    for telling in rules.NOTICES[event]:
        assert telling.to in names
        assert {field for _, field, _, _ in Formatter().parse(telling.body) if field} <= names


def test_each_side_of_a_release_is_told_what_concerns_it():
    event = sample_of(EscrowReleased, net=Money(112_500, "GHS"), gross=Money(125_000, "GHS"), fee=Money(12_500, "GHS"))
    worker, hirer = rules.notices_of(event)
    assert (worker.user_id, worker.by_mail) == (event.worker_id, True)
    assert (hirer.user_id, hirer.by_mail) == (event.hirer_id, False)
    told = worker.body.format(**worker.words)
    assert told == f"1125.00 GHS for “{event.title}” are in your wallet (1250.00 GHS less 125.00 GHS fee)."
    assert worker.data == {
        "milestone_id": str(event.milestone_id),
        "contract_id": str(event.contract_id),
        "hirer_id": str(event.hirer_id),
    }


def test_everybody_whose_proposal_ended_with_a_job_is_told_once():
    workers = [new_id() for _ in range(3)]
    event = sample_of(JobClosed, worker_ids=[*workers, workers[0]])
    assert sorted(notice.user_id for notice in rules.notices_of(event)) == sorted([event.hirer_id, *workers])


@pytest.mark.parametrize(
    ("owner", "purpose", "where"),
    [
        ("", "", "came back to your wallet"),  # an event of before there were other owners
        ("user", "available", "came back to your wallet"),
        ("user", "earnings", "came back to your wallet"),
        ("user", "savings", "did not reach your account"),
        ("fleet", "deposit", "did not reach your account"),
    ],
)
def test_what_was_not_their_wallets_is_not_said_to_be_in_it_again(owner, purpose, where):
    user_id = new_id()
    named = f"user:{user_id}" if owner == "user" else owner and f"{owner}:{new_id()}"
    (notice,) = rules.notices_of(sample_of(PayoutFailed, user_id=user_id, owner=named, purpose=purpose))
    assert notice.user_id == user_id
    assert where in notice.body.format(**notice.words)


def test_of_what_was_paid_to_a_vehicles_address_nobody_is_told_here():
    assert rules.notices_of(sample_of(AddressCredited, owner=f"vehicle:{new_id()}", user_id=None)) == []


def test_codes_are_told_as_words():
    (notice,) = rules.notices_of(sample_of(EscrowFundingFailed, reason="insufficient_funds"))
    assert "(insufficient funds)" in notice.body.format(**notice.words)


def test_only_a_stolen_key_is_worth_a_letter_about_a_session():
    assert rules.notices_of(sample_of(SessionRevoked, reason="logout")) == []
    (notice,) = rules.notices_of(sample_of(SessionRevoked, reason="refresh_reused", device="Pixel 9"))
    assert notice.by_mail
    assert "Pixel 9" in notice.body.format(**notice.words)


def test_users_words_are_put_in_as_they_are():
    (notice,) = rules.notices_of(sample_of(MilestoneApproved, title="{amount} {0} %s <b>"))
    assert "“{amount} {0} %s <b>”" in notice.body.format(**notice.words)


def test_kinds_are_names_that_clients_can_rely_on():
    assert kind_of(EscrowReleased) == "escrow_released"
