"""Amounts as banks and providers write them: ``12.50``, and back, without a float in between."""

import re
from decimal import Decimal, InvalidOperation

from kelmah.money import EXPONENTS, Money, UnknownCurrency

_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def money_of(text: str, currency: str) -> Money:
    """``"12.50", "GHS"`` is 1250 pesewas. Raises ValueError for anything that is not a whole number of minor units."""
    if not _PLAIN.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not an amount")
    try:
        minor = Decimal(text.strip()).scaleb(EXPONENTS[currency])
        if minor != minor.to_integral_value():
            raise ValueError(f"{text!r} has more digits than {currency}")
        return Money(int(minor), currency)
    except (InvalidOperation, KeyError, UnknownCurrency):
        raise ValueError(f"{currency!r} is not a supported currency") from None


def decimal_of(amount: Money) -> str:
    """1250 pesewas are ``"12.50"``, five yen ``"5"``."""
    return f"{Decimal(amount.minor).scaleb(-amount.exponent):.{amount.exponent}f}"
