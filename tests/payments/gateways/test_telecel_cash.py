"""The adapter of Telecel Cash, through Hubtel, beside a server that behaves as Hubtel's documentation says."""

import json
import time
from collections.abc import Iterator

import pytest
from django.test import Client

from domains.payments import actions, rules
from domains.payments.gateways import Order, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.telecel_cash import TelecelCashGateway
from domains.payments.models import GatewayCommand
from domains.payments.tasks import resolve_commands
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, in_wallet, rich, ruling, somebody, state_of
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.hubtel_subject import FAILS, FINE, LESS, UNREGISTERED, WAITS, Hubtel, ours
from tests.peers.running import Running, peer


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("hubtel") as running:
        yield running


@pytest.fixture
def hubtel(_process: Running, settings) -> Iterator[Running]:
    ours(settings, _process)
    settings.GATEWAYS = ["telecel_cash", "sandbox"]
    yield _process
    _process.calm()


def order(instrument: str = FINE, *, kind: str = "charge", minor: int = 1250) -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, "GHS"), instrument=instrument)


def done(wanted: Order) -> Succeeded:
    TelecelCashGateway().submit(wanted)
    time.sleep(0.15)
    outcome = TelecelCashGateway().query(wanted)
    assert isinstance(outcome, Succeeded)
    return outcome


def test_an_order_goes_to_its_network_under_a_reference_of_letters_and_digits(hubtel):
    wanted = order()
    first = TelecelCashGateway().submit(wanted)
    assert isinstance(first, Pending)
    assert first.next_action is not None
    assert first.next_action.kind == "approve_on_phone"
    assert first.facts.ref == wanted.key.hex
    assert TelecelCashGateway().channel == "vodafone-gh"


def test_what_was_paid_and_kept_is_what_hubtel_says(hubtel):
    """Row 20."""
    facts = done(order(LESS)).facts
    assert (facts.amount, facts.fee) == (Money(1249, "GHS"), Money(2, "GHS"))
    assert done(order(kind="payout")).facts.fee == Money(1, "GHS")


def test_unpaid_is_waited_for_until_the_prompt_is_long_over(hubtel, clock):
    """The same word is said of what waits and of what failed."""
    wanted = order(FAILS)
    TelecelCashGateway().submit(wanted)
    time.sleep(0.15)
    assert isinstance(TelecelCashGateway().query(wanted), Pending)
    clock.advance(minutes=16)
    outcome = TelecelCashGateway().query(wanted)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "unpaid"


def test_a_number_that_is_not_registered_is_a_refusal(hubtel):
    wanted = order(UNREGISTERED, kind="payout")
    assert TelecelCashGateway().submit(wanted) == Rejected(code="hubtel_3050")
    assert hubtel.movements(wanted.key) == []


def test_nothing_is_sent_while_nobody_knows_whether_it_was_sent_before(hubtel):
    wanted = order()
    hubtel.fault("GET /transactions/", "refuse")
    outcome = TelecelCashGateway().submit(wanted)
    assert isinstance(outcome, Unknown)
    assert not outcome.absent
    assert hubtel.movements(wanted.key) == []


@pytest.mark.parametrize("fault", ["deny", "limit", "garbage", "408", "409", "423", "425", "moved", "empty", "list"])
def test_trouble_with_access_is_no_proof_of_absence(hubtel, fault):
    hubtel.fault("GET /transactions/", fault)
    outcome = TelecelCashGateway().query(order())
    assert isinstance(outcome, Unknown)
    assert not outcome.absent


def test_a_callback_names_its_kind_and_a_forged_one_does_not_shadow_it(hubtel):
    for kind in ("charge", "payout"):
        wanted = order(kind=kind)
        done(wanted)
        headers, body = hubtel.notices_about(wanted.key.hex, count=1)[0]
        real = TelecelCashGateway().parse_webhook(headers, body)
        forged = TelecelCashGateway().parse_webhook(
            {}, json.dumps({"Data": {"ClientReference": wanted.key.hex}}).encode()
        )
        assert real is not None
        assert forged is not None
        assert (real.kind, real.key, real.ref) == (kind, wanted.key, wanted.key.hex)
        assert forged.event_id != real.event_id


@pytest.mark.parametrize("reference", ["3jL2KlUy3vt21", "", "x" * 32])
def test_a_callback_about_nothing_of_ours_is_passed_over(hubtel, reference):
    body = json.dumps({"ResponseCode": "0000", "Data": {"ClientReference": reference}}).encode()
    assert TelecelCashGateway().parse_webhook({}, body) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"Data": []}', b'{"Data": {}}', b"\xff"])
def test_what_is_no_callback_is_refused(hubtel, body):
    with pytest.raises(rules.SignatureInvalid):
        TelecelCashGateway().parse_webhook({}, body)


# With wallets and books


@pytest.mark.domain("payments")
def test_a_deposit_is_credited_by_the_callback_and_once(hubtel, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "GHS"}, "method": {"type": "telecel_cash", "phone": f"+{WAITS}"}}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    path = f"/wallet/deposits/{deposit['id']}"
    assert api.as_(by).get(path).json["next_action"]["kind"] == "approve_on_phone"
    hubtel.settle()
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    _, callback = hubtel.notices_about(command.id.hex, count=1)[0]
    for _ in range(2):
        answer = Client().post("/api/v1/webhooks/telecel_cash", callback, content_type="application/json")
        assert answer.status_code == 200
    drain()
    assert (api.as_(by).get(path).json["state"], in_wallet(by.user_id)) == ("succeeded", 1250)


@pytest.mark.domain("payments")
def test_a_payout_that_was_carried_out_without_an_answer_is_found(hubtel, drain, clock):
    """Row 17."""
    by = rich(cedis(100))
    hubtel.fault("POST .*/mobilemoney", "silence")
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="telecel_cash", destination=FINE)
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("processing", 6000)
    hubtel.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)


@pytest.mark.domain("payments")
def test_a_payout_that_hubtel_denies_is_never_sent_again_by_itself_and_staff_gives_it_up(hubtel, drain, clock):
    """Hubtel does not promise that a reference is used once: a person decides."""
    by = rich(cedis(100))
    hubtel.fault("POST .*/mobilemoney", "lost")
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="telecel_cash", destination=FINE)
    command = GatewayCommand.objects.get(subject_id=payout.id)
    drain()
    for _ in range(3):
        clock.advance(minutes=10)
        resolve_commands()
    assert (state_of(command), in_wallet(by.user_id), hubtel.movements(command.id)) == ("unknown", 6000, [])
    actions.give_up_command(command_id=command.id, ruling=ruling())
    assert (state_of(payout), in_wallet(by.user_id)) == ("failed", 10000)


class TestContract(Contract):
    @pytest.fixture
    def subject(self, hubtel: Running) -> Hubtel:
        return Hubtel(TelecelCashGateway(), hubtel)
