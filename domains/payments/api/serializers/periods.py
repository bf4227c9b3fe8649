"""Wallet statements of a period: JSON, and the table that CSV and PDF show."""

from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as marked
from rest_framework import serializers

from domains.payments.api.serializers.wallets import CURRENCIES, SignedMoney
from domains.payments.queries.periods import Movement, PeriodStatement
from kelmah.documents import Column, TableDocument
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import StrictSerializer

LONGEST: Final = timedelta(days=366)

# What moved a wallet, in words of people.
MEANINGS: Final = MappingProxyType(
    {
        "address_credit": marked("Paid to an address of yours"),
        "adjustment": marked("Correction"),
        "chargeback": marked("Taken back by the payer's bank"),
        "chargeback_won": marked("Won back from the bank"),
        "debt_paid": marked("Debt paid"),
        "deposit": marked("Deposit"),
        "escrow_fund": marked("Protected for work"),
        "escrow_mature": marked("Earned, now free"),
        "escrow_part": marked("Earned, a part"),
        "escrow_refund": marked("Protected money back"),
        "escrow_release": marked("Earned"),
        "escrow_split": marked("Protected money, divided"),
        "exchange": marked("Exchange"),
        "hold_captured": marked("Paid out of what was reserved"),
        "hold_expired": marked("Reserved money back"),
        "hold_refund": marked("Refund"),
        "hold_released": marked("Reserved money back"),
        "hold_take": marked("Reserved"),
        "payout_hold": marked("Payout"),
        "payout_returned": marked("Payout came back"),
        "refund": marked("Refund"),
        "refund_hold": marked("Refund"),
        "refund_returned": marked("Refund came back"),
        "reversal": marked("Correction"),
        "suspense_settled": marked("Credited by staff"),
    }
)


class PeriodQuery(StrictSerializer):
    currency = serializers.ChoiceField(choices=CURRENCIES, default="GHS")
    first = serializers.DateField(input_formats=["%Y-%m-%d"], help_text="The first day, in UTC.")
    last = serializers.DateField(input_formats=["%Y-%m-%d"], help_text="The last day, which belongs to it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # No day follows the last that there is: a period can't end with it.
        if not timedelta(0) <= attrs["last"] - attrs["first"] < LONGEST or attrs["last"] == date.max:
            raise serializers.ValidationError({"last": _("A statement is of one day to a year.")})
        return attrs


class MovementOut(serializers.Serializer):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    title = serializers.CharField(help_text="Of the work it was about; empty without one.")
    amount = SignedMoney()
    balance = MoneyField()


class PeriodOut(serializers.Serializer):
    first = serializers.DateField()
    last = serializers.DateField()
    opening = MoneyField()
    came_in = MoneyField()
    went_out = SignedMoney()
    closing = MoneyField()
    movements = MovementOut(many=True)


def render_period(statement: PeriodStatement) -> dict[str, Any]:
    return {
        "first": statement.first,
        "last": statement.last,
        "opening": statement.opening.as_json(),
        "came_in": statement.came_in.as_json(),
        "went_out": statement.went_out.as_json(),
        "closing": statement.closing.as_json(),
        "movements": [_movement(movement) for movement in statement.movements],
    }


def table_of(statement: PeriodStatement, *, of: str) -> TableDocument:
    """The statement as people read it, in the language of whoever asks."""
    facts = [
        (_("Wallet of"), of),
        (_("Period (UTC)"), f"{statement.first} – {statement.last}"),
        (_("At the beginning"), str(statement.opening)),
        (_("Came in"), str(statement.came_in)),
        (_("Went out"), str(statement.went_out)),
        (_("At the end"), str(statement.closing)),
    ]
    return TableDocument(
        title=_("Statement of your wallet"),
        facts=[(name, value) for name, value in facts if value],
        columns=[
            Column(title=_("Time (UTC)"), share=0.18),
            Column(title=_("What"), share=0.2),
            Column(title=_("For"), share=0.3),
            Column(title=f"{_('Amount')} ({statement.opening.currency})", share=0.16, is_number=True),
            Column(title=f"{_('Balance')} ({statement.opening.currency})", share=0.16, is_number=True),
        ],
        rows=[_row(movement) for movement in statement.movements],
        footer=_("Kelmah · amounts in {currency}").format(currency=statement.opening.currency),
    )


# Private functions


def _movement(movement: Movement) -> dict[str, Any]:
    return {
        "id": movement.id,
        "at": movement.at,
        "kind": movement.kind,
        "title": movement.title,
        "amount": movement.amount.as_json(),
        "balance": movement.balance.as_json(),
    }


def _row(movement: Movement) -> list[str]:
    return [
        f"{movement.at:%Y-%m-%d %H:%M:%S}",
        _meaning(movement.kind),
        movement.title,
        _digits(str(movement.amount)),
        _digits(str(movement.balance)),
    ]


def _digits(money: str) -> str:
    return money.rpartition(" ")[0]


def _meaning(kind: str) -> str:
    known = MEANINGS.get(kind)
    return _(known) if known else kind.replace("_", " ").capitalize()
