"""PayPal's webhooks, and what its search of transactions tells."""

from datetime import timedelta

import pytest
from django.test import override_settings

from domains.payments import rules
from domains.payments.gateways import Succeeded
from domains.payments.gateways.paypal import PaypalGateway
from kelmah import clock as kelmah_clock
from kelmah.errors import Unavailable
from tests.payments.gateways.paypal_peer import MERCHANT, _paypal_process, done, order, paypal, receiver, signed, told
from tests.peers.running import peer

__all__ = ["_paypal_process", "paypal"]


APPROVED = {"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED", "resource": {"id": "5O190127TN364715T"}}


def test_a_webhook_for_another_endpoint_or_of_another_body_is_refused(paypal):
    """Row 21."""
    good = signed(paypal, APPROVED)
    notice = PaypalGateway().parse_webhook(*good)
    assert notice is not None
    assert (notice.kind, notice.ref) == ("charge", "order-5O190127TN364715T")
    for headers, body in (signed(paypal, APPROVED, webhook="ANOTHER"), (good[0], good[1].replace(b"WH-1", b"WH-2"))):
        with pytest.raises(rules.SignatureInvalid):
            PaypalGateway().parse_webhook(headers, body)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("PAYPAL-CERT-URL", "https://api.paypal.com.example.com/v1/notifications/certs/CERT-1"),
        ("PAYPAL-CERT-URL", "{url}/v1/notifications/certs/../../CERT-1"),
        ("PAYPAL-CERT-URL", "{url}/v1/notifications/certs/CERT-unknown"),
        ("PAYPAL-AUTH-ALGO", "none"),
        ("PAYPAL-TRANSMISSION-TIME", "soon"),
        ("PAYPAL-TRANSMISSION-TIME", "2016-09-21T22:00:46"),
        ("PAYPAL-TRANSMISSION-SIG", "ü"),
        ("PAYPAL-TRANSMISSION-SIG", ""),
        ("PAYPAL-TRANSMISSION-ID", "another"),
    ],
)
def test_a_webhook_with_another_header_is_refused(paypal, header, value):
    """Row 21: a certificate that lies elsewhere is nobody's."""
    headers, body = signed(paypal, APPROVED)
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook({**headers, header: value.format(url=paypal.url)}, body)


def test_a_certificate_is_good_while_its_chain_leads_from_paypal_to_a_trusted_root(paypal):
    """Row 21: the same signature, which is good, beside certificates of the same key."""
    headers, body = signed(paypal, APPROVED)
    assert PaypalGateway().parse_webhook(headers, body) is not None
    for name in (
        "CERT-stranger",
        "CERT-strangers-chain",
        "CERT-alone",
        "CERT-self",
        "CERT-expired",
        "CERT-other-holder",
        "CERT-issued-by-a-holder",
    ):
        with pytest.raises(rules.SignatureInvalid):
            PaypalGateway().parse_webhook(
                {**headers, "PAYPAL-CERT-URL": f"{paypal.url}/v1/notifications/certs/{name}"}, body
            )


def test_a_root_that_only_the_peer_knows_is_not_trusted_by_itself(paypal, settings):
    """Row 21: without a file those count whom browsers trust."""
    settings.PAYPAL_TRUSTED_ROOTS = []
    settings.PAYPAL_CERTIFICATES_URL = f"{paypal.url}/"  # another place: none of its certificates is known
    headers, body = signed(paypal, APPROVED)
    headers["PAYPAL-CERT-URL"] = headers["PAYPAL-CERT-URL"].replace("/v1/", "//v1/")
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(headers, body)


def test_a_certificate_that_was_good_is_refused_once_it_has_expired(paypal, clock):
    """Row 21: also one that is kept."""
    assert PaypalGateway().parse_webhook(*signed(paypal, APPROVED)) is not None
    clock.advance(days=399)
    assert PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=-24 * 399)) is not None
    clock.advance(days=2)
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=-24 * 401))


def test_a_webhook_from_the_future_is_refused_and_one_of_yesterday_is_not(paypal):
    """It repeats for three days what was not taken."""
    assert PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=30))
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(*signed(paypal, APPROVED, hours=-1))


