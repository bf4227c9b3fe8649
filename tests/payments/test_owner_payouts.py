"""Money of owners who are no users, paid out by another domain: a fleet gives its deposit back to whoever owns it.

The example of docs/generic-money.md, step by step.
"""

from typing import Any

import orjson
import pytest

from domains.payments import actions, rules
from domains.payments.actions import methods, payouts, privacy
from domains.payments.actions.decisions import Ruling
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.models import BooksCheck, GatewayCommand, LedgerTransaction, Payout
from domains.payments.queries.invariants import contradictions
from domains.payments.queries.objects import payouts_of
from domains.payments.rules.errors import NotYoursToJudge
from kelmah import clock as time
from kelmah.errors import NotFound, Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from kelmah.interfaces.payments.refusals import (
    AccountUnknown,
    AmountTooSmall,
    InsufficientFunds,
    LedgerKeyReused,
    MethodCoolingDown,
    MethodNotConfirmed,
    PayeeRefused,
    PayoutInFlight,
    PayoutsFrozen,
    VerificationNeeded,
)
from kelmah.interfaces.payments.types import MoneyLine, OrderedPayout
from kelmah.money import Money
from kelmah.rpc import signing
from tests.payments.factories import cedis, facts_of, in_wallet, rich, ruling, somebody, state_of
from tests.payments.people import KnownPeople
from tests.payments.test_payout_methods import added, usable

in_one_transaction = pytest.mark.domain("payments")
in_real_transactions = pytest.mark.domain("payments", transaction=True)


class Fleet:
    """A fleet with a deposit of 100 cedis, and whoever owns it, with nothing in their wallet."""

    def __init__(self, people: KnownPeople, clock: Any, *, account: str = "acct_success", deposit: float = 100) -> None:
        self.owner, self.id = rich(cedis(deposit)), new_id()
        self.named = {"owner": f"fleet:{self.id}", "purpose": "deposit"}
        self.key, self.source = f"fleet:{self.id}:deposit:1", f"fleet.fleet:{self.id}"
        people.knows(self.owner.user_id, level=1)
        self.method = usable(self.owner, clock, account)
        theirs = MoneyLine(owner=f"user:{self.owner.user_id}", purpose="available", amount=-cedis(deposit))
        kept = MoneyLine(**self.named, amount=cedis(deposit))
        payments.post(key=f"{self.key}:paid", source=self.source, purpose="deposit", lines=[theirs, kept])

    def pay_out(self, amount: float = 40, **changes: Any) -> OrderedPayout:
        usual = {**self.named, "key": self.key, "amount": cedis(amount), "source": self.source}
        payee = {"payee_id": self.owner.user_id, "method_id": self.method.id}
        return payments.payout(**{**usual, **payee, **changes})

    def has(self) -> int:
        return payments.balance_of(**self.named, currency="GHS").minor

    def order(self) -> GatewayCommand:
        return GatewayCommand.objects.get(subject_id=Payout.objects.get(key=self.key).id)

    def hears(self, word: str) -> None:
        """What the provider says of it."""
        command = self.order()
        facts = facts_of(command)
        told: dict[str, Outcome] = {
            "pending": Pending(facts=facts),
            "unknown": Unknown(reason="ReadTimeout"),
            "paid": Succeeded(facts=facts),
            "refused": Rejected(code="refused", facts=facts),
            "returned": Returned(facts=facts, code="account_closed"),
            "differs": Succeeded(facts=facts_of(command, amount=command.amount - cedis(1))),
        }
        settle_command(command_id=command.id, outcome=told[word])


@pytest.fixture
def fleet(people, clock) -> Fleet:
    return Fleet(people, clock)


# The whole way


