"""What every adapter promises, whatever its provider is like: one class of tests over a ``Subject``.

A subclass gives the fixture ``subject``. What a provider can't do is declared in its capabilities; then the tests of it
assert that it is refused, never that it is left out.
"""

import re
import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings

from domains.payments import actions
from domains.payments.gateways import GATEWAYS, Order, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.models import GatewayCommand
from domains.payments.rules import NotOffered, SignatureInvalid
from kelmah import clock
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.money import EXPONENTS, Money
from tests.payments.gateways.subject import UNSURE, Subject

UNSENT = ["lost", "refuse", "limit"]  # not carried out, and we can't know it either
ODD_REFS = ["no_such_thing", "", "../x", "x?y=1", "a/b", "ü", "x" * 300, "01930d2e-0100-7a01-8a01-0a1b2c3d4e5f"]

NO_EVENTS = [
    *(b"", b"[]", b"null", b"{}", b'{"id": 1}', b"\xff\xfe", b"a=b&c=d", b"<x/>"),
    *(b"[" * 100_000, b'{"data":' * 100_000, b'{"data":' * 700 + b"1" + b"}" * 700),  # deeper than anybody reads
    b'{"txnid": "\\ud800", "hash": "x"}',  # half a sign, which no text can hold
    b'{"event": "TRANSACTION_CREDIT", "data": {"amount": "\\ud800", "Authorization": "x"}}',
]