def test_while_its_certificate_can_not_be_had_paypal_is_asked_to_come_again(paypal, settings):
    headers, body = signed(paypal, APPROVED)
    settings.PAYPAL_CERTIFICATES_URL = "http://127.0.0.1:9"
    headers["PAYPAL-CERT-URL"] = "http://127.0.0.1:9/v1/notifications/certs/CERT-1"
    with pytest.raises(Unavailable):
        PaypalGateway().parse_webhook(headers, body)


@pytest.mark.parametrize(
    ("event", "resource"),
    [
        ("BILLING.SUBSCRIPTION.CREATED", {"id": "I-BW452GLLEP1G"}),
        ("PAYMENT.CAPTURE.REVERSED", {"id": "5O190127TN364715T"}),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "../balances"}),
        ("PAYMENT.PAYOUTSBATCH.SUCCESS", {}),
    ],
)
def test_a_webhook_that_names_nothing_of_ours_is_passed_over(paypal, event, resource):
    assert (
        PaypalGateway().parse_webhook(*signed(paypal, {"id": "WH-1", "event_type": event, "resource": resource}))
        is None
    )


@pytest.mark.parametrize("event", [[], {}, {"id": "WH-1"}, {"id": 1, "event_type": "CHECKOUT.ORDER.APPROVED"}, "x"])
def test_a_signed_body_that_is_no_event_is_refused(paypal, event):
    with pytest.raises(rules.SignatureInvalid):
        PaypalGateway().parse_webhook(*signed(paypal, event))


# Statement


def test_a_statement_has_every_line_of_all_pages_with_its_sign_fee_and_object(settings, paypal):
    """Row 32: what is only held is no movement; what came back names what had left."""
    with peer("paypal", page=2, merchant=MERCHANT) as small, override_settings(PAYPAL_API_URL=small.url):
        charges = [done(small, order()) for _ in range(2)]
        back = done(small, order(receiver("reversed"), kind="payout", minor=400))
        given = PaypalGateway().submit(order("", kind="refund", minor=250, of=charges[0].facts.ref))
        small.settle()
        lost = told(small, "disputes", {"charge": charges[1].facts.ref, "phase": "lost"}).json()["id"]
        lines = PaypalGateway().statement(kelmah_clock.now().date())
        assert isinstance(given, Succeeded)
        assert sorted(
            (line.kind, line.amount.minor, line.fee and line.fee.minor, line.ref) for line in lines
        ) == sorted(
            [
                ("charge", 1250, 52, charges[0].facts.ref),
                ("charge", 1250, 52, charges[1].facts.ref),
                ("refund", -250, None, given.facts.ref),
                ("payout", -400, 25, back.facts.ref),
                ("payout", 400, None, back.facts.ref),
                ("dispute", -1250, None, lost),
            ]
        )
        assert {line.key for line in lines if line.kind == "charge"} == {each.facts.key for each in charges}


def test_a_day_of_more_lines_than_paypal_tells_at_once_is_asked_for_in_parts(paypal):
    yesterday = kelmah_clock.now().date() - timedelta(days=1)
    times = ("00:00:00", "00:00:00", "05:30:00", "11:59:59", "11:59:59", "12:00:00", "12:00:01", "23:59:59")
    moments = [f"{yesterday}T{each}+00:00" for each in times]
    with peer("paypal", most=2, merchant=MERCHANT) as busy, override_settings(PAYPAL_API_URL=busy.url):
        told(busy, "came", {"at": moments})
        lines = PaypalGateway().statement(yesterday)
        assert [line.occurred_at.isoformat() for line in lines] == moments
        assert len({line.line_id for line in lines}) == len(moments)
        told(busy, "came", {"at": moments[:1]})  # three in one second: there is no smaller part
        with pytest.raises(Unavailable, match="RESULTSET_TOO_LARGE"):
            PaypalGateway().statement(yesterday)


def test_a_day_that_paypal_does_not_know_whole_yet_is_asked_for_again_later(paypal):
    yesterday = kelmah_clock.now().date() - timedelta(days=1)
    told(paypal, "refreshed", {"until": f"{yesterday}T20:59:59Z"})
    with pytest.raises(Unavailable):
        PaypalGateway().statement(yesterday)
    told(paypal, "refreshed", {})
    assert PaypalGateway().statement(yesterday) == []