@in_one_transaction
@pytest.mark.parametrize("transport", ["local", "loopback"])
def test_a_deposit_is_held_sent_and_paid_and_its_domain_hears_of_it(
    fleet, provider, published, drain, settings, transport
):
    settings.RPC_TRANSPORT = transport
    ordered = fleet.pay_out()
    assert (ordered.state, ordered.amount, ordered.failure) == ("processing", cedis(40), "")
    assert (fleet.has(), in_wallet(fleet.owner.user_id)) == (6000, 0)
    drain()
    assert fleet.pay_out() == OrderedPayout(
        payout_id=ordered.payout_id, key=fleet.key, state="paid", amount=cedis(40), failure=""
    )
    assert (fleet.has(), len(provider.payouts(fleet.order().id))) == (6000, 1)
    [told] = published.of(PayoutPaid)
    assert (told.payout_id, told.user_id) == (ordered.payout_id, fleet.owner.user_id)
    assert (told.owner, told.purpose, told.source) == (f"fleet:{fleet.id}", "deposit", fleet.source)


@in_one_transaction
@pytest.mark.parametrize(
    ("before", "end"),
    [
        ((), "returned"),
        (("unknown",), "returned"),
        (("paid",), "returned"),
        (("unknown", "pending", "paid"), "returned"),
        (("refused",), "failed"),
    ],
)
def test_what_is_refused_or_comes_back_after_days_is_the_owners_again_once(fleet, clock, published, before, end):
    """Row 25."""
    fleet.pay_out()
    for word in before:
        fleet.hears(word)
    clock.advance(days=5)
    for _ in range(3):
        fleet.hears("returned")
    again = fleet.pay_out()
    assert (again.state, fleet.has(), in_wallet(fleet.owner.user_id)) == (end, 10000, 0)
    [told] = published.of(PayoutFailed)
    assert (told.owner, told.purpose, told.source) == (f"fleet:{fleet.id}", "deposit", fleet.source)
    assert fleet.pay_out(key=f"{fleet.key}:again").state == "processing"
    assert LedgerTransaction.objects.filter(reference__source=fleet.source, kind="payout_returned").count() == 1


@in_one_transaction
@pytest.mark.parametrize(
    ("account", "end", "left"), [("acct_reject", "failed", 10000), ("acct_returned", "returned", 10000)]
)
def test_an_account_that_takes_nothing(people, clock, provider, drain, account, end, left):
    fleet = Fleet(people, clock, account=account)
    ordered = fleet.pay_out()
    drain()
    if account == "acct_returned":
        [made] = provider.payouts(fleet.order().id)
        facts = facts_of(fleet.order(), ref=made["id"])
        settle_command(command_id=fleet.order().id, outcome=Returned(facts=facts, code="account_closed"))
    assert (fleet.pay_out().state, fleet.has()) == (end, left)
    assert Payout.objects.get().id == ordered.payout_id


@in_one_transaction
@pytest.mark.parametrize("account", ["acct_timeout_paid", "acct_timeout_lost"])
def test_without_an_answer_it_stays_held_until_it_is_known(people, clock, provider, impatient, account):
    """Row 17."""
    fleet = Fleet(people, clock, account=account)
    fleet.pay_out()
    actions.submit_command(command_id=fleet.order().id)
    assert (fleet.order().state, fleet.pay_out().state, fleet.has()) == ("unknown", "processing", 6000)
    with pytest.raises(PayoutInFlight):
        fleet.pay_out(key="another", amount=10)
    clock.advance(minutes=1)
    actions.resolve_commands()
    assert (fleet.pay_out().state, fleet.has(), len(provider.payouts(fleet.order().id))) == ("paid", 6000, 1)


@in_one_transaction
def test_one_whose_process_died_before_it_was_sent_is_sent_later(fleet, provider, clock):
    """Row 16."""
    fleet.pay_out()
    clock.advance(minutes=1)
    actions.resolve_commands()
    actions.resolve_commands()
    assert (fleet.pay_out().state, fleet.has(), len(provider.payouts(fleet.order().id))) == ("paid", 6000, 1)


@in_one_transaction
def test_one_that_differs_waits_for_staff(fleet, published):
    """Row 20."""
    fleet.pay_out()
    fleet.hears("differs")
    ordered = fleet.pay_out()
    assert (ordered.state, ordered.failure, fleet.has()) == ("in_review", "amount_differs", 6000)
    assert not published.of(PayoutPaid)
    with pytest.raises(NotYoursToJudge):
        actions.accept_payout(payout_id=ordered.payout_id, ruling=Ruling(by=fleet.owner.user_id, reason="it is mine"))
    actions.accept_payout(payout_id=ordered.payout_id, ruling=ruling())
    assert [told.source for told in published.of(PayoutPaid)] == [fleet.source]


