"""The finance desk, with identity beside it: every page opens, nothing can be edited, decisions need a reason."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType

from domains.payments import actions
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Succeeded
from domains.payments.models import (
    Adjustment,
    BooksCheck,
    Decision,
    Deposit,
    Escrow,
    FeePlan,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    WebhookEvent,
)
from domains.payments.queries.desk import waiting
from kelmah import clock
from kelmah.money import Money
from tests.payments.everything import one_of_everything
from tests.payments.factories import (
    cedis,
    facts_of,
    funded_escrow,
    in_wallet,
    ordered_deposit,
    ordered_payout,
    rich,
    somebody,
    state_of,
)

pytestmark = pytest.mark.domain("identity", "payments")

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == "payments"), key=lambda model: model.__name__
)
BROUGHT = ("Statement", "Adjustment", "FeePlan", "PaymentFile")  # each made by an action


BOOKS = ("ledgeraccount/chart", "ledgeraccount/1/statement", "ledgertransaction/csv", "ledgertransaction/beancount")


@pytest.fixture(autouse=True)
def gateway_down(settings: Any) -> None:
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_types_of_another_test() -> None:
    """The rows that name models are rolled back with each test, the process's memory of them is not."""
    ContentType.objects.clear_cache()


@pytest.fixture
def money() -> None:
    """At least one row of every table."""
    one_of_everything()


def colleague(name: str = "kofi", **changes: Any) -> Client:
    """Somebody else of staff, logged in."""
    from domains.identity.actions import create_staff
    from tests.identity.desk import show_second_factor

    client, password = Client(), "eleven purple giraffes sing"
    member = create_staff(email=f"{name}@example.com", password=password, display_name=name, **changes)
    client.force_login(member)
    show_second_factor(client, member)
    return client


def path(model: Any) -> str:
    return f"/admin/payments/{model._meta.model_name}/"