class Contract:
    """About forty promises."""

    @pytest.fixture
    def orders(self, subject: Subject) -> list[str]:
        """The kinds of orders that this provider takes."""
        able = subject.gateway.capabilities
        return [kind for kind, there in (("charge", able.charges), ("payout", able.payouts)) if there]

    # What it says of itself

    def test_it_is_registered_under_its_name(self, subject: Subject) -> None:
        assert GATEWAYS[subject.gateway.name] is type(subject.gateway)

    def test_its_capabilities_are_words_that_everybody_knows(self, subject: Subject) -> None:
        able = subject.gateway.capabilities
        assert able.refunds in ("none", "full", "partial")
        assert able.webhooks in ("signed", "unsigned", "none")
        assert able.charges | able.payouts <= EXPONENTS.keys()
        assert able.charges or able.payouts
        assert able.remembers_keys >= timedelta(0)
        assert able.account

    def test_the_secrets_it_needs_are_settings(self, subject: Subject) -> None:
        assert [name for name in subject.gateway.secrets if not hasattr(settings, name)] == []

    def test_its_peer_moves_no_real_money(self, subject: Subject) -> None:
        assert subject.gateway.capabilities.live is False

    # Orders that go well

    def test_an_order_that_goes_well_is_told_as_it_was_given(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            outcome = subject.settled(order)
            assert isinstance(outcome, Succeeded), outcome
            able, facts = subject.gateway.capabilities, outcome.facts
            assert (facts.amount, facts.key, facts.account, facts.live) == (
                order.amount,
                order.key,
                able.account,
                able.live,
            )
            assert facts.ref
            assert subject.made(order) == 1

    def test_amounts_go_there_and_back_in_every_currency(self, subject: Subject, orders: list[str]) -> None:
        """Row 29: no x100 and no /100, whatever the exponent."""
        for kind in orders:
            for currency in (subject.currency, *subject.others):
                for minor in (100, 12345):
                    order = subject.order(kind, amount=minor, currency=currency)
                    outcome = subject.settled(order)
                    assert isinstance(outcome, Succeeded), outcome
                    assert outcome.facts.amount == Money(minor, currency)

    def test_what_is_asked_by_key_and_by_ref_is_the_same(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            told = subject.settled(order)
            assert isinstance(told, Succeeded)
            fetched = subject.gateway.fetch(kind, told.facts.ref)
            asked = subject.asked(order)
            assert isinstance(fetched, Succeeded)
            assert isinstance(asked, Succeeded)
            assert (fetched.facts.ref, fetched.facts.amount) == (told.facts.ref, told.facts.amount)
            assert (asked.facts.ref, asked.facts.amount) == (told.facts.ref, told.facts.amount)

    def test_what_waits_is_pending_until_it_is_decided(self, subject: Subject) -> None:
        if not subject.gateway.capabilities.charges:
            self._is_refused(subject, "charge")
            return
        order = subject.order(part="waits")
        first = subject.gateway.submit(order)
        assert isinstance(first, Pending), first
        assert (first.facts.amount, first.facts.key) == (order.amount, order.key)
        assert isinstance(subject.followed(order), Succeeded)

    def test_what_the_payer_has_to_do_is_texts_of_a_kind_that_clients_know(self, subject: Subject) -> None:
        if not subject.gateway.capabilities.charges:
            self._is_refused(subject, "charge")
            return
        told = subject.gateway.submit(subject.order(part="waits"))
        assert isinstance(told, Pending)
        if told.next_action is None:
            return
        assert told.next_action.kind in ("redirect", "approve_on_phone", "bank_transfer", "qr_code")
        assert all(isinstance(text, str) for pair in told.next_action.data.items() for text in pair)
        assert told.next_action.kind != "redirect" or told.next_action.data["url"].startswith("http")

    # Orders that are refused

    def test_a_refused_order_is_rejected_for_good(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind, part="declines" if kind == "charge" else "refuses")
            first, again = subject.settled(order), subject.gateway.query(order)
            assert isinstance(first, Rejected), first
            assert re.fullmatch(r"[\w .:/-]{1,200}", first.code), "a code that can be kept and shown"
            assert isinstance(again, Rejected) or (isinstance(again, Unknown) and again.absent)

    def test_kinds_of_orders_that_it_does_not_take_are_refused(self, subject: Subject, orders: list[str]) -> None:
        for kind in {"charge", "payout"} - set(orders):
            self._is_refused(subject, kind)

    # Once per key

    def test_one_key_is_one_movement_however_often_it_is_sent(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            for _ in range(3):
                assert not isinstance(subject.gateway.submit(order), Rejected)
            assert isinstance(subject.followed(order), Succeeded)
            assert subject.made(order) == 1

    def test_two_keys_are_two_movements(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            one, other = subject.order(kind), subject.order(kind)
            refs = {subject.settled(order).facts.ref for order in (one, other)}  # type: ignore[union-attr]
            assert len(refs) == 2

    def test_one_key_sent_by_many_at_once_is_one_movement(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            threads = [threading.Thread(target=subject.gateway.submit, args=(order,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert isinstance(subject.followed(order), Succeeded)
            assert subject.made(order) == 1

    def test_one_key_with_another_amount_moves_nothing_more(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            first = subject.settled(order)
            assert isinstance(first, Succeeded)
            other = Order(key=order.key, kind=kind, amount=order.amount + order.amount, instrument=order.instrument)
            again = subject.gateway.submit(other)
            assert not isinstance(again, Succeeded) or again.facts.amount == order.amount
            assert not isinstance(again, Rejected), "the order of this key was carried out"
            assert subject.made(order) == 1

    # Row 17: no answer is not an answer

    @pytest.mark.parametrize("fault", UNSURE)
    def test_an_order_carried_out_without_an_answer_is_unknown_then_found(
        self, subject: Subject, orders: list[str], fault: str
    ) -> None:
        """Row 17."""
        for kind in orders:
            order = subject.order(kind)
            if not subject.is_spoken_to:
                self._waits_whatever_happens(subject, order)
                continue
            if fault not in subject.unsure:
                continue
            subject.next_order(fault)
            first = subject.gateway.submit(order)
            # Some say by a status that it came before: then it was looked up at once.
            assert isinstance(first, Unknown) or (fault.isdecimal() and not isinstance(first, Rejected)), first
            assert not isinstance(first, Unknown) or not first.absent
            assert isinstance(subject.followed(order), Succeeded)
            assert subject.made(order) == 1

    @pytest.mark.parametrize("fault", UNSENT)
    def test_an_order_that_got_lost_is_unknown_and_may_be_sent_again(
        self, subject: Subject, orders: list[str], fault: str
    ) -> None:
        for kind in orders:
            order = subject.order(kind)
            if not subject.is_spoken_to:
                self._waits_whatever_happens(subject, order)
                continue
            subject.next_order(fault)
            first = subject.gateway.submit(order)
            assert isinstance(first, Unknown), first
            assert not first.absent
            asked = subject.gateway.query(order)
            assert isinstance(asked, Unknown), asked
            assert asked.absent
            assert isinstance(subject.settled(order), Succeeded)
            assert subject.made(order) == 1

    def test_a_provider_that_is_down_says_nothing_about_any_order(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            order = subject.order(kind)
            if not subject.is_spoken_to:
                self._waits_whatever_happens(subject, order)
                continue
            with subject.nobody_there():
                told = [subject.gateway.submit(order), subject.gateway.query(order), subject.gateway.fetch(kind, "x1")]
            assert [type(outcome) for outcome in told] == [Unknown] * 3
            absent = [getattr(outcome, "absent", None) for outcome in told]
            assert absent == [False, not subject.gateway.capabilities.queries, False]

    def test_what_it_never_saw_is_absent(self, subject: Subject, orders: list[str]) -> None:
        for kind in orders:
            outcome = subject.gateway.query(subject.order(kind))
            assert isinstance(outcome, Unknown), outcome
            assert outcome.absent

    @pytest.mark.domain("payments")
    def test_once_its_key_may_be_forgotten_an_order_is_asked_about_and_never_sent_again(
        self, subject: Subject, orders: list[str]
    ) -> None:
        """Row 17: the janitor sends again only what the provider does once; the rest waits for staff."""
        remembered = subject.gateway.capabilities.remembers_keys
        for kind in orders if remembered < timedelta(days=365) else ():
            order, at = subject.order(kind), clock.now() - remembered - timedelta(minutes=1)
            command = GatewayCommand.objects.create(
                id=order.key,
                gateway=subject.gateway.name,
                kind=kind,
                subject_id=new_id(),
                amount_minor=order.amount.minor,
                currency=order.amount.currency,
                instrument=order.instrument,
                state="unknown",
                attempts=1,
                created_at=at,
                sent_at=at,
                next_at=clock.now(),
            )
            assert actions.resolve_commands() == 1
            actions.submit_command(command_id=command.id)
            command.refresh_from_db()
            assert (command.state, command.attempts, subject.made(order)) == ("unknown", 2, 0)
            command.delete()  # it is about nothing: the books would say so

    @pytest.mark.parametrize("ref", ODD_REFS)
    def test_a_ref_that_it_never_gave_is_unknown_and_no_way_to_other_addresses(
        self, subject: Subject, orders: list[str], ref: str
    ) -> None:
        for kind in orders:
            assert isinstance(subject.gateway.fetch(kind, ref), Unknown)

    # Payouts that come back

    def test_a_payout_that_comes_back_is_told_as_returned(self, subject: Subject) -> None:
        if not subject.gateway.capabilities.payouts:
            self._is_refused(subject, "payout")
            return
        if "returns" not in subject.instruments:
            self._stays_paid(subject)
            return
        order = subject.order("payout", part="returns")
        outcome = subject.settled(order)
        for _ in range(5):
            if isinstance(outcome, Returned):
                break
            subject.pass_time()
            outcome = subject.asked(order)
        assert isinstance(outcome, Returned), outcome
        assert (outcome.facts.key, outcome.facts.amount, bool(outcome.code)) == (order.key, order.amount, True)

    # Refunds

    def test_a_charge_can_be_given_back_whole(self, subject: Subject) -> None:
        charge = self._charge_to_refund(subject)
        if charge is None:
            return
        order = subject.order("refund", of=charge)
        outcome = subject.settled(order)
        assert isinstance(outcome, Succeeded), outcome
        assert (outcome.facts.amount, outcome.facts.key) == (order.amount, order.key)
        assert outcome.facts.of in ("", charge)
        assert isinstance(subject.gateway.fetch("refund", outcome.facts.ref), Succeeded)
        assert subject.made(order) == 1

    def test_a_charge_can_be_given_back_in_parts_and_never_more_than_whole(self, subject: Subject) -> None:
        """Row 24: whatever we ask for, the provider's refunds of a charge sum to it at most."""
        charge = self._charge_to_refund(subject)
        if charge is None:
            return
        if subject.gateway.capabilities.refunds == "full":
            with pytest.raises(NotOffered):
                subject.gateway.submit(subject.order("refund", of=charge, amount=700))
            return
        for _ in range(2):
            assert isinstance(subject.settled(subject.order("refund", of=charge, amount=700)), Succeeded)
        assert isinstance(subject.settled(subject.order("refund", of=charge, amount=200)), Rejected)
        assert isinstance(subject.settled(subject.order("refund", of=charge, amount=100)), Succeeded)

    @pytest.mark.parametrize("fault", ["silence", "408", "409", "423", "425", "moved", "cut"])
    def test_one_key_is_one_refund_also_when_the_first_answer_got_lost(self, subject: Subject, fault: str) -> None:
        charge = self._charge_to_refund(subject) if fault in subject.unsure else None
        if charge is None:
            return
        order = subject.order("refund", of=charge)
        subject.next_order(fault)
        first = subject.gateway.submit(order)
        assert isinstance(first, Unknown) or (fault.isdecimal() and not isinstance(first, Rejected)), first
        assert not isinstance(subject.gateway.submit(order), Rejected)
        assert isinstance(subject.followed(order), Succeeded)
        assert subject.made(order) == 1

    def test_a_refund_of_no_charge_moves_nothing(self, subject: Subject) -> None:
        if subject.gateway.capabilities.refunds == "none":
            self._is_refused(subject, "refund")
            return
        order = subject.order("refund", of="no_such_charge")
        assert isinstance(subject.gateway.submit(order), Rejected | Unknown)
        assert subject.made(order) == 0

    # Webhooks

    def test_a_webhook_as_it_was_sent_leads_to_the_object(self, subject: Subject, orders: list[str]) -> None:
        able = subject.gateway.capabilities
        if able.webhooks == "none":
            with pytest.raises(NotOffered):
                subject.gateway.parse_webhook({}, b"{}")
            return
        order = subject.order(orders[0])
        assert isinstance(subject.settled(order), Succeeded)
        headers, body = subject.webhooks(order)[-1]
        notice = subject.gateway.parse_webhook(headers, body)
        assert notice is not None
        assert (notice.kind, notice.account) == (order.kind, able.account)
        told = subject.gateway.fetch(notice.kind, notice.ref)
        assert isinstance(told, Succeeded | Pending), told
        assert told.facts.key == order.key

    def test_a_repeated_webhook_is_one_event_and_another_is_another(self, subject: Subject, orders: list[str]) -> None:
        if subject.gateway.capabilities.webhooks == "none":
            return
        notices = []
        for _ in range(2):
            order = subject.order(orders[0])
            subject.settled(order)
            headers, body = subject.webhooks(order)[-1]
            notices += [subject.gateway.parse_webhook(headers, body) for _ in range(2)]
        ids = [notice.event_id for notice in notices if notice]
        assert [one == other for one, other in pairwise(ids)] == [True, False, True]
        assert all(0 < len(event_id) <= 300 for event_id in ids)

    def test_a_webhook_that_was_altered_is_refused(self, subject: Subject, orders: list[str]) -> None:
        """Row 21."""
        if subject.gateway.capabilities.webhooks != "signed":
            return
        order = subject.order(orders[0])
        subject.settled(order)
        headers, body = subject.webhooks(order)[-1]
        for altered in (body + b" ", body[:-1], body.replace(b"a", b"b"), b"", b"{}"):
            with pytest.raises(SignatureInvalid):
                subject.gateway.parse_webhook(headers, altered)

    def test_a_webhook_without_its_signature_is_refused(self, subject: Subject, orders: list[str]) -> None:
        """Row 21."""
        if subject.gateway.capabilities.webhooks != "signed":
            return
        order = subject.order(orders[0])
        subject.settled(order)
        headers, body = subject.webhooks(order)[-1]
        assert subject.gateway.parse_webhook(headers, body)
        with pytest.raises(SignatureInvalid):
            subject.gateway.parse_webhook(*subject.without_signature((headers, body)))

    def test_an_old_webhook_is_refused(self, subject: Subject, orders: list[str]) -> None:
        """Row 21."""
        if subject.gateway.capabilities.webhooks != "signed" or not subject.stamped:
            return
        order = subject.order(orders[0])
        subject.settled(order)
        with pytest.raises(SignatureInvalid):
            subject.gateway.parse_webhook(*subject.old_webhook(order))

    @pytest.mark.parametrize("body", NO_EVENTS, ids=lambda body: repr(body[:40]))
    def test_a_body_that_is_no_event_is_refused_and_breaks_nothing(self, subject: Subject, body: bytes) -> None:
        with pytest.raises((SignatureInvalid, NotOffered)):
            if subject.gateway.parse_webhook({}, body) is None:
                raise SignatureInvalid  # about nothing that we follow: refused as well

    # Disputes

    @pytest.mark.parametrize("phase", ["inquiry", "closed", "withdrawn", "reinstated", "lost"])
    def test_a_dispute_is_told_with_its_charge_its_amount_and_its_phase(self, subject: Subject, phase: str) -> None:
        able = subject.gateway.capabilities
        if not able.disputes:
            with pytest.raises(NotOffered):
                subject.gateway.fetch_dispute("any")
            return
        if phase not in subject.phases:
            return
        charge = subject.settled(subject.order())
        assert isinstance(charge, Succeeded)
        dispute = subject.gateway.fetch_dispute(subject.dispute(charge.facts.ref, phase=phase))
        assert not isinstance(dispute, Unknown), dispute
        assert (dispute.charge_ref, dispute.amount, dispute.phase) == (charge.facts.ref, charge.facts.amount, phase)
        assert (dispute.account, dispute.live) == (able.account, able.live)

    @pytest.mark.parametrize("ref", ODD_REFS)
    def test_a_dispute_that_there_is_not_is_unknown(self, subject: Subject, ref: str) -> None:
        if subject.gateway.capabilities.disputes:
            assert isinstance(subject.gateway.fetch_dispute(ref), Unknown)

    # Addresses to which anybody can pay

    def test_what_anybody_pays_to_an_address_is_told_with_it(self, subject: Subject) -> None:
        able = subject.gateway.capabilities
        if subject.currency not in able.addresses:
            with pytest.raises(NotOffered):
                subject.gateway.open_address(key=new_id(), currency=subject.currency)
            return
        first, second = (subject.gateway.open_address(key=new_id(), currency=subject.currency) for _ in range(2))
        assert first.ref != second.ref
        assert first.data != second.data
        assert all(isinstance(text, str) and text for pair in first.data.items() for text in pair)
        notice = subject.gateway.parse_webhook(*subject.paid_into(second.ref, minor=1550))
        assert notice is not None
        assert (notice.kind, notice.account) == ("credit", able.account)
        told = subject.gateway.fetch("credit", notice.ref)
        assert isinstance(told, Succeeded), told
        assert (told.facts.of, told.facts.amount) == (second.ref, Money(1550, subject.currency))
        assert (told.facts.key, told.facts.account, told.facts.live) == (None, able.account, able.live)

    def test_an_address_that_can_not_be_opened_now_is_unavailable(self, subject: Subject) -> None:
        if subject.currency in subject.gateway.capabilities.addresses:
            with subject.nobody_there(), pytest.raises(Unavailable):
                subject.gateway.open_address(key=new_id(), currency=subject.currency)

    @pytest.mark.parametrize("ref", ODD_REFS)
    def test_a_credit_that_there_is_not_is_unknown(self, subject: Subject, ref: str) -> None:
        if subject.gateway.capabilities.addresses:
            assert isinstance(subject.gateway.fetch("credit", ref), Unknown)

    # Statements, balances, names

    def test_the_statement_has_a_line_for_each_movement(self, subject: Subject, orders: list[str]) -> None:
        """Row 32: what came is above zero and what went below; read again, it is the same."""
        today = clock.now().date()
        if not subject.gateway.capabilities.statements:
            with pytest.raises(NotOffered):
                subject.gateway.statement(today)
            return
        signs = {"charge": 1, "payout": -1}
        refs = {}
        for kind in orders:
            outcome = subject.settled(subject.order(kind))
            assert isinstance(outcome, Succeeded)
            refs[kind] = outcome.facts
        lines = subject.gateway.statement(today)
        for kind, facts in refs.items():
            [line] = [line for line in lines if (line.kind, line.ref) == (kind, facts.ref)]
            assert (line.amount.minor, line.amount.currency) == (facts.amount.minor * signs[kind], subject.currency)
            assert line.key in (None, facts.key)
        assert len({line.line_id for line in lines}) == len(lines)
        assert subject.gateway.statement(today)[: len(lines)] == lines
        assert subject.gateway.statement(today - timedelta(days=400)) == []

    def test_the_balance_grows_by_what_came(self, subject: Subject) -> None:
        if not subject.gateway.capabilities.balances:
            with pytest.raises(NotOffered):
                subject.gateway.balance()
            return
        if not subject.gateway.capabilities.charges:
            assert all(isinstance(held, Money) for held in subject.gateway.balance())
            return

        def held() -> int:
            return sum(each.minor for each in subject.gateway.balance() if each.currency == subject.currency)

        before = held()
        charge = subject.settled(subject.order())
        assert isinstance(charge, Succeeded)
        fee = charge.facts.fee.minor if charge.facts.fee else 0
        assert before < held() <= before + 1500 - fee

    def test_names_of_accounts_are_told_and_nobody_has_none(self, subject: Subject) -> None:
        if not subject.gateway.capabilities.names:
            with pytest.raises(NotOffered):
                subject.gateway.name_of("any")
            return
        for instrument, name in subject.names.items():
            assert subject.gateway.name_of(instrument) == name
        assert subject.gateway.name_of(subject.nobody) == ""

    def test_what_can_not_be_asked_now_is_unavailable(self, subject: Subject) -> None:
        able, gateway = subject.gateway.capabilities, subject.gateway
        asked = [
            (able.statements, lambda: gateway.statement(clock.now().date())),
            (able.balances, gateway.balance),
            (able.names, lambda: gateway.name_of(next(iter(subject.names)))),
        ]
        for able_to, ask in asked:
            if able_to:
                with subject.nobody_there(), pytest.raises(Unavailable):
                    ask()

    # Private

    def _stays_paid(self, subject: Subject) -> None:
        """A provider that knows no returns: a payout that was paid is paid, whatever time passes."""
        order = subject.order("payout")
        assert isinstance(subject.settled(order), Succeeded)
        subject.pass_time()
        assert isinstance(subject.gateway.query(order), Succeeded)

    def _waits_whatever_happens(self, subject: Subject, order: Order) -> None:
        """A provider that is not spoken to: an order waits with us, and is done once its file is."""
        assert isinstance(subject.gateway.submit(order), Pending)
        assert subject.made(order) == 0
        assert isinstance(subject.followed(order), Succeeded)
        assert subject.made(order) == 1

    def _is_refused(self, subject: Subject, kind: str) -> None:
        with pytest.raises(NotOffered):
            subject.gateway.submit(subject.order(kind, of="any"))

    def _charge_to_refund(self, subject: Subject) -> str | None:
        """A paid charge; None where nothing can be given back, which was seen to be refused."""
        if subject.gateway.capabilities.refunds == "none":
            self._is_refused(subject, "refund")
            return None
        outcome = subject.settled(subject.order())
        assert isinstance(outcome, Succeeded), outcome
        return outcome.facts.ref
