"""Amounts as providers write them: decimal texts of major units, ``"125.00"`` cedis, ``"5"`` yen."""

from decimal import Decimal, InvalidOperation

from kelmah.money import EXPONENTS, Money, UnknownCurrency


def as_decimal(amount: Money) -> str:
    """With as many digits after the point as the currency has, never more."""
    return str(Decimal(amount.minor).scaleb(-amount.exponent))


def from_decimal(text: object, currency: object) -> Money:
    """Exactly what was written. Raises ValueError: no number, part of a minor unit, or a currency that nobody knows."""
    try:
        code = str(currency)
        minor = Decimal(str(text)).scaleb(EXPONENTS[code])
        if not minor.is_finite() or minor != minor.to_integral_value():
            raise ValueError(f"{text!r} {code} is no amount")
        return Money(int(minor), code)
    except (InvalidOperation, KeyError, UnknownCurrency):
        raise ValueError(f"{text!r} {currency!r} is no amount") from None