def act(desk: Client, model: str, action: str, *ids: Any, **more: Any) -> str:
    body = {"action": action, "_selected_action": [str(each) for each in ids], **more}
    answer = desk.post(f"/admin/payments/{model}/", body, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_and_nothing_can_be_added_but_what_an_action_keeps(
    desk: Client, money: None, model: Any
) -> None:
    assert desk.get(path(model)).status_code == 200
    assert desk.get(path(model), {"q": "sandbox"}).status_code == 200
    assert desk.get(f"{path(model)}add/").status_code == (200 if model.__name__ in BROUGHT else 403)


@pytest.mark.parametrize(
    "model", [model for model in MODELS if model.__name__ not in ("Inbox", "Outbox", "PaymentFile")]
)
def test_every_thing_opens_and_cannot_be_changed(desk: Client, money: None, model: Any) -> None:
    one = f"{path(model)}{model.objects.first().pk}/"
    assert desk.get(f"{one}change/").status_code == 200
    assert desk.post(f"{one}change/", {"state": "succeeded", "balance": 10**9}).status_code == 403
    assert desk.post(f"{one}delete/", {"post": "yes"}).status_code == 403


def test_the_positions_of_a_currency_sum_to_zero_before_staffs_eyes(desk: Client, money: None) -> None:
    page = desk.get("/admin/payments/position/").content.decode()
    for kind in ("escrow", "held by gateways", "payouts on their way", "wallets"):
        assert kind in page
    assert "1250.00 GHS" in page


def test_the_first_page_says_what_waits_and_what_is_red(desk: Client, money: None) -> None:
    page = desk.get("/admin/payments/position/").content.decode()
    assert "The books are in order" in page
    for title in ("Payouts on their way", "Webhooks that were given up", "Corrections that nobody decided on"):
        assert f">{title}</a>" in page
    assert "Fees earned (GHS), by day" in page
    BooksCheck.objects.create(at=clock.now(), broken=["every currency sums to zero over all accounts"])
    page = desk.get("/admin/payments/position/").content.decode()
    assert "payouts are frozen" in page
    assert "every currency sums to zero" in page


def test_what_waits_leads_to_where_the_desk_lists_it(desk: Client, money: None) -> None:
    for each in waiting():
        listed = desk.get(f"/admin/payments/{each.page}/?{each.filter}")
        assert (each.title, listed.status_code) == (each.title, 200)
        assert listed.context["cl"].result_count == each.count


def test_the_chart_of_accounts_balances_now_and_at_the_end_of_every_day(desk: Client, money: None) -> None:
    chart = desk.get("/admin/payments/ledgeraccount/chart/").content.decode()
    for kind in ("Held by gateways", "Wallets", "Protected funds", "Payouts on their way"):
        assert f">{kind}</a>" in chart
    assert "Total GHS" in chart
    assert "OUT OF BALANCE" not in chart
    long_ago = desk.get("/admin/payments/ledgeraccount/chart/", {"at": "2001-01-01"}).content.decode()
    assert "Nothing was ever booked" in long_ago


def test_the_statement_of_an_account_is_a_page_and_a_file(desk: Client, money: None) -> None:
    account = LedgerAccount.objects.get(key="gw:sandbox:GHS")
    page = f"/admin/payments/ledgeraccount/{account.id}/statement/"
    closing = str(Money(account.balance, "GHS"))
    assert f"<strong>{closing}</strong>" in desk.get(page).content.decode()
    lines = desk.get(page, {"as": "csv"}).content.decode().splitlines()
    assert (len(lines), lines[-1].rpartition(",")[2]) == (1 + account.version, closing)
    before = desk.get(page, {"since": "2001-01-01", "until": "2001-12-31"}).content.decode()
    assert "<strong>0.00 GHS</strong>" in before
    assert desk.get("/admin/payments/ledgeraccount/0/statement/").status_code == 404


def test_the_books_are_taken_home_as_csv_and_for_beancount(desk: Client, money: None) -> None:
    journal = b"".join(desk.get("/admin/payments/ledgertransaction/csv/").streaming_content).decode()
    assert len(journal.splitlines()) == 1 + LedgerEntry.objects.count()
    books = b"".join(desk.get("/admin/payments/ledgertransaction/beancount/").streaming_content).decode()
    assert books.count(" balance ") == LedgerAccount.objects.count()


@pytest.mark.parametrize("page", BOOKS)
def test_the_books_are_shown_to_nobody_outside(page: str) -> None:
    assert Client().get(f"/admin/payments/{page}/").status_code == 302


@pytest.mark.parametrize("page", BOOKS)
def test_the_books_are_not_shown_to_staff_without_the_right(page: str) -> None:
    assert colleague(has_all_rights=False).get(f"/admin/payments/{page}/").status_code == 403


def test_a_correction_is_asked_for_by_one_and_approved_by_another(desk: Client) -> None:
    by = rich(cedis(100))
    lines = f"platform:loss:GHS -5.00 GHS\r\nuser:{by.user_id}:available:GHS 5.00 GHS"
    add = "/admin/payments/adjustment/add/"
    wrong = {"wanted": lines[:-8] + "6.00 GHS", "reason": "typo"}
    assert "don&#x27;t balance" in desk.post(add, wrong).content.decode()
    assert "Write lines" in desk.post(add, {"wanted": "", "undo": "", "reason": "nothing"}).content.decode()
    assert desk.post(add, {"wanted": lines, "undo": "", "reason": "fee charged twice"}).status_code == 302
    adjustment = Adjustment.objects.get()
    assert "Somebody else decides" in act(desk, "adjustment", "approve", adjustment.pk)
    assert in_wallet(by.user_id) == 10000
    assert "done" in act(colleague(), "adjustment", "approve", adjustment.pk)
    assert in_wallet(by.user_id) == 10500
    back = LedgerTransaction.objects.get(kind="adjustment")
    assert desk.post(add, {"wanted": "", "undo": back.id, "reason": "it was not"}).status_code == 302
    assert "done" in act(colleague("ama"), "adjustment", "approve", Adjustment.objects.get(state="open").pk)
    assert in_wallet(by.user_id) == 10000


def test_a_refund_needs_a_reason_and_keeps_who_decided(desk: Client) -> None:
    escrow = funded_escrow()
    assert "Say why" in act(desk, "escrow", "refund", escrow.pk, reason="")
    assert state_of(escrow) == "funded"
    assert "done" in act(desk, "escrow", "refund", escrow.pk, reason="The worker fell ill")
    assert (state_of(escrow), in_wallet(escrow.hirer_id)) == ("refunded", 125000)
    decision = Decision.objects.get()
    assert (decision.reason, str(decision.by)) == ("The worker fell ill", desk.session["_auth_user_id"])


def test_a_released_escrow_is_not_refunded_at_the_desk(desk: Client) -> None:
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert "it has reached its end" in act(desk, "escrow", "refund", escrow.pk, reason="Please")
    assert Escrow.objects.get().state == "released"
    assert not Decision.objects.exists()


def test_a_deposit_in_review_is_accepted_or_dismissed_at_the_desk(desk: Client) -> None:
    by = somebody()
    deposits = []
    for _ in range(2):
        deposit, command = ordered_deposit(by, cedis(15))
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(14))))
        deposits.append(deposit)
    act(desk, "deposit", "accept", deposits[0].pk, reason="Fee of the bank")
    act(desk, "deposit", "dismiss", deposits[1].pk, reason="Sent back by hand")
    assert ([state_of(deposit) for deposit in deposits], in_wallet(by.user_id)) == (["succeeded", "failed"], 1400)


