"""SMS through Twilio's protocol, spoken with a server of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kelmah.ids import new_id
from kelmah.outbound import NotSent, Refused, Sms, sms_gateway, twilio
from tests.kernel.outbound import twilio_server as provider

NUMBER = "+233241234567"


@pytest.fixture
def server(settings: Any) -> Iterator[provider.TwilioServer]:
    with provider.twilio_server() as running:
        settings.SMS_PROVIDER, settings.TWILIO_URL = "twilio", running.url
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = provider.SID, provider.TOKEN
        settings.TWILIO_FROM = "Kelmah"
        yield running


def send(number: str = NUMBER, text: str = "Your code is 123456.") -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    sms_gateway().send(Sms(message_id=new_id(), number=number, text=text, at=at))


def test_a_text_arrives_as_it_was_written(server):
    send(text="Wo kɔd yɛ 123456 & a+b=c 😀")
    (asked,) = server.messages
    assert asked.path == f"/2010-04-01/Accounts/{provider.SID}/Messages.json"
    assert asked.form == {"To": NUMBER, "From": "Kelmah", "Body": "Wo kɔd yɛ 123456 & a+b=c 😀"}


def test_a_messaging_service_is_named_as_one(server, settings):
    settings.TWILIO_FROM = "MG" + "1" * 32
    send()
    assert server.messages[0].form["MessagingServiceSid"] == settings.TWILIO_FROM
    assert "From" not in server.messages[0].form


@pytest.mark.parametrize("number", [provider.OPTED_OUT, provider.NO_NUMBER])
def test_what_will_never_be_delivered_is_refused_for_good(server, number):
    with pytest.raises(Refused) as refused:
        send(number)
    assert number not in str(refused.value)


@pytest.mark.parametrize("number", [provider.BUSY, provider.BROKEN, provider.ENDLESS, provider.ELSEWHERE])
def test_anything_else_is_worth_another_try(server, number):
    with pytest.raises(NotSent) as refused:
        send(number)
    assert not isinstance(refused.value, Refused)


def test_our_own_wrong_password_does_not_count_against_the_reader(server, settings):
    settings.TWILIO_AUTH_TOKEN = "wrong"
    with pytest.raises(NotSent) as refused:
        send()
    assert not isinstance(refused.value, Refused)
    assert "wrong" not in str(refused.value)


def test_a_provider_that_does_not_answer_is_given_up_in_time(server, monkeypatch):
    monkeypatch.setattr(twilio, "_TIMEOUT", 0.2)
    server.slow = 1.0
    with pytest.raises(NotSent):
        send()


def test_a_provider_that_is_away_is_an_error_like_others(settings):
    settings.SMS_PROVIDER, settings.TWILIO_URL = "twilio", "http://127.0.0.1:1"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC", "x", "Kelmah"
    with pytest.raises(NotSent):
        send()
