"""The auditor: what every command should do to every balance, written without a look at how payments does it."""

from typing import Any

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.exchange import Exchange
from tests.payments.auditor.owners import OwnersMoney
from tests.payments.auditor.reviews import Reviews

Command = tuple[str, dict[str, Any]]


class Model(Reviews, OwnersMoney, Exchange):
    """A method per command; what it refuses, it refuses with a code and without a trace."""

    def carry_out(self, command: Command) -> str:
        """``done``, or what was said instead."""
        name, words = command
        try:
            return getattr(self, name)(**words) or "done"
        except Refused as refusal:
            return refusal.code

    def expected(self) -> dict[str, int]:
        """Every balance that is not zero."""
        return {name: balance for name, balance in self.balances.items() if balance}