# Once


@in_one_transaction
@pytest.mark.parametrize("other", ["amount", "owner", "purpose", "payee_id", "method_id", "source"])
def test_a_key_is_good_for_one_payout(fleet, people, clock, other):
    fleet.pay_out()
    another = Fleet(people, clock)
    changed = {
        "amount": 41,
        "owner": another.named["owner"],
        "purpose": "rent",
        "payee_id": another.owner.user_id,
        "method_id": another.method.id,
        "source": "fleet.fleet:2",
    }
    with pytest.raises(LedgerKeyReused):
        fleet.pay_out(**{other: changed[other]})
    assert (Payout.objects.count(), fleet.has(), another.has()) == (1, 6000, 10000)


@in_one_transaction
def test_a_refusal_leaves_the_key_free(fleet):
    with pytest.raises(InsufficientFunds):
        fleet.pay_out(100.01)
    assert fleet.pay_out(100).state == "processing"
    assert fleet.has() == 0


@in_one_transaction
def test_the_same_again_is_answered_though_identity_is_silent_and_the_method_gone(fleet, people):
    fleet.pay_out()
    fleet.hears("paid")
    methods.remove(by=fleet.owner, method_id=fleet.method.id)
    people.failure = Unavailable
    assert fleet.pay_out().state == "paid"
    with pytest.raises(Unavailable):
        fleet.pay_out(key="another")


# Whose money, and to whom


@in_one_transaction
@pytest.mark.parametrize(
    ("owner", "purpose"),
    [("platform", "commission"), ("platform", "penalty"), ("escrow", "available"), ("gw:sandbox", "available")],
)
def test_what_is_the_platforms_or_nobodys_is_not_paid_out(fleet, owner, purpose):
    with pytest.raises(AccountUnknown):
        fleet.pay_out(owner=owner, purpose=purpose)
    assert not Payout.objects.exists()


@in_one_transaction
def test_a_debt_is_not_paid_out(fleet):
    with pytest.raises(AccountUnknown):
        fleet.pay_out(owner=f"user:{fleet.owner.user_id}", purpose="receivable")


@in_one_transaction
def test_a_users_money_goes_to_that_user_only(fleet, people):
    driver = rich(cedis(100))
    people.knows(driver.user_id, level=3)
    with pytest.raises(PayeeRefused):
        fleet.pay_out(owner=f"user:{driver.user_id}", purpose="available")
    assert in_wallet(driver.user_id) == 10000


@in_one_transaction
def test_a_users_own_money_can_be_paid_out_by_a_domain_and_is_their_payout(people, clock):
    driver = rich(cedis(100))
    people.knows(driver.user_id)
    method = usable(driver, clock)
    owner = f"user:{driver.user_id}"
    wanted = {"owner": owner, "purpose": "earnings", "amount": cedis(40), "source": "trips.payday:1", "key": "payday:1"}
    ordered = payments.payout(**wanted, payee_id=driver.user_id, method_id=method.id)
    assert in_wallet(driver.user_id) == 6000
    assert [payout.id for payout in payouts_of(driver.user_id)] == [ordered.payout_id]
    with pytest.raises(PayoutInFlight):
        payouts.request_payout_to(by=driver, amount=cedis(10), method_id=method.id)


@in_one_transaction
def test_a_fleets_payout_is_not_among_its_owners_and_does_not_stand_in_their_way(api, fleet):
    ordered = fleet.pay_out()
    mine = api.as_(fleet.owner)
    assert mine.get("/wallet/payouts").json == {"items": [], "next": None}
    assert mine.get(f"/wallet/payouts/{ordered.payout_id}").status == 404
    rich(cedis(20), fleet.owner.user_id)
    own = payouts.request_payout_to(by=fleet.owner, amount=cedis(20), method_id=fleet.method.id)
    assert [item["id"] for item in mine.get("/wallet/payouts").json["items"]] == [str(own.id)]


@in_one_transaction
def test_a_method_of_anybody_but_the_payee_does_not_exist(fleet, clock):
    others = usable(somebody(), clock)
    with pytest.raises(NotFound):
        fleet.pay_out(method_id=others.id)
    with pytest.raises(NotFound):
        fleet.pay_out(method_id=new_id())
    assert fleet.has() == 10000


