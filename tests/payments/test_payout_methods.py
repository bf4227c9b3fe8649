"""Payout methods: sealed, checked, cooled down; and what may be taken out to them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import actions, queries, rules
from domains.payments.actions import methods, payouts, privacy
from domains.payments.actions.outcomes import settle_command
from domains.payments.api.serializers.instruments import PaystackAccount
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import Decision, GatewayCommand, Payout, PayoutMethod
from domains.payments.queries.methods import destination_of, holder_of
from kelmah import crypto
from kelmah.errors import InvalidTransition, NotFound, Unavailable
from kelmah.interfaces.payments.events import PayoutMethodAdded, PayoutMethodDecided
from kelmah.money import EXPONENTS, Money
from kelmah.principal import Principal
from tests.payments.factories import cedis, facts_of, in_wallet, rich, ruling, somebody, state_of
from tests.payments.owner import refusal_of

pytestmark = pytest.mark.domain("payments")


def added(by: Principal, account: str = "acct_success") -> PayoutMethod:
    return methods.add(by=by, gateway="sandbox", destination=account, hint=rules.hint_of(account))


def usable(by: Principal, clock, account: str = "acct_success") -> PayoutMethod:
    method = added(by, account)
    methods.accept(method_id=method.id, ruling=ruling())
    clock.advance(hours=24)
    return PayoutMethod.objects.get(id=method.id)


def paid(payout: Payout) -> None:
    command = GatewayCommand.objects.get(subject_id=payout.id)
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))


@pytest.mark.parametrize(
    ("ours", "theirs", "fit"),
    [
        ("Kofi Mensah", "KOFI MENSAH", True),
        ("Kofi Mensah", "Mensah, Kofi Adjei", True),
        ("Mr. Kofi Adjei Mensah", "Kofi Mensah", True),
        ("Ama Séréna Agyeman", "AMA SERENA AGYEMAN", True),
        ("N'Guessan Yao", "NGUESSAN YAO", True),
        ("Kofi Mensah", "Kofi Mensa", False),
        ("Kofi Mensah", "Kofi Boateng", False),
        ("Kofi", "Kofi Mensah", False),
        ("Kofi", "Kofi", True),
        ("Kofi Mensah", "", False),
        ("", "", False),
        ("Mr", "Dr", False),
    ],
)
def test_whose_account_it_is(ours, theirs, fit):
    assert rules.names_fit(ours, theirs) is fit
    assert rules.names_fit(theirs, ours) is fit


@given(st.permutations(["Ama", "Serwaa", "Mensah", "Bonsu"]))
def test_the_order_of_names_does_not_matter(words):
    assert rules.names_fit("Ama Serwaa Mensah Bonsu", " ".join(words).upper())


@pytest.mark.parametrize(
    ("number", "hint"), [("acct_success", "…cess"), ("+233 24 123 4567", "…4567"), ("12", "…2"), ("1234", "…4")]
)
def test_a_hint_is_no_number(number, hint):
    assert rules.hint_of(number) == hint


def test_a_method_is_known_by_the_end_of_its_number_and_not_of_its_holders_name():
    values = {"kind": "nuban", "bank": "058", "account": "0001234567", "holder": "Kofi Mensah"}
    assert PaystackAccount.hint(values) == "…4567"


def test_every_currency_has_a_limit_for_the_unverified():
    assert all(rules.unverified_limit(currency) >= rules.smallest_payout(currency) for currency in EXPONENTS)


def test_a_number_is_sealed_and_its_owner_is_told(published):
    by = somebody()
    method = added(by)
    kept = PayoutMethod.objects.get()
    assert b"acct_success" not in bytes(kept.destination) + bytes(kept.destination_index)
    assert (destination_of(kept), kept.hint, kept.state) == ("acct_success", "…cess", "checking")
    [told] = published.of(PayoutMethodAdded)
    assert (told.user_id, told.method_id, told.hint) == (by.user_id, method.id, "…cess")
    assert told.usable_at - kept.created_at == timedelta(hours=24)


def test_a_sealed_number_of_another_row_does_not_open():
    one, other = added(somebody()), added(somebody())
    PayoutMethod.objects.filter(id=other.id).update(destination=one.destination)
    with pytest.raises(crypto.Tampered):
        destination_of(PayoutMethod.objects.get(id=other.id))


def test_the_same_number_twice_is_refused_and_another_person_may_have_it():
    by = somebody()
    added(by)
    with pytest.raises(rules.MethodKnown):
        added(by)
    added(somebody())
    assert PayoutMethod.objects.count() == 2


def test_there_is_an_end_to_methods():
    by = somebody()
    for number in range(rules.MOST_METHODS):
        added(by, f"acct_{'x' * (number + 1)}")
    with pytest.raises(rules.TooManyMethods):
        added(by, "acct_one_more")


@pytest.mark.parametrize(
    ("account", "state", "verdict"),
    [
        ("acct_named_kofi_mensah", "active", "fits"),
        ("acct_named_mensah_kofi_adjei", "active", "fits"),
        ("acct_named_yaw_boateng", "in_review", "differs"),
        ("acct_of_nobody", "in_review", "differs"),
    ],
)
def test_an_account_is_its_owners_or_somebody_looks(provider, people, account, state, verdict):
    by = somebody()
    people.knows(by.user_id, "Kofi Mensah")
    method = added(by, account)
    methods.check(method_id=method.id)
    methods.check(method_id=method.id)
    kept = PayoutMethod.objects.get()
    assert (kept.state, kept.name_check) == (state, verdict)


def test_whoever_looks_sees_in_whose_name_it_is_kept(provider, people):
    by = somebody()
    people.knows(by.user_id, "Kofi Mensah")
    method = added(by, "acct_named_yaw_boateng")
    methods.check(method_id=method.id)
    kept = PayoutMethod.objects.get()
    assert holder_of(kept) == "Yaw Boateng"
    assert b"Yaw Boateng" not in bytes(kept.holder)
    methods.refuse(method_id=method.id, ruling=ruling("another family"))
    kept.refresh_from_db()
    assert (kept.state, kept.destination, kept.holder) == ("refused", None, None)


@pytest.mark.parametrize("silent", ["nobody_there", "identity"])
def test_a_check_that_gets_no_answer_is_tried_again(request, people, silent):
    people.failure = Unavailable
    request.getfixturevalue("provider" if silent == "identity" else silent)
    method = added(somebody(), "acct_named_kofi_mensah")
    with pytest.raises(Unavailable):
        methods.check(method_id=method.id)
    assert state_of(method) == "checking"


def test_a_payout_to_a_new_method_waits_for_24_hours(clock):
    by = rich(cedis(100))
    method = added(by)
    methods.accept(method_id=method.id, ruling=ruling())
    clock.advance(hours=23, minutes=59)
    with pytest.raises(rules.MethodCoolingDown) as refused:
        payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    assert refused.value.data["usable_at"] == method.usable_at.isoformat()
    assert in_wallet(by.user_id) == 10000
    clock.advance(minutes=1)
    payout = payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    assert (state_of(payout), in_wallet(by.user_id)) == ("processing", 6000)


def test_the_number_reaches_the_gateway_and_no_table(clock, provider, drain):
    by = rich(cedis(100))
    payout = payouts.request_payout_to(by=by, amount=cedis(40), method_id=usable(by, clock).id)
    command = GatewayCommand.objects.get(subject_id=payout.id)
    assert (payout.destination, command.instrument) == ("", "")
    assert queries.order_of(command).instrument == "acct_success"
    drain()
    assert (state_of(payout), len(provider.payouts(command.id))) == ("paid", 1)


def test_a_method_that_waits_for_its_check_is_not_paid_to(clock):
    by = rich(cedis(100))
    method = added(by)
    clock.advance(hours=48)
    with pytest.raises(rules.MethodNotConfirmed):
        payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    assert in_wallet(by.user_id) == 10000


def test_somebody_elses_method_does_not_exist(clock):
    by, method = rich(cedis(100)), usable(somebody(), clock)
    with pytest.raises(NotFound):
        payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    with pytest.raises(NotFound):
        methods.remove(by=by, method_id=method.id)
    assert (in_wallet(by.user_id), state_of(method)) == (10000, "active")


def test_a_removed_method_is_forgotten_and_may_come_again(clock):
    by = rich(cedis(100))
    method = usable(by, clock)
    methods.remove(by=by, method_id=method.id)
    methods.remove(by=by, method_id=method.id)
    kept = PayoutMethod.objects.get()
    assert (kept.state, kept.destination, kept.destination_index) == ("removed", None, None)
    with pytest.raises(rules.MethodNotConfirmed):
        payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    again = added(by)
    assert again.usable_at > method.usable_at  # it cools down anew


def test_a_method_in_use_stays_until_the_outcome_is_known(clock):
    by = rich(cedis(100))
    method = usable(by, clock)
    payout = payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id)
    with pytest.raises(rules.MethodInUse):
        methods.remove(by=by, method_id=method.id)
    paid(payout)
    methods.remove(by=by, method_id=method.id)
    assert state_of(method) == "removed"


def test_whoever_takes_out_much_shows_who_they_are(clock, people):
    limit = rules.unverified_limit("GHS")
    by = rich(limit + cedis(1000))
    people.knows(by.user_id, level=0)
    method = usable(by, clock)
    paid(payouts.request_payout_to(by=by, amount=limit, method_id=method.id))
    with pytest.raises(rules.VerificationNeeded) as refused:
        payouts.request_payout_to(by=by, amount=cedis(1), method_id=method.id)
    assert refused.value.data == {"level": 1, "limit": limit.as_json()}
    people.knows(by.user_id, level=1)
    payouts.request_payout_to(by=by, amount=cedis(1), method_id=method.id)
    assert in_wallet(by.user_id) == 99900


def test_what_came_back_and_what_is_long_ago_does_not_count(clock, people):
    limit = rules.unverified_limit("GHS")
    by = rich(Money(limit.minor * 2, "GHS"))
    people.knows(by.user_id)
    method = usable(by, clock)
    failed = payouts.request_payout_to(by=by, amount=limit, method_id=method.id)
    command = GatewayCommand.objects.get(subject_id=failed.id)
    settle_command(command_id=command.id, outcome=Rejected(code="account_closed"))
    paid(payouts.request_payout_to(by=by, amount=limit, method_id=method.id))
    clock.advance(days=31)
    paid(payouts.request_payout_to(by=by, amount=limit, method_id=method.id))
    assert in_wallet(by.user_id) == 0


def test_without_identity_nobody_takes_out_much(clock, people):
    people.failure = Unavailable
    by = rich(rules.unverified_limit("GHS") + cedis(1000))
    method = usable(by, clock)
    with pytest.raises(Unavailable):
        payouts.request_payout_to(by=by, amount=cedis(5500), method_id=method.id)
    assert not Payout.objects.exists()


def test_staff_decide_on_what_waits_and_say_why(published, clock):
    by = rich(cedis(10))
    method = added(by)
    methods.accept(method_id=method.id, ruling=ruling("called the bank"))
    with pytest.raises(InvalidTransition):
        methods.refuse(method_id=method.id, ruling=ruling())
    kept = PayoutMethod.objects.get()
    assert (kept.state, kept.name_check) == ("active", "by_staff")
    assert Decision.objects.get().reason == "called the bank"
    assert [event.accepted for event in published.of(PayoutMethodDecided)] == [True]


def test_a_check_that_comes_late_changes_nothing():
    by = somebody()
    method = added(by)
    methods.remove(by=by, method_id=method.id)
    methods.check(method_id=method.id)
    assert state_of(method) == "removed"


def test_erasure_destroys_the_key_and_the_copy_has_the_number(clock):
    by = somebody()
    method = usable(by, clock)
    [copied] = privacy._sections(by.user_id)["payout_methods"]
    assert copied["account"] == "acct_success"
    privacy._erase(by.user_id)
    kept = PayoutMethod.objects.get()
    assert (kept.destination, kept.destination_index, kept.state) == (None, None, "removed")
    with pytest.raises(crypto.Shredded):
        crypto.unseal(
            "payments",
            subject=by.user_id,
            place=f"payments.payoutmethod.destination:{method.id}",
            sealed=bytes(method.destination),
        )
    assert "payout_methods" not in {name for name, count in privacy._erase(by.user_id).items() if count}


def test_an_order_can_be_sent_again_by_the_janitor_from_the_sealed_number(clock, provider, impatient):
    by = rich(cedis(100))
    payout = payouts.request_payout_to(by=by, amount=cedis(40), method_id=usable(by, clock, "acct_timeout_paid").id)
    command = GatewayCommand.objects.get(subject_id=payout.id)
    actions.submit_command(command_id=command.id)
    assert GatewayCommand.objects.get(id=command.id).state == "unknown"
    clock.advance(minutes=1)
    actions.resolve_commands()
    assert (state_of(payout), len(provider.payouts(command.id))) == ("paid", 1)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_a_method_removed_while_it_is_paid_to_is_either_removed_or_paid_to(race, clock):
    by = rich(cedis(100))
    method = usable(by, clock)
    outcomes = race(
        [
            lambda: payouts.request_payout_to(by=by, amount=cedis(40), method_id=method.id),
            lambda: methods.remove(by=by, method_id=method.id),
        ]
    )
    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    assert refused in ([rules.MethodNotConfirmed], [rules.MethodInUse])
    assert (Payout.objects.count(), state_of(method)) in ((0, "removed"), (1, "active"))


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
def test_one_number_added_twice_at_once_is_one_method(race):
    by = somebody()
    outcomes = race(lambda: added(by), 6)
    assert sum(isinstance(outcome, PayoutMethod) for outcome in outcomes) == 1
    assert PayoutMethod.objects.count() == 1


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.in_process
@pytest.mark.parametrize(
    "change",
    [
        "destination = NULL",
        "state = 'active'",  # while the check waits
        "state = 'gone'",
        "name_check = 'sure'",
        "usable_at = created_at - interval '1 second'",
        "ended_at = now()",
    ],
)
def test_what_the_table_itself_refuses(change):
    method = added(somebody())
    assert refusal_of(f"UPDATE payments_payoutmethod SET {change} WHERE id = %s", method.id) == "23514"
