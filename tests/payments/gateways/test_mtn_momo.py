"""The adapter of MTN Mobile Money beside a server that behaves as MTN's documentation says."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.test import Client, override_settings

from domains.payments import actions, rules
from domains.payments.gateways import Order, Outcome, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.mtn_momo import MtnMomoGateway, reference_of
from domains.payments.models import GatewayCommand, Payout
from domains.payments.tasks import resolve_commands
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.factories import cedis, in_wallet, rich, somebody, state_of
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

FINE, FAILS, REJECTS, WAITS, TIMES_OUT = "233241234567", "46733123450", "46733123451", "46733123453", "46733123454"
SAYS_LESS, NOT_ALLOWED, NOBODY = "46733123499", "46733123457", "46733123455"


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("mtn_momo") as running:
        yield running


@pytest.fixture
def mtn(_process: Running, settings) -> Iterator[Running]:
    ours(settings, _process)
    yield _process
    _process.calm()


def ours(settings, running: Running, *, currency: str = "GHS", environment: str = "mtnghana") -> None:
    settings.MTN_MOMO_API_URL = running.url
    settings.MTN_MOMO_TARGET_ENVIRONMENT = environment
    settings.MTN_MOMO_CURRENCY = currency
    settings.MTN_MOMO_CALLBACK_URL = f"{running.hears_at}api/v1/webhooks/mtn_momo"
    for product in ("collection", "disbursement"):
        setattr(settings, f"MTN_MOMO_{product.upper()}_SUBSCRIPTION_KEY", f"{product}-subscription")
        setattr(settings, f"MTN_MOMO_{product.upper()}_API_USER", f"{product}-user")
        setattr(settings, f"MTN_MOMO_{product.upper()}_API_KEY", f"{product}-key")


def order(instrument: str = FINE, *, kind: str = "charge", minor: int = 1250, of: str = "", key: UUID | None = None):
    return Order(key=key or new_id(), kind=kind, amount=Money(minor, "GHS"), instrument=instrument, of=of)


def decided(wanted: Order) -> Outcome:
    """What became of it once MTN has carried it out."""
    deadline = time.monotonic() + 5
    while isinstance(outcome := MtnMomoGateway().query(wanted), Pending):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return outcome


def paid() -> Succeeded:
    """A charge of 12.50 cedis."""
    wanted = order()
    MtnMomoGateway().submit(wanted)
    outcome = decided(wanted)
    assert isinstance(outcome, Succeeded)
    return outcome


@pytest.mark.parametrize("kind", ["charge", "payout"])
def test_an_order_is_accepted_first_and_done_later(mtn, kind):
    wanted = order(kind=kind)
    accepted = MtnMomoGateway().submit(wanted)
    assert isinstance(accepted, Pending)
    assert (accepted.next_action and accepted.next_action.kind) == ("approve_on_phone" if kind == "charge" else None)
    done = decided(wanted)
    assert isinstance(done, Succeeded)
    assert (done.facts.amount, done.facts.key, done.facts.live) == (Money(1250, "GHS"), wanted.key, True)
    assert [m["minor"] for m in mtn.movements(wanted.key, kind=kind)] == [1250]


def test_the_key_goes_out_as_version_4_and_is_never_used_twice(mtn):
    wanted = order()
    assert UUID(reference_of(wanted.key)).version == 4
    MtnMomoGateway().submit(wanted)
    decided(wanted)
    again = MtnMomoGateway().submit(wanted)  # a 409 there
    assert isinstance(again, Succeeded)
    assert len(mtn.movements(wanted.key)) == 1


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_an_order_whose_answer_is_lost_is_unknown_and_charged_once(mtn, fault):
    wanted = order()
    mtn.fault("POST /collection/v1_0/requesttopay", fault)
    assert isinstance(MtnMomoGateway().submit(wanted), Unknown)
    assert isinstance(MtnMomoGateway().submit(wanted), Pending | Succeeded)
    assert isinstance(decided(wanted), Succeeded)
    assert len(mtn.movements(wanted.key)) == 1


def test_an_order_that_never_arrived_is_absent(mtn):
    wanted = order()
    mtn.fault("POST /collection/v1_0/requesttopay", "lost")
    assert isinstance(MtnMomoGateway().submit(wanted), Unknown)
    outcome = MtnMomoGateway().query(wanted)
    assert isinstance(outcome, Unknown)
    assert outcome.absent


@pytest.mark.parametrize("fault", ["refuse", "limit", "garbage"])
def test_a_provider_in_trouble_is_no_proof_of_absence(mtn, fault):
    wanted = order()
    mtn.fault("GET /collection/v1_0/requesttopay", fault)
    outcome = MtnMomoGateway().query(wanted)
    assert isinstance(outcome, Unknown)
    assert not outcome.absent


@pytest.mark.parametrize(
    ("instrument", "kind", "code"),
    [
        (FAILS, "charge", "internal_processing_error"),
        (REJECTS, "charge", "approval_rejected"),
        (NOBODY, "charge", "payer_not_found"),
        (NOBODY, "payout", "not_enough_funds"),
    ],
)
def test_a_failure_carries_its_reason(mtn, instrument, kind, code):
    wanted = order(instrument, kind=kind)
    MtnMomoGateway().submit(wanted)
    outcome = decided(wanted)
    assert isinstance(outcome, Rejected)
    assert (outcome.code, outcome.facts and outcome.facts.key) == (code, wanted.key)


@pytest.mark.parametrize(("instrument", "end"), [(WAITS, Succeeded), (TIMES_OUT, Rejected)])
def test_a_payer_who_takes_time_is_waited_for(mtn, instrument, end):
    wanted = order(instrument)
    MtnMomoGateway().submit(wanted)
    time.sleep(0.1)
    assert isinstance(MtnMomoGateway().query(wanted), Pending)
    mtn.settle()
    assert isinstance(decided(wanted), end)


def test_a_refusal_said_with_500_is_one(mtn):
    assert MtnMomoGateway().submit(order(NOT_ALLOWED)) == Rejected(code="not_allowed")


def test_a_refused_repetition_does_not_hide_that_the_first_went_through(mtn):
    first = order()
    MtnMomoGateway().submit(first)
    assert isinstance(decided(first), Succeeded)
    assert isinstance(MtnMomoGateway().submit(order("0", key=first.key)), Succeeded)


def test_what_was_paid_is_what_mtn_says_not_what_we_asked(mtn):
    """Row 20."""
    wanted = order(SAYS_LESS)
    MtnMomoGateway().submit(wanted)
    outcome = decided(wanted)
    assert isinstance(outcome, Succeeded)
    assert outcome.facts.amount == Money(1249, "GHS")


# Access


def test_a_token_revoked_early_is_fetched_again_and_the_order_made_once(mtn):
    wanted = order()
    MtnMomoGateway().name_of(FINE)
    before = len(mtn.calls("POST /collection/token"))
    mtn.fault("POST /collection/v1_0/requesttopay", "deny")
    assert isinstance(MtnMomoGateway().submit(wanted), Pending)
    assert (len(mtn.calls("POST /collection/token")), len(mtn.movements(wanted.key))) == (before + 1, 1)


def test_a_token_is_used_again_until_its_end(mtn):
    MtnMomoGateway().query(order())
    before = len(mtn.calls("POST /collection/token"))
    MtnMomoGateway().query(order())
    assert len(mtn.calls("POST /collection/token")) == before


def test_a_token_near_its_end_is_not_used_again(settings):
    with peer("mtn_momo", token_seconds=59) as hasty:
        ours(settings, hasty)
        MtnMomoGateway().query(order())
        MtnMomoGateway().query(order())
        assert len(hasty.calls("POST /collection/token")) == 2


def test_wrong_credentials_leave_the_outcome_open(mtn, settings):
    settings.MTN_MOMO_COLLECTION_API_KEY = "wrong"
    assert MtnMomoGateway().submit(order()) == Unknown(reason="no access: 401")


def test_another_target_environment_is_refused(mtn, settings):
    settings.MTN_MOMO_TARGET_ENVIRONMENT = "mtnuganda"
    assert isinstance(MtnMomoGateway().submit(order()), Unknown)  # it can't be asked about either


# Callbacks


def test_the_callback_comes_once_and_unsigned_and_names_what_to_look_at(mtn):
    wanted = order()
    MtnMomoGateway().submit(wanted)
    headers, body = mtn.notices_about(wanted.key, count=1)[0]
    notice = MtnMomoGateway().parse_webhook(headers, body)
    assert notice is not None
    assert (notice.kind, notice.key) == ("charge", wanted.key)
    assert isinstance(MtnMomoGateway().fetch(notice.kind, notice.ref), Succeeded)
    sent = [each for each in mtn.happened()["notices"] if str(wanted.key) in each["body"]]
    assert [each["method"] for each in sent] == ["PUT"]


def test_a_forged_callback_moves_nothing_and_does_not_shadow_the_real_one(mtn):
    wanted = order(WAITS)
    MtnMomoGateway().submit(wanted)
    forged = f'{{"externalId": "charge-{wanted.key}", "status": "SUCCESSFUL"}}'.encode()
    told = MtnMomoGateway().parse_webhook({}, forged)
    assert told is not None
    assert isinstance(MtnMomoGateway().fetch(told.kind, told.ref), Pending)
    mtn.settle()
    real = MtnMomoGateway().parse_webhook(*mtn.notices_about(wanted.key, count=1)[0])
    assert real is not None
    assert real.event_id != told.event_id


def test_a_lost_callback_is_no_loss(mtn):
    mtn.notices_are("drop")
    assert paid()


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"status": "SUCCESSFUL"}'])
def test_what_is_no_callback_is_refused(mtn, body):
    with pytest.raises(rules.SignatureInvalid):
        MtnMomoGateway().parse_webhook({}, body)


@pytest.mark.parametrize("external", ["947354", "charge-1", "dispute-0190d3a0-0000-7000-8000-000000000000", ""])
def test_a_callback_about_nothing_of_ours_is_passed_over(mtn, external):
    assert MtnMomoGateway().parse_webhook({}, f'{{"externalId": "{external}"}}'.encode()) is None


# Refunds, names, balance


def test_a_charge_is_given_back_in_parts_and_never_more_than_it_was(mtn):
    charge = paid()
    for minor, end in ((1000, Succeeded), (251, Rejected), (250, Succeeded)):
        wanted = order(kind="refund", minor=minor, of=charge.facts.ref)
        MtnMomoGateway().submit(wanted)
        outcome = decided(wanted) if end is Succeeded else MtnMomoGateway().submit(wanted)
        assert isinstance(outcome, end), minor
    assert len(mtn.movements(charge.facts.key, kind="charge")) == 1


def test_the_name_of_an_account(mtn):
    assert MtnMomoGateway().name_of("233240000001") == "Ama Mensah"
    assert MtnMomoGateway().name_of("233249999999") == ""


def test_what_mtn_holds_for_us_is_the_sum_of_both_products(settings):
    with peer("mtn_momo", balance={"collection": "1250.50", "disbursement": "20"}) as untouched:
        ours(settings, untouched)
        assert MtnMomoGateway().balance() == [Money(127050, "GHS")]


def test_a_balance_that_is_not_to_be_had_is_said_to_be_so(mtn):
    mtn.fault("GET /disbursement/v1_0/account/balance", "refuse")
    with pytest.raises(Unavailable):
        MtnMomoGateway().balance()


def test_a_currency_without_minor_units_goes_there_and_back(settings):
    """Row 29."""
    with peer("mtn_momo", currency="XAF", digits=0) as cameroon:
        ours(settings, cameroon, currency="XAF")
        wanted = Order(key=new_id(), kind="charge", amount=Money(1250, "XAF"), instrument=FINE)
        MtnMomoGateway().submit(wanted)
        outcome = decided(wanted)
        assert isinstance(outcome, Succeeded)
        assert outcome.facts.amount == Money(1250, "XAF")
        assert [m["minor"] for m in cameroon.movements(wanted.key)] == [1250]


# With wallets and books


@pytest.fixture(scope="module")
def _play_money() -> Iterator[Running]:
    with peer("mtn_momo", environment="sandbox") as running:
        yield running


@pytest.fixture
def offered(_play_money: Running, settings) -> Iterator[Running]:
    ours(settings, _play_money, environment="sandbox")
    settings.GATEWAYS = ["mtn_momo", "sandbox"]
    yield _play_money
    _play_money.calm()


@pytest.mark.domain("payments")
def test_a_deposit_is_credited_when_the_payer_has_approved_it(offered, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "GHS"}, "method": {"type": "mtn_momo", "phone": f"+{WAITS}"}}
    deposit = api.as_(by).post("/api/v1/wallet/deposits", body, idempotency_key=str(new_id())).json
    drain()
    path = f"/api/v1/wallet/deposits/{deposit['id']}"
    assert api.as_(by).get(path).json["next_action"]["kind"] == "approve_on_phone"
    offered.settle()
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    _, callback = offered.notices_about(command.id, count=1)[0]
    answer = Client().put("/api/v1/webhooks/mtn_momo", callback, content_type="application/json")
    assert answer.status_code == 200
    drain()
    assert (api.as_(by).get(path).json["state"], in_wallet(by.user_id)) == ("succeeded", 1250)


@pytest.mark.domain("payments")
@pytest.mark.parametrize("phone", ["0241234567", "+0241234567", "233241234567", "+233 24 123 4567", "+1", ""])
def test_a_number_that_is_not_international_is_refused(offered, api, phone):
    body = {"amount": {"amount": 1250, "currency": "GHS"}, "method": {"type": "mtn_momo", "phone": phone}}
    answer = api.as_(somebody()).post("/api/v1/wallet/deposits", body, idempotency_key=str(new_id()))
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/method/phone")


@pytest.mark.domain("payments")
@pytest.mark.parametrize("fault", ["silence", "lost", "error", "refuse"])
def test_a_payout_without_an_answer_is_paid_once_whatever_happened(offered, drain, clock, fault):
    """Rows 16 and 17, where the provider keeps no answers but refuses a second use of the id."""
    by = rich(cedis(100))
    offered.fault("POST /disbursement/v1_0/transfer", fault)
    offered.notices_are("drop")
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="mtn_momo", destination=FINE)
    command = GatewayCommand.objects.get(subject_id=payout.id)
    drain()
    assert (state_of(command), in_wallet(by.user_id)) == ("unknown", 6000)
    for _ in range(3):
        clock.advance(minutes=1)
        resolve_commands()
        time.sleep(0.1)
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    assert [m["minor"] for m in offered.movements(command.id) if m["moved"]] == [4000]


@pytest.mark.domain("payments")
def test_a_payout_that_mtn_refuses_comes_back_to_the_wallet(offered, drain, clock):
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="mtn_momo", destination=FAILS)
    drain()
    time.sleep(0.1)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(payout), in_wallet(by.user_id)) == ("failed", 10000)
    assert Payout.objects.get(id=payout.id).failure == "internal_processing_error"


class Mtn(Subject):
    """MTN's own sandbox: its numbers, and euros."""

    currency = "EUR"
    instruments = {"pays": FINE, "declines": REJECTS, "waits": WAITS, "receives": FINE, "refuses": NOBODY}
    names = {"233240000001": "Ama Mensah", "233240000002": "Kofi Boateng"}
    nobody = "233249999999"

    def __init__(self, running: Running) -> None:
        self.gateway = MtnMomoGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        return len([m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] != "FAILED"])

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST /(collection|disbursement)/v1_0/", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(MTN_MOMO_API_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key, count=1)


@pytest.fixture(scope="module")
def _sandbox() -> Iterator[Running]:
    with peer("mtn_momo", environment="sandbox", currency="EUR") as running:
        yield running


class TestContract(Contract):
    @pytest.fixture
    def subject(self, _sandbox: Running, settings) -> Iterator[Mtn]:
        ours(settings, _sandbox, currency="EUR", environment="sandbox")
        yield Mtn(_sandbox)
        _sandbox.calm()