@in_one_transaction
def test_a_method_is_confirmed_and_has_cooled_down(fleet, clock):
    waiting = added(fleet.owner, "acct_named_kofi_mensah")
    with pytest.raises(MethodNotConfirmed):
        fleet.pay_out(method_id=waiting.id)
    methods.accept(method_id=waiting.id, ruling=ruling())
    with pytest.raises(MethodCoolingDown) as refused:
        fleet.pay_out(method_id=waiting.id)
    assert refused.value.data == {"usable_at": waiting.usable_at.isoformat()}
    clock.advance(hours=24)
    assert fleet.pay_out(method_id=waiting.id).state == "processing"


@in_one_transaction
@pytest.mark.parametrize("standing", ["suspended", "deactivated", "erased", "unknown", "restricted"])
def test_whoever_may_not_take_money_out_is_paid_nothing(fleet, people, standing):
    payee = fleet.owner.user_id
    if standing == "unknown":
        del people.known[payee]
    elif standing == "restricted":
        people.taken[payee] = ["marketplace.propose", "payments.request_payout"]
    else:
        people.knows(payee, level=3, status=standing)
    with pytest.raises(PayeeRefused):
        fleet.pay_out()
    assert fleet.has() == 10000


@in_one_transaction
def test_what_comes_from_several_owners_counts_together_for_the_unverified(people, clock):
    limit = rules.unverified_limit("GHS")
    one = Fleet(people, clock, deposit=limit.minor / 100)
    people.knows(one.owner.user_id, level=0)
    one.pay_out(amount=limit.minor / 100)
    own = rich(cedis(10), one.owner.user_id)
    with pytest.raises(VerificationNeeded):
        payouts.request_payout_to(by=own, amount=cedis(10), method_id=one.method.id)
    other = Fleet(people, clock)
    payee = {"payee_id": one.owner.user_id, "method_id": one.method.id}
    with pytest.raises(VerificationNeeded) as refused:
        other.pay_out(**payee)
    assert refused.value.data == {"level": 1, "limit": limit.as_json()}
    people.knows(one.owner.user_id, level=1)
    assert other.pay_out(**payee).state == "processing"


@in_one_transaction
def test_only_people_owe(fleet, people, clock):
    """What the fleet's owner owes is theirs: the fleet's deposit is not held for it, their wallet is."""
    owner, debt = f"user:{fleet.owner.user_id}", cedis(5)
    owed = [MoneyLine(owner=owner, purpose="receivable", amount=-debt)]
    owed += [MoneyLine(owner="platform", purpose="commission", amount=debt)]
    payments.post(key="cash", source="trips.trip:1", purpose="cash_fare", lines=owed)
    rich(cedis(20), fleet.owner.user_id)
    with pytest.raises(rules.DebtOutstanding):
        fleet.pay_out(owner=owner, purpose="available", amount=10)
    assert fleet.pay_out().state == "processing"


@in_one_transaction
@pytest.mark.parametrize("amount", [0, -40, 0.01])
def test_too_little_is_refused(fleet, amount):
    with pytest.raises(AmountTooSmall):
        fleet.pay_out(amount)


@in_one_transaction
def test_while_the_books_are_red_none_leaves(fleet):
    BooksCheck.objects.create(at=time.now(), broken=["a test"])
    with pytest.raises(PayoutsFrozen) as refused:
        fleet.pay_out()
    assert (refused.value.retry_after, fleet.has()) == (600, 10000)


# Who may ask


