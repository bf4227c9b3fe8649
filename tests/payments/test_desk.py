"""The finance desk's first page: what waits, what stands in suspense, and money day by day."""

import pytest

from domains.payments import actions
from domains.payments.actions import adjustments
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Succeeded
from domains.payments.models import WebhookEvent
from domains.payments.queries import desk
from domains.payments.queries.desk import Bar, Chart
from domains.payments.rules import adjustments as adjusted
from domains.payments.rules import methods, owners, states
from domains.payments.rules.meanings import MEANINGS
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.transitions import StateTable
from tests.payments.factories import (
    cedis,
    facts_of,
    funded_escrow,
    move,
    ordered_deposit,
    ordered_payout,
    rich,
    somebody,
)

pytestmark = pytest.mark.domain("payments")

TABLES = [each for module in (adjusted, methods, owners, states) for each in vars(module).values()
          if isinstance(each, StateTable)]  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.subject)
def test_every_state_has_its_explanation(table):
    assert set(MEANINGS[table.subject]) == table.states


def test_columns_stand_on_the_ground_and_the_smallest_is_seen():
    bars = [Bar("a", 0, 1000, "0"), Bar("b", 1, 1000, "1"), Bar("c", 1000, 1000, "1000"), Bar("d", -5, 1000, "-5")]
    columns = Chart("t", bars, top="1000", bottom="0").columns
    assert [column.height for column in columns] == [0, 1, 108, 0]
    assert {column.top + column.height for column in columns} == {120}


def counts() -> dict[str, int]:
    return {each.title: each.count for each in desk.waiting() if each.count}


def chart(title: str) -> list[int]:
    [found] = [chart for chart in desk.charts(now=clock.now()) if chart.title.startswith(title)]
    return [bar.value for bar in found.bars]


def test_with_nothing_under_way_nothing_waits():
    assert counts() == {}
    assert desk.unexplained() == []


def test_what_waits_is_counted_where_it_can_be_found(clock, nobody_there):
    first, _ = ordered_deposit(somebody(), cedis(15))
    clock.advance(hours=1)
    ordered_deposit(somebody(), cedis(15))
    _, command = ordered_payout(rich(cedis(100)), cedis(40))
    actions.submit_command(command_id=command.id)
    _, odd = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=odd.id, outcome=Succeeded(facts=facts_of(odd, amount=cedis(14))))
    WebhookEvent.objects.create(
        gateway="sandbox", account="kelmah", event_id="evt_1", kind="charge", ref="ch_1", body=b"{}",
        received_at=clock.now(), next_at=clock.now(), dead_at=clock.now(),
    )  # fmt: skip
    lines = [("platform:loss:GHS", -cedis(1)), ("suspense:sandbox:GHS", cedis(1))]
    adjustments.ask(lines=lines, by_id=new_id(), reason="lost")
    assert counts() == {
        "Deposits on their way": 2,
        "Deposits in review": 1,
        "Payouts on their way": 1,
        "Orders whose outcome is unknown": 1,
        "Webhooks that were given up": 1,
        "Corrections that nobody decided on": 1,
    }
    assert [each.oldest for each in desk.waiting() if each.title == "Deposits on their way"] == [first.created_at]
    assert desk.unexplained() == [cedis(14)]


def test_money_is_charted_by_the_day_it_moved(clock):
    rich(cedis(100))
    clock.advance(days=2)
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert chart("Paid in (GHS)")[-3:] == [10000, 0, 125000]
    assert chart("Fees earned (GHS)")[-3:] == [0, 0, 12500]
    assert chart("Held by gateways and banks (GHS)")[-4:] == [0, 10000, 10000, 135000]


def test_what_is_older_than_the_chart_is_in_what_was_held_before_it(clock):
    rich(cedis(100))
    clock.advance(days=desk.DAYS + 5)
    rich(cedis(1))
    held = chart("Held by gateways and banks (GHS)")
    assert (held[0], held[-1], len(held)) == (10000, 10100, desk.DAYS)
    assert sum(chart("Paid in (GHS)")) == 100


def test_currencies_have_charts_of_their_own():
    rich(cedis(1))
    move("gw:sandbox:JPY", f"user:{new_id()}:available:JPY", Money(7, "JPY"))
    titles = [chart.title for chart in desk.charts(now=clock.now())]
    assert sum("(JPY)" in title for title in titles) == sum("(GHS)" in title for title in titles) == 3


def test_payouts_are_charted_by_how_long_they_take_or_hang(clock):
    by = rich(cedis(100))
    _, paid = ordered_payout(by, cedis(10))
    clock.advance(minutes=5)
    settle_command(command_id=paid.id, outcome=Succeeded(facts=facts_of(paid)))
    ordered_payout(by, cedis(10))
    clock.advance(days=4)
    ordered_payout(rich(cedis(100)), cedis(10))
    assert chart("Payouts of the last 30 days") == [1, 1, 0, 0, 1]


def test_the_page_asks_as_often_with_much_as_with_little(django_assert_num_queries):
    def page() -> None:
        desk.waiting(), desk.unexplained(), desk.charts(now=clock.now())

    with django_assert_num_queries(5, using="payments"):
        page()
    for _ in range(3):
        ordered_payout(rich(cedis(100)), cedis(40))
    with django_assert_num_queries(5, using="payments"):
        page()