def test_a_part_of_a_deposit_is_refunded_as_people_write_it(desk: Client) -> None:
    user = rich(cedis(100)).user_id
    deposit = Deposit.objects.get(user_id=user)
    for part in ("12,50", "12.505", "a few", "9" * 5000):
        said = act(desk, "deposit", "refund", deposit.pk, reason="He asked", part=part)
        assert "is no amount in GHS" in said, part
    for part in ("100.01", "0", "-12.50"):
        assert "done" not in act(desk, "deposit", "refund", deposit.pk, reason="He asked", part=part), part
    assert in_wallet(user) == 10000
    assert "done" in act(desk, "deposit", "refund", deposit.pk, reason="He asked", part=" 12.5 ")
    assert in_wallet(user) == 8750


def test_a_gateway_that_cannot_be_asked_changes_nothing(desk: Client) -> None:
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    act(desk, "payout", "ask_the_gateway", payout.pk)
    assert "may still know" in act(desk, "gatewaycommand", "give_up", command.pk, reason="It is gone")
    assert (state_of(payout), in_wallet(by.user_id)) == ("processing", 6000)


def test_a_dead_webhook_is_replayed_with_a_reason(desk: Client, money: None) -> None:
    event = WebhookEvent.objects.get()
    assert "Say why" in act(desk, "webhookevent", "replay", event.pk, reason="")
    act(desk, "webhookevent", "replay", event.pk, reason="The provider was down")
    event.refresh_from_db()
    assert (event.dead_at, event.attempts) == (None, 0)


def test_members_are_not_let_in() -> None:
    assert Client().get("/admin/payments/ledgeraccount/").status_code == 302


def test_a_fee_plan_is_proposed_at_the_desk_and_only_a_colleague_puts_it_in_force(desk: Client) -> None:
    wanted = {"name": "standard", "basis_points": "1200", "review_hours": "336", "pending_hours": "0"}
    assert desk.post("/admin/payments/feeplan/add/", {**wanted, "reason": ""}).status_code == 200
    assert desk.post("/admin/payments/feeplan/add/", {**wanted, "reason": "Costs rose"}).status_code == 302
    plan = FeePlan.objects.get(version=2)
    assert (plan.state, str(plan.proposed_by)) == ("proposed", desk.session["_auth_user_id"])
    again = desk.post("/admin/payments/feeplan/add/", {**wanted, "reason": "Costs rose"}, follow=True)
    assert "waits for a decision already" in again.content.decode()
    assert "Somebody else of the staff" in act(desk, "feeplan", "approve", plan.pk, reason="Because I say so")
    assert state_of(plan) == "proposed"
    assert "done" in act(colleague(), "feeplan", "approve", plan.pk, reason="Agreed")
    assert (state_of(plan), FeePlan.objects.filter(name="standard").count()) == ("approved", 2)


def pressed(desk: Client, form: str, page: str) -> str:
    """What staff see after the one button of a form on a page, filled in as the page came."""
    shown = desk.get(page).content.decode()
    _, _, begun = shown.partition(f'id="{form}"')
    inside, _, _ = begun.partition("</form>")
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside))
    return desk.post(page, fields, follow=True).content.decode()


def test_the_books_are_looked_at_by_a_button_before_they_ever_were_and_again(desk: Client) -> None:
    for looks in (1, 2):
        assert "The books are in order." in pressed(desk, "look", path(BooksCheck))
        assert BooksCheck.objects.count() == looks


def test_who_may_only_see_money_has_no_button_for_the_books() -> None:
    from tests.identity.desk import show_second_factor
    from tests.identity.factories import colleague as staff

    looker, member = Client(), staff("compliance")
    looker.force_login(member)
    show_second_factor(looker, member)
    assert 'id="look"' not in looker.get(path(BooksCheck)).content.decode()
    form = {"action": "check_now", "select_across": "1", "_selected_action": "all", "index": "0"}
    looker.post(path(BooksCheck), form, follow=True)
    assert not BooksCheck.objects.exists()