@in_one_transaction
def test_no_user_and_no_other_domain_pays_out(api, fleet):
    path = "/internal/rpc/payments/payout"
    arguments = {**fleet.named, "key": fleet.key, "amount": {"minor": 4000, "currency": "GHS"}, "source": fleet.source}
    payee = {"payee_id": fleet.owner.user_id, "method_id": fleet.method.id}
    body = orjson.dumps({"args": {**arguments, **payee}})

    def sent(client: Any, **proof: str) -> Any:
        return client.send("POST", path, body, headers={"Content-Type": "application/json"} | proof)

    roles = ("worker", "hirer", "support", "finance", "admin")
    for client in (api.anonymous, api.as_(fleet.owner), *(api.as_(somebody(role=role)) for role in roles)):
        answer = sent(client)
        assert (answer.status, answer.code) == (401, "rpc_bad_signature")
    as_reviews = signing.sign(path=path, body=body, caller="reviews", travelling={})
    assert sent(api.anonymous, **as_reviews).status == 403
    assert (Payout.objects.count(), fleet.has()) == (0, 10000)
    as_contracts = signing.sign(path=path, body=body, caller="contracts", travelling={})
    assert sent(api.anonymous, **as_contracts).status == 200  # so it was who asked, and nothing else


# Leaving


@in_one_transaction
def test_what_is_on_its_way_to_somebody_stands_against_forgetting_them_and_is_in_their_copy(fleet, clock):
    """Row 35."""
    payee = fleet.owner.user_id
    fleet.pay_out()
    assert [hold.count for hold in privacy.holds_on(payee) if hold.reason == "money_on_its_way"] == [1]
    [copied] = privacy._sections(payee)["payouts"]
    assert (copied["owner"], copied["source"]) == (f"fleet:{fleet.id}", fleet.source)
    fleet.hears("paid")
    assert not any(hold.count for hold in privacy.holds_on(payee))
    privacy._erase(payee)
    clock.advance(days=5)
    fleet.hears("returned")
    assert (state_of(Payout.objects.get()), fleet.has(), in_wallet(payee)) == ("returned", 10000, 0)


# At once


@in_real_transactions
def test_sixteen_who_order_under_one_key_order_one(race, people, clock):
    """Row 2."""
    fleet = Fleet(people, clock)
    ordered = race(fleet.pay_out, 16)
    assert {each.payout_id for each in ordered} == {Payout.objects.get().id}
    assert (fleet.has(), GatewayCommand.objects.filter(kind="payout").count()) == (6000, 1)


@in_real_transactions
def test_of_two_orders_under_one_key_at_once_one_is_refused(race, people, clock):
    """Row 3."""
    fleet = Fleet(people, clock)
    outcome = race([lambda n=n: fleet.pay_out(40 + n % 2) for n in range(8)])
    assert sum(isinstance(each, LedgerKeyReused) for each in outcome) == 4
    assert Payout.objects.count() == 1


@in_real_transactions
def test_two_keys_at_once_never_take_more_than_is_there(race, people, clock):
    """Row 9."""
    for _ in range(5):
        fleet = Fleet(people, clock)
        outcome = race([lambda f=fleet, n=n: f.pay_out(60, key=f"{f.key}:{n}") for n in range(4)])
        refused = [each for each in outcome if isinstance(each, Exception)]
        assert len(refused) == 3
        assert all(isinstance(each, PayoutInFlight | InsufficientFunds) for each in refused)
        assert fleet.has() == 4000


@in_real_transactions
def test_a_return_heard_by_eight_at_once_is_one(race, people, clock):
    """Row 25."""
    fleet = Fleet(people, clock)
    fleet.pay_out()
    fleet.hears("paid")
    assert race(lambda: fleet.hears("returned"), 8) == [None] * 8
    assert (fleet.has(), in_wallet(fleet.owner.user_id), contradictions()) == (10000, 0, [])


@in_real_transactions
def test_owners_who_pay_one_person_at_once_stay_together_below_the_limit(race, people, clock):
    limit = rules.unverified_limit("GHS").minor / 100
    fleets = [Fleet(people, clock, deposit=limit) for _ in range(4)]
    payee = fleets[0].owner
    people.knows(payee.user_id, level=0)
    to = {"payee_id": payee.user_id, "method_id": fleets[0].method.id}
    rich(Money(round(limit * 100), "GHS"), payee.user_id)

    def own() -> Payout:
        return payouts.request_payout_to(by=payee, amount=cedis(limit * 0.6), method_id=fleets[0].method.id)

    outcome = race([own, *(lambda f=f: f.pay_out(limit * 0.6, **to) for f in fleets)])
    assert sum(isinstance(each, VerificationNeeded) for each in outcome) == 4
    assert Payout.objects.count() == 1
