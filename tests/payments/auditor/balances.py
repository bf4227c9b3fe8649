"""Expected balances, kept the plain way: a number per name, and lines that sum to zero."""

from collections import Counter
from dataclasses import dataclass

PEOPLE = ("ama", "esi", "kofi")
CURRENCIES = ("GHS", "USD", "JPY", "KWD")
MAY_BE_NEGATIVE = ("owed", "float", "fee", "loss", "suspense", "fx")


class Refused(Exception):
    """What the real system is expected to refuse, with the code that it says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Moved:
    """An amount that came into a wallet, or left it when negative, and what had come, or left, there before.

    ``about``: what it left for, or came back of.
    """

    amount: int
    before: int
    about: str

    @property
    def ends(self) -> int:
        return self.before + abs(self.amount)


class Balances:
    """Names end with their currency: ``wallet:ama:GHS``. What was never moved is zero."""

    def __init__(self) -> None:
        self.balances: Counter[str] = Counter()
        self.came: Counter[str] = Counter()  # all that ever came into a wallet
        self.left: Counter[str] = Counter()
        self.moved: dict[str, list[Moved]] = {f"wallet:{who}:{name}": [] for who in PEOPLE for name in CURRENCIES}

    def move(self, *lines: tuple[str, int], about: str = "") -> None:
        """All lines or none. Raises Refused when somebody's money would fall below zero."""
        sums: Counter[str] = Counter()
        after = self.balances.copy()
        for name, amount in lines:
            sums[name[-3:]] += amount
            if amount:  # an account comes to life with its first entry
                after[name] += amount
        assert not any(sums.values()), lines
        for name in dict(lines):
            if after[name] < 0 and not name.startswith(MAY_BE_NEGATIVE):
                raise Refused("insufficient_funds")
            assert after[name] <= 0 or not name.startswith("owed"), lines
        self.balances = after
        for name, amount in lines:
            before = self.came if amount > 0 else self.left
            if amount and name in self.moved:
                self.moved[name].append(Moved(amount, before[name], about))
            before[name] += abs(amount)

    def check(self, allowed: bool) -> None:
        """What a state does not allow."""
        if not allowed:
            raise Refused("invalid_transition")

    def owes(self, who: str, currency: str = "GHS") -> int:
        return -self.balances[f"owed:{who}:{currency}"]

    def owes_anything(self, who: str) -> bool:
        return any(self.owes(who, currency) for currency in CURRENCIES)

    def has(self, who: str, currency: str = "GHS") -> int:
        return self.balances[f"wallet:{who}:{currency}"]

    def check_spendable(self, who: str, amount: int, currency: str = "GHS") -> None:
        """What somebody owes is not there to be spent."""
        if self.owes(who, currency) and self.has(who, currency) - self.owes(who, currency) < amount:
            raise Refused("insufficient_funds")

    def debt_first(self, who: str, amount: int, currency: str = "GHS") -> list[tuple[str, int]]:
        """What somebody gets, less what they owe."""
        paid = min(self.owes(who, currency), amount)
        return [(f"owed:{who}:{currency}", paid), (f"wallet:{who}:{currency}", amount - paid)]

    def wallet_first(self, who: str, amount: int, currency: str = "GHS") -> list[tuple[str, int]]:
        """What is taken of somebody, and owed as far as they have not got it."""
        there = min(self.has(who, currency), amount)
        return [(f"wallet:{who}:{currency}", -there), (f"owed:{who}:{currency}", there - amount)]
