"""What is expected of changing money: a price that is good for a minute, and what rounding and margin leave."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.clock import HOUR, Clock

DIGITS: Final = {"GHS": 2, "USD": 2, "JPY": 0, "KWD": 3}
KEPT: Final = Fraction(1, 100)  # by the platform
RATES: Final = {"GHS": "10.95", "JPY": "155.25", "KWD": "0.3071"}  # for one dollar, in the beginning


@dataclass
class Quote:
    who: str
    sold: tuple[str, int]
    bought: tuple[str, int]
    made_at: int
    accepted: bool = False


class Exchange(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.rates: dict[str, tuple[Fraction, int]] = {}  # with when they were told
        self.quotes: dict[str, Quote] = {}

    def tell_rate(self, *, currency: str, rate: str) -> None:
        if currency in self.rates and abs(Fraction(rate) / self.rates[currency][0] - 1) > Fraction(1, 5):
            raise Refused("exchange_rate_implausible")
        self.rates[currency] = Fraction(rate), self.now

    def quote(self, *, quote: str, who: str, amount: int, sold: str, into: str) -> None:
        if sold == into:
            raise Refused("same_currency")
        dollars = Fraction(amount, 10 ** DIGITS[sold]) / self._rate(sold)
        bought = int(dollars * self._rate(into) * (1 - KEPT) * 10 ** DIGITS[into])
        if not bought:
            raise Refused("amount_too_small")
        self.quotes[quote] = Quote(who, (sold, amount), (into, bought), self.now)

    def accept_quote(self, *, quote: str) -> None:
        wanted = self.quotes[quote]
        if wanted.accepted:
            return
        if wanted.made_at != self.now:
            raise Refused("quote_expired")
        (sold, gives), (bought, gets) = wanted.sold, wanted.bought
        self.check_spendable(wanted.who, gives, sold)
        there, here = (f"wallet:{wanted.who}:{sold}", -gives), (f"wallet:{wanted.who}:{bought}", gets)
        self.move(there, (f"fx:{sold}", gives), (f"fx:{bought}", -gets), here, about=quote)
        wanted.accepted = True

    def _rate(self, currency: str) -> Fraction:
        """What one dollar buys of it. Banks that said nothing for three days are not believed."""
        if currency == "USD":
            return Fraction(1)
        rate, told_at = self.rates[currency]
        if self.now - told_at >= 72 * HOUR:
            raise Refused("exchange_rate_missing")
        return rate
