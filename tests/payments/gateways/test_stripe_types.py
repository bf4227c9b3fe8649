"""What the adapter and its peer take for granted, against the types that Stripe generates from its specification."""

import json
import os
from pathlib import Path
from typing import Any, get_args

import pytest
import stripe
from stripe import params

from domains.payments.gateways import Unknown
from domains.payments.gateways.stripe import charges, disputes, refunds
from domains.payments.gateways.stripe.amounts import NotWritable, read, written
from domains.payments.gateways.stripe.client import API_VERSION
from kelmah.money import EXPONENTS, Money
from tests.peers.stripe import shapes

CHARGE = {"balance_transaction": {"fee": 30, "currency": "usd"}}


def literals(annotation: Any) -> list[str]:
    """The words that a field may have."""
    inner = [word for part in get_args(annotation) for word in literals(part)]
    return [part for part in get_args(annotation) if isinstance(part, str)] + inner


def made(kind: Any, **values: Any) -> Any:
    return kind.construct_from(
        shapes.blank(kind) | {"id": "x_1", "currency": "usd", "amount": 100} | values, "sk_test_1"
    )


def test_the_version_that_is_asked_for_is_the_one_of_the_types():
    assert stripe._api_version._ApiVersion.CURRENT == API_VERSION


def test_every_state_of_an_intent_means_something_to_us():
    states = literals(stripe.PaymentIntent.__annotations__["status"])
    assert "requires_action" in states
    outcomes = [charges.outcome_of(made(stripe.PaymentIntent, status=each, latest_charge=CHARGE)) for each in states]
    assert [outcome for outcome in outcomes if isinstance(outcome, Unknown)] == []


@pytest.mark.parametrize("state", ["pending", "requires_action", "succeeded", "failed", "canceled"])
def test_every_state_of_a_refund_means_something_to_us(state):
    """Stripe documents these five in words, not in types (docs.stripe.com/api/refunds/object)."""
    told = refunds.outcome_of(made(stripe.Refund, status=state, charge="ch_1"))
    assert not isinstance(told, Unknown)


def test_every_state_of_a_dispute_is_one_of_five_phases():
    states = literals(stripe.Dispute.__annotations__["status"])
    assert {"won", "lost", "warning_closed", "prevented"} <= set(states)
    for state in states:
        unmoved = {"closed"} if state in ("won", "warning_closed", "prevented") else {"inquiry"}
        for moves, phases in (([], unmoved), ([-100], {"withdrawn", "lost"}), ([-100, 100], {"reinstated"})):
            data = {"status": state, "balance_transactions": [{"amount": move} for move in moves]}
            assert disputes._phase(data) in phases


@pytest.mark.parametrize("state", ["a_state_of_next_year", "", None])
def test_a_state_that_is_new_is_unknown_never_a_guess(state):
    for outcome in (
        charges.outcome_of(made(stripe.PaymentIntent, status=state)),
        refunds.outcome_of(made(stripe.Refund, status=state, charge="ch_1")),
    ):
        assert (type(outcome), outcome.absent) == (Unknown, False)


@pytest.mark.parametrize("name", sorted(stripe.PaymentIntent.NextAction.__annotations__))
def test_no_next_action_that_stripe_documents_breaks_the_reading(name):
    inner = stripe.PaymentIntent.NextAction._inner_class_types.get(name)
    shown = dict.fromkeys(inner.__annotations__ if inner else {}, "https://x.example/")
    told = charges.next_action({"type": name, name: shown})
    assert told is None or told.kind in ("redirect", "bank_transfer", "qr_code")
    if name in ("redirect_to_url", "display_bank_transfer_instructions", "pix_display_qr_code"):
        assert told is not None


# Row 29


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
@pytest.mark.parametrize("minor", [0, 10, 990, 12_340, 10**8])
def test_every_amount_is_written_and_read_back_as_it_was(currency, minor):
    """Row 29."""
    assert read(written(Money(minor, currency)), currency.lower()) == Money(minor, currency)


def test_amounts_that_stripe_cannot_write_or_we_cannot_read_are_refused():
    """Row 29."""
    for unwritable in (Money(5124, "KWD"), Money(1, "BHD")):
        with pytest.raises(NotWritable):
            written(unwritable)
    with pytest.raises(NotWritable):
        read(150, "ugx")
    assert (written(Money(5, "JPY")), written(Money(5, "UGX")), written(Money(5, "USD"))) == (5, 500, 5)


# The checks of the peer themselves


def test_a_parameter_that_stripe_does_not_take_any_more_is_found():
    good = {"amount": "100", "currency": "usd", "confirm": "true", "metadata[order]": "x", "expand[0]": "latest_charge"}
    assert shapes.read(params.PaymentIntentCreateParams, good) == {
        "amount": 100,
        "currency": "usd",
        "confirm": True,
        "metadata": {"order": "x"},
        "expand": ["latest_charge"],
    }
    for wrong in ({"payment_method_types[0]": "card"}, {"amount": "1.5"}, {"confirm": "perhaps"}):
        with pytest.raises(shapes.UnknownParameter):
            shapes.read(params.PaymentIntentCreateParams, good | wrong)
    with pytest.raises(shapes.UnknownParameter):
        shapes.read(params.TransferCreateParams, {"amount": "1", "currency": "usd"})


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "100"}, {"amount": True}, {"status": "paid"}, {"amount_recieved": 1}, {"metadata": []}, {"id": None}],
)
def test_an_answer_that_stripe_would_not_give_is_found(wrong):
    good = shapes.blank(stripe.PaymentIntent)
    assert shapes.problems(good, stripe.PaymentIntent) == []
    assert len(shapes.problems(good | wrong, stripe.PaymentIntent)) == (0 if wrong.get("status") else 1)


# Stripe's own examples


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("payment_intent", stripe.PaymentIntent),
        ("refund", stripe.Refund),
        ("transfer", stripe.Transfer),
        ("transfer_reversal", stripe.TransferReversal),
        ("payout", stripe.Payout),
        ("dispute", stripe.Dispute),
        ("balance_transaction", stripe.BalanceTransaction),
        ("charge", stripe.Charge),
        ("event", stripe.Event),
    ],
)
def test_stripes_own_examples_have_the_shape_that_the_peer_gives_its_answers(name, kind):
    """``openapi/fixtures3.json`` of stripe/openapi, which is not in any package: below KELMAH_DATA as ``stripe/``."""
    file = Path(os.environ.get("KELMAH_DATA", "/nowhere")) / "stripe" / "fixtures3.json"
    if not file.exists():
        pytest.skip("KELMAH_DATA has no stripe/fixtures3.json")
    example = json.loads(file.read_text())["resources"][name]
    newer = {"evidence_details.submission_method: missing"}  # the types are two months younger than the examples
    assert set(shapes.problems(example, kind)) <= newer
