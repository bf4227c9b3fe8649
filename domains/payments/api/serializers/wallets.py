"""JSON of wallets and their statements."""

from typing import Any

from rest_framework import serializers

from domains.payments.queries import Wallet
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import PageQuery, StrictSerializer
from kelmah.money import EXPONENTS

CURRENCIES = sorted(EXPONENTS)


class WalletQuery(StrictSerializer):
    currency = serializers.ChoiceField(choices=CURRENCIES, default="GHS")


class StatementQuery(PageQuery):
    currency = serializers.ChoiceField(choices=CURRENCIES, default="GHS")


class WalletOut(serializers.Serializer):
    available = MoneyField()
    pending = MoneyField()
    in_escrow = MoneyField()
    debt = MoneyField(help_text="What I owe since a bank took a payment back; what comes in pays it first.")


class WalletsOut(serializers.Serializer):
    items = WalletOut(many=True)


class SignedMoney(serializers.Serializer):
    amount = serializers.IntegerField(help_text="Minor units; negative when money left the wallet.")
    currency = serializers.CharField()


class StatementLine(serializers.Serializer):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    amount = SignedMoney()
    balance_after = SignedMoney()
    reference = serializers.DictField(help_text="What it was about: ids, and a title where there is one.")
    counterparty_id = serializers.UUIDField(allow_null=True, help_text="The other side of the work.")


def render_wallet(wallet: Wallet) -> dict[str, Any]:
    return {name: getattr(wallet, name).as_json() for name in ("available", "pending", "in_escrow", "debt")}
