"""The adapter of Easebuzz beside a server that behaves as its kits and its documentation say."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from django.core.checks import Error
from django.test import Client, override_settings

from domains.payments import actions, rules
from domains.payments.actions import privacy, refunds
from domains.payments.actions.addresses import address_of
from domains.payments.gateways import Order, Outcome, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.checks import offered_gateways_are_complete
from domains.payments.gateways.easebuzz import EasebuzzGateway
from domains.payments.gateways.easebuzz_answers import key_in, rupees
from domains.payments.models import Deposit, GatewayCommand, LedgerAccount, WebhookEvent
from domains.payments.tasks import resolve_commands
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.factories import in_wallet, somebody, state_of
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

KEY, SALT = "2PBP7IABZ2", "DAH88E3UWQ"
WIRE_KEY, WIRE_SALT = "062B081AC9", "174F4A6761"


def payer(digit: int) -> str:
    return f"987654321{digit}:Ama Mensah:ama@example.com"


FAILS, WAITS, CANCELS, DROPS, LEAVES, DECIDES, PAYS, PAYS_LESS = map(payer, (0, 1, 2, 3, 4, 5, 7, 9))


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("easebuzz", key=KEY, salt=SALT, wire_key=WIRE_KEY, wire_salt=WIRE_SALT) as running:
        yield running


@pytest.fixture
def easebuzz(_process: Running, settings) -> Iterator[Running]:
    settings.EASEBUZZ_PAY_URL = settings.EASEBUZZ_DASHBOARD_URL = _process.url
    settings.EASEBUZZ_WIRE_URL = _process.url
    settings.EASEBUZZ_WIRE_KEY, settings.EASEBUZZ_WIRE_SALT = WIRE_KEY, WIRE_SALT
    settings.EASEBUZZ_LIVE = False
    settings.EASEBUZZ_KEY, settings.EASEBUZZ_SALT, settings.EASEBUZZ_OLD_SALTS = KEY, SALT, []
    settings.EASEBUZZ_RETURN_URL = "https://app.example.com/wallet"
    settings.GATEWAYS = ["easebuzz", "sandbox"]
    yield _process
    _process.calm()


def order(instrument: str = PAYS, *, kind: str = "charge", minor: int = 1250, of: str = "") -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, "INR"), instrument=instrument, of=of)


def decided(wanted: Order) -> Outcome:
    """What became of it once the payer has done what they do."""
    deadline = time.monotonic() + 5
    while isinstance(outcome := EasebuzzGateway().query(wanted), Pending):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return outcome


def done(wanted: Order) -> Succeeded:
    EasebuzzGateway().submit(wanted)
    outcome = decided(wanted)
    assert isinstance(outcome, Succeeded)
    return outcome


def page_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Pending)
    assert outcome.next_action is not None
    return outcome.next_action.data["url"]


def tries(page: str, status: str) -> None:
    """The payer does something on their page, and it comes to this."""
    httpx.post(page, json={"status": status}).raise_for_status()


@pytest.mark.parametrize(
    ("minor", "written"), [(100, "1.0"), (1250, "12.5"), (12345, "123.45"), (100000, "1000.0"), (7, "0.07")]
)
def test_rupees_are_written_as_the_provider_signs_them(minor, written):
    """Row 29."""
    assert rupees(Money(minor, "INR")) == written


def test_a_txnid_is_our_key_in_forty_letters_and_digits_at_most():
    key = new_id()
    assert (key_in(key.hex), len(key.hex)) == (key, 32)
    for other in (str(key), key.hex.upper(), "T3SAT0B5OL", "", None, "0" * 32):
        assert key_in(other) is None


def test_offered_without_its_secrets_it_is_a_problem(settings):
    settings.GATEWAYS = ["easebuzz"]
    settings.EASEBUZZ_KEY = settings.EASEBUZZ_SALT = settings.EASEBUZZ_RETURN_URL = ""
    problems = offered_gateways_are_complete(None)
    assert [type(each) for each in problems] == [Error] * 3


# Links


def test_a_link_sends_the_payer_to_a_page_and_waits_until_they_paid(easebuzz):
    wanted = order(DECIDES)
    page = page_of(EasebuzzGateway().submit(wanted))
    assert page.startswith(f"{easebuzz.url}/pay/")
    assert isinstance(EasebuzzGateway().query(wanted), Pending)
    tries(page, "success")
    paid = EasebuzzGateway().query(wanted)
    assert isinstance(paid, Succeeded)
    assert (paid.facts.amount, paid.facts.fee) == (Money(1250, "INR"), Money(35, "INR"))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("success", Succeeded),
        ("pending", Pending),
        ("initiated", Pending),
        ("dropped", Pending),
        ("failure", Rejected),
        ("userCancelled", Rejected),
        ("bounced", Rejected),
        ("a word of tomorrow", Unknown),
    ],
)
def test_every_status_has_its_meaning_and_an_unknown_one_none(easebuzz, status, told):
    wanted = order(DECIDES)
    tries(page_of(EasebuzzGateway().submit(wanted)), status)
    outcome = EasebuzzGateway().query(wanted)
    assert isinstance(outcome, told)
    assert not isinstance(outcome, Unknown) or not outcome.absent


def test_who_left_at_their_bank_may_have_paid_until_a_day_is_over(easebuzz, clock):
    wanted = order(DROPS)
    EasebuzzGateway().submit(wanted)
    time.sleep(0.15)
    assert isinstance(EasebuzzGateway().query(wanted), Pending)
    clock.advance(hours=25)
    outcome = EasebuzzGateway().query(wanted)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "dropped"


def test_a_link_that_nobody_opened_for_a_day_is_over(easebuzz, clock):
    wanted = order(DECIDES)
    EasebuzzGateway().submit(wanted)
    clock.advance(hours=25)
    assert isinstance(EasebuzzGateway().query(wanted), Rejected)


def test_an_attempt_that_failed_does_not_hide_the_one_that_paid(easebuzz):
    wanted = order(DECIDES)
    page = page_of(EasebuzzGateway().submit(wanted))
    for status in ("userCancelled", "success", "failure"):
        tries(page, status)
    assert isinstance(EasebuzzGateway().query(wanted), Succeeded)


def test_what_was_paid_is_what_easebuzz_says_not_what_we_asked(easebuzz):
    """Row 20."""
    assert done(order(PAYS_LESS)).facts.amount == Money(1249, "INR")


def test_a_refused_repetition_does_not_hide_that_the_first_went_through(easebuzz):
    wanted = order()
    done(wanted)
    again = EasebuzzGateway().submit(wanted)
    assert isinstance(again, Succeeded)
    assert len(easebuzz.movements(wanted.key)) == 1


@pytest.mark.parametrize("fault", ["deny", "limit", "refuse"])
def test_trouble_with_access_is_neither_refusal_nor_absence(easebuzz, fault):
    wanted = order()
    for path in ("initiateLink", "retrieve"):
        easebuzz.fault(f"POST /.*{path}", fault)
        outcome = EasebuzzGateway().submit(wanted)
        assert isinstance(outcome, Unknown)
        assert not outcome.absent
    assert easebuzz.movements(wanted.key) == []


def test_a_salt_of_ours_that_is_wrong_is_no_refusal_of_the_order(easebuzz, settings):
    settings.EASEBUZZ_SALT = "another"
    for ask in (EasebuzzGateway().submit, EasebuzzGateway().query):
        outcome = ask(order())
        assert isinstance(outcome, Unknown)
        assert not outcome.absent


def test_an_order_that_it_does_not_take_is_refused_with_its_reason(easebuzz):
    assert EasebuzzGateway().submit(order("98:Ama:ama@example.com")) == Rejected(code="Invalid value for phone.")


# Refunds


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_refund_without_an_answer_is_found_and_not_given_twice(easebuzz, fault):
    """Row 24."""
    charge = done(order())
    wanted = order("", kind="refund", minor=500, of=charge.facts.ref)
    easebuzz.fault("POST /transaction/v2/refund", fault)
    assert isinstance(EasebuzzGateway().submit(wanted), Unknown)
    for _ in range(2):
        assert isinstance(EasebuzzGateway().submit(wanted), Pending)
    easebuzz.settle()
    outcome = EasebuzzGateway().query(wanted)
    assert isinstance(outcome, Succeeded)
    assert (outcome.facts.of, outcome.facts.amount) == (charge.facts.ref, Money(500, "INR"))
    assert len(easebuzz.movements(wanted.key, kind="refund")) == 1


@pytest.mark.parametrize("fault", ["408", "409", "423", "425", "silence"])
def test_a_refund_that_may_go_on_and_is_not_listed_yet_is_not_taken_for_refused(easebuzz, settings, fault):
    """Row 24. Refused for good, its amount would be in the wallet again, and with the payer, too."""
    with peer("easebuzz", key=KEY, salt=SALT, lists_after=60) as late:
        settings.EASEBUZZ_PAY_URL = settings.EASEBUZZ_DASHBOARD_URL = late.url
        wanted = order("", kind="refund", minor=500, of=done(order()).facts.ref)
        late.fault("POST /transaction/v2/refund", fault)
        assert isinstance(EasebuzzGateway().submit(wanted), Unknown)
        again = EasebuzzGateway().submit(wanted)  # "Duplicate merchant refund id."
        assert isinstance(again, Unknown), again
        assert not again.absent
        assert len(late.movements(wanted.key, kind="refund")) == 1


def test_a_refund_that_is_not_listed_is_called_absent_only_after_a_while(easebuzz, clock):
    """It may be on its way: sent again too early it could be given twice."""
    wanted = order("", kind="refund", of=done(order()).facts.ref)
    soon = EasebuzzGateway().query(wanted)
    clock.advance(minutes=11)
    late = EasebuzzGateway().query(wanted)
    assert [(type(each), getattr(each, "absent", None)) for each in (soon, late)] == [(Unknown, False), (Unknown, True)]


# Webhooks


def reverse_hash(told: dict[str, Any], salt: str) -> str:
    """The published order, backwards, written out once more on purpose."""
    names = ["email", "firstname", "productinfo", "amount", "txnid", "key"]
    values = [told["status"], *[told.get(f"udf{number}", "") for number in range(10, 0, -1)]]
    return hashlib.sha512("|".join([salt, *values, *[told[name] for name in names]]).encode()).hexdigest()


def webhook(salt: str = SALT, **changes: str) -> bytes:
    told = {
        "key": KEY,
        "txnid": new_id().hex,
        "amount": "12.5",
        "productinfo": "Kelmah",
        "firstname": "Ama Mensah",
        "email": "ama@example.com",
        "status": "success",
        "udf7": "seven",
        "easepayid": "E2506030H2P49D",
        **changes,
    }
    return urlencode({**told, "hash": reverse_hash(told, salt)}).encode()


def test_a_webhook_is_believed_by_the_reverse_hash_of_ten_user_fields(easebuzz):
    key = new_id()
    notice = EasebuzzGateway().parse_webhook({}, webhook(txnid=key.hex))
    assert notice is not None
    assert (notice.kind, notice.key, notice.ref) == ("charge", key, f"{key.hex}:E2506030H2P49D")


def test_an_old_salt_is_believed_while_it_is_known_and_an_empty_one_never(easebuzz, settings):
    """Row 21."""
    settings.EASEBUZZ_OLD_SALTS = ["older", ""]
    assert EasebuzzGateway().parse_webhook({}, webhook("older"))
    for salt in ("oldest", ""):
        with pytest.raises(rules.SignatureInvalid):
            EasebuzzGateway().parse_webhook({}, webhook(salt))


@pytest.mark.parametrize("change", ["status", "amount", "txnid", "email", "udf7", "key"])
def test_no_signed_field_can_be_changed(easebuzz, change):
    """Row 21."""
    told = dict(parse_qsl(webhook().decode()))
    told[change] += "1"
    with pytest.raises(rules.SignatureInvalid):
        EasebuzzGateway().parse_webhook({}, urlencode(told).encode())


def test_a_webhook_of_another_merchant_is_refused(easebuzz):
    """Row 20."""
    with pytest.raises(rules.SignatureInvalid):
        EasebuzzGateway().parse_webhook({}, webhook(key="OTHERS1234"))


def test_an_attempt_that_is_not_there_does_not_hide_the_one_that_paid(easebuzz):
    """The attempt's name is not signed, and the payer's browser is handed the same form."""
    wanted = order()
    paid = done(wanted)
    told = EasebuzzGateway().fetch("charge", f"{wanted.key.hex}:EINVENTED")
    assert isinstance(told, Succeeded)
    assert told.facts.ref == paid.facts.ref


# Addresses


def credited(
    easebuzz: Running, account: str, *, minor: int = 1250, status: str = "received", times: int = 1
) -> Webhook:
    """What the webhook tells of a payment to an account there."""
    wish = {"account": account, "amount": minor / 100, "status": status, "times": times}
    paid = httpx.post(f"{easebuzz.url}/_control/credits", json=wish).raise_for_status().json()
    return easebuzz.notices_about(paid["id"], count=times)[-1]


def test_an_address_is_an_account_number_and_a_code(easebuzz):
    address = EasebuzzGateway().open_address(key=new_id(), currency="INR")
    assert address.data.keys() == {"account_number", "ifsc", "upi", "upi_link", "qr_code"}
    with pytest.raises(rules.NotOffered):
        EasebuzzGateway().open_address(key=new_id(), currency="GHS")


def test_without_a_key_for_it_no_address_is_offered_nor_its_webhook_believed(easebuzz, settings):
    account = EasebuzzGateway().open_address(key=new_id(), currency="INR").ref
    headers, body = credited(easebuzz, account)
    settings.EASEBUZZ_WIRE_SALT = ""
    assert EasebuzzGateway().capabilities.addresses == frozenset()
    assert EasebuzzGateway().parse_webhook(headers, body) is None


@pytest.mark.parametrize(("status", "told"), [("unsettled", Succeeded), ("failure", Rejected), ("pending", Unknown)])
def test_a_payment_to_an_address_arrived_or_not(easebuzz, status, told):
    account = EasebuzzGateway().open_address(key=new_id(), currency="INR").ref
    notice = EasebuzzGateway().parse_webhook(*credited(easebuzz, account, status=status))
    assert notice is not None
    assert isinstance(EasebuzzGateway().fetch("credit", notice.ref), told)


@pytest.mark.parametrize("change", [b'"amount": 12.5', b'"status": "received"'])
def test_an_altered_word_of_a_payment_is_refused(easebuzz, change):
    """Row 21."""
    headers, body = credited(easebuzz, EasebuzzGateway().open_address(key=new_id(), currency="INR").ref)
    assert change in body
    with pytest.raises(rules.SignatureInvalid):
        EasebuzzGateway().parse_webhook(headers, body.replace(change, change[:-1] + b"5" + change[-1:]))


@pytest.mark.domain("payments")
def test_a_payment_is_to_whom_the_list_says_not_the_webhook(easebuzz, drain):
    """Row 20: to which account it was paid is not signed."""
    rent = {"purpose": "rent", "currency": "INR"}
    mine, theirs = (f"vehicle:{new_id()}" for _ in range(2))
    paid_to, other = (address_of(owner=owner, **rent).ref for owner in (mine, theirs))
    headers, body = credited(easebuzz, paid_to)
    deliver((headers, body.replace(paid_to.encode(), other.encode())), (headers, body))
    drain()
    assert [payments.balance_of(owner=owner, **rent).minor for owner in (mine, theirs)] == [1250, 0]


# With wallets and books

METHOD = {"type": "easebuzz", "phone": "+919876543215", "name": "Ama Mensah", "email": "ama@example.com"}


def deliver(*webhooks: Webhook) -> None:
    for headers, body in webhooks:
        answer = Client().post("/api/v1/webhooks/easebuzz", body, content_type=headers["Content-Type"])
        assert answer.status_code == 200


def suspended() -> int:
    found = LedgerAccount.objects.filter(key="suspense:easebuzz:INR").first()
    return found.balance if found else 0


@pytest.mark.domain("payments")
def test_a_deposit_is_credited_by_the_webhook_and_once(easebuzz, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "INR"}, "method": METHOD}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    path = f"/wallet/deposits/{deposit['id']}"
    tries(api.as_(by).get(path).json["next_action"]["url"], "success")
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    [told] = easebuzz.notices_about(command.id.hex, count=1)
    deliver(told, told)
    drain()
    assert (api.as_(by).get(path).json["state"], in_wallet(by.user_id, "INR")) == ("succeeded", 1250)


@pytest.mark.domain("payments")
def test_a_link_that_is_paid_twice_credits_one_and_keeps_the_other_for_staff(easebuzz, drain):
    """Row 12: two payments of one link are two movements of money."""
    by, deposit, page = waiting(drain)
    for status in ("success", "success"):
        tries(page, status)
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    deliver(*easebuzz.notices_about(command.id.hex, count=2) * 2)
    drain()
    assert (state_of(deposit), in_wallet(by.user_id, "INR"), suspended()) == ("succeeded", 1250, 1250)


@pytest.mark.domain("payments")
def test_what_payers_said_of_themselves_goes_with_them_also_of_attempts_that_failed(easebuzz, drain):
    by, deposit, page = waiting(drain)
    for status in ("failure", "success"):
        tries(page, status)
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    deliver(*easebuzz.notices_about(command.id.hex, count=2))
    drain()
    privacy._erase(by.user_id)
    assert [bytes(event.body) for event in WebhookEvent.objects.all()] == [b"", b""]


@pytest.mark.domain("payments")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"phone": "+4915112345678"}, "/method/phone"),
        ({"name": "Ama|Mensah"}, "/method/name"),
        ({"email": "ama|x@example.com"}, "/method/email"),
    ],
)
def test_a_payer_whom_its_page_does_not_take_is_refused(easebuzz, api, change, pointer):
    body = {"amount": {"amount": 1250, "currency": "INR"}, "method": {**METHOD, **change}}
    answer = api.as_(somebody()).post("/wallet/deposits", body, idempotency_key=new_id())
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, pointer)


@pytest.mark.domain("payments")
def test_a_part_of_a_deposit_goes_back_once_though_its_answer_is_lost(easebuzz, drain, clock):
    """Row 24."""
    by, deposit, page = waiting(drain)
    tries(page, "success")
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    deliver(*easebuzz.notices_about(command.id.hex, count=1))
    drain()
    easebuzz.fault("POST /transaction/v2/refund", "silence")
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=Money(500, "INR"))
    drain()
    assert (state_of(refund), in_wallet(by.user_id, "INR")) == ("processing", 750)
    easebuzz.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(refund), in_wallet(by.user_id, "INR")) == ("succeeded", 750)
    ordered = GatewayCommand.objects.get(kind="refund", subject_id=refund.id)
    assert [m["minor"] for m in easebuzz.movements(ordered.id, kind="refund")] == [500]


def waiting(drain) -> tuple[Principal, Deposit, str]:
    """Somebody's deposit of 12.50 rupees, and the page on which they can pay it."""
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "INR"), gateway="easebuzz", instrument=DECIDES)
    drain()
    action = GatewayCommand.objects.get(subject_id=deposit.id).next_action
    assert action is not None
    return by, deposit, action["url"]


class Easebuzz(Subject):
    currency = "INR"
    instruments = {"pays": PAYS, "declines": FAILS, "waits": WAITS}
    stamped = False

    def __init__(self, running: Running) -> None:
        self.gateway = EasebuzzGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        return len([m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] != "failure"])

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST /(payment/initiateLink|transaction/v2/refund)$", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        addresses = ("EASEBUZZ_PAY_URL", "EASEBUZZ_DASHBOARD_URL", "EASEBUZZ_WIRE_URL")
        with override_settings(**dict.fromkeys(addresses, "http://127.0.0.1:9")):
            yield

    def pass_time(self) -> None:
        time.sleep(0.12)
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key.hex, count=1)

    def without_signature(self, webhook: Webhook) -> Webhook:
        headers, body = webhook
        return headers, body[: body.index(b"&hash=")]

    def paid_into(self, address: str, *, minor: int) -> Webhook:
        return credited(self.peer, address, minor=minor)


class TestContract(Contract):
    @pytest.fixture
    def subject(self, easebuzz: Running) -> Easebuzz:
        return Easebuzz(easebuzz)
