"""Amounts as Stripe writes them: its unit is not always ISO's (docs.stripe.com/currencies#special-cases)."""

from typing import Final

from kelmah.money import Money

_HUNDREDTHS_OF_WHOLE: Final = frozenset({"UGX"})  # whole units by ISO; with Stripe in hundredths, always 00
_LAST_DIGIT_ZERO: Final = frozenset({"BHD", "KWD"})  # three decimals, of which cards know two


class NotWritable(ValueError):
    """Stripe has no way to write this amount."""


def written(amount: Money) -> int:
    """The number that Stripe takes for the amount. Raises NotWritable."""
    if amount.currency in _LAST_DIGIT_ZERO and amount.minor % 10:
        raise NotWritable(str(amount))
    return amount.minor * 100 if amount.currency in _HUNDREDTHS_OF_WHOLE else amount.minor


def read(number: int, currency: str) -> Money:
    """The amount that Stripe means. Raises UnknownCurrency, NotWritable when it is a part of our smallest unit."""
    currency = currency.upper()
    if currency not in _HUNDREDTHS_OF_WHOLE:
        return Money(number, currency)
    if number % 100:
        raise NotWritable(f"{number} hundredths of {currency}")
    return Money(number // 100, currency)
