"""Money: integer minor units with an ISO 4217 currency; never a float, never an implicit conversion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kelmah.errors import InvalidInput

# ISO 4217 (2026 list): digits after the point for the currencies Kelmah accepts.
EXPONENTS: Final[Mapping[str, int]] = {
    "GHS": 2, "NGN": 2, "KES": 2, "ZAR": 2, "XOF": 0, "XAF": 0, "RWF": 0, "UGX": 0,
    "USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "AUD": 2, "SGD": 2, "HKD": 2, "MYR": 2,
    "PHP": 2, "THB": 2, "IDR": 2, "VND": 0, "JPY": 0, "INR": 2, "KWD": 3, "BHD": 3,
}  # fmt: skip


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were added, subtracted or compared."""


class UnknownCurrency(InvalidInput):
    code, title = "unknown_currency", "This currency is not supported"


@dataclass(frozen=True)
class Money:
    """``minor`` counts the smallest unit: ``Money(12500, "GHS")`` is 125 cedis, ``Money(5, "JPY")`` five yen."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise UnknownCurrency(f"{self.currency!r} is not a supported ISO 4217 currency.")

    @property
    def exponent(self) -> int:
        """Digits after the decimal point."""
        return EXPONENTS[self.currency]

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __str__(self) -> str:
        sign, digits = ("-" if self.minor < 0 else ""), str(abs(self.minor)).rjust(self.exponent + 1, "0")
        if self.exponent == 0:
            return f"{sign}{digits} {self.currency}"
        return f"{sign}{digits[: -self.exponent]}.{digits[-self.exponent :]} {self.currency}"

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Parts proportional to ``weights`` that sum exactly to the whole (largest remainder, ties to the first).

        The amount must not be negative; weights are non-negative integers, at least one positive. Raises ValueError.
        """
        total = sum(weights)
        if self.minor < 0 or total <= 0 or min(weights) < 0:
            raise ValueError("only a non-negative amount can be allocated over non-negative weights")
        parts = [self.minor * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(self.minor * weights[i] % total), i))
        for i in by_remainder[: self.minor - sum(parts)]:
            parts[i] += 1
        return [Money(part, self.currency) for part in parts]

    def as_json(self) -> dict[str, Any]:
        return {"amount": self.minor, "currency": self.currency}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Money":
        """The inverse of ``as_json``. Raises UnknownCurrency, KeyError, TypeError."""
        amount = value["amount"]
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise TypeError("amount must be an integer number of minor units")
        return cls(amount, value["currency"])

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor
