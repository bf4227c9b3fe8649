"""The chart of accounts: what each kind of ledger account means, and on which side of the balance sheet it stands.

In the books every amount is signed and a currency sums to zero: what we have is negative there, what we owe or have
earned is positive. A trial balance and exports turn that into debit and credit.
"""

from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["assets", "liabilities", "income", "expenses", "equity"]


@dataclass(frozen=True, kw_only=True)
class AccountKind:
    """``key``: how names of such accounts begin and, after ``*``, how they go on: ``user:*:available:``."""

    key: str
    title: str
    side: Side
    meaning: str

    @property
    def prefix(self) -> str:
        """How all names of such accounts begin."""
        return self.key.partition("*")[0]

    def covers(self, account: str) -> bool:
        """Whether an account is of this kind."""
        goes_on = self.key.partition("*")[2]
        return account.startswith(self.prefix) and goes_on in account[len(self.prefix) :]


# In order: the first that covers an account is its kind.
CHART: Final = (
    AccountKind(key="gw:", title="Held by gateways", side="assets", meaning="money that a gateway holds for us"),
    AccountKind(key="bank:", title="Bank accounts", side="assets", meaning="money in our own bank accounts"),
    AccountKind(
        key="user:*:available:", title="Wallets", side="liabilities", meaning="what people can spend or take out"
    ),
    AccountKind(
        key="user:*:pending:",
        title="Wallets, pending",
        side="liabilities",
        meaning="earned, not free to take out yet",
    ),
    AccountKind(
        key="receivable:", title="Receivables", side="assets", meaning="what people owe us, netted with earnings"
    ),
    AccountKind(
        key="user:*:receivable:",
        title="Receivables",
        side="assets",
        meaning="what people owe us, netted with earnings",
    ),
    AccountKind(key="escrow:", title="Protected funds", side="liabilities", meaning="held for work that was ordered"),
    AccountKind(key="hourly:", title="Protected weeks", side="liabilities", meaning="held for a week of hourly work"),
    AccountKind(key="own:", title="Funds of owners", side="liabilities", meaning="kept for one purpose of one owner"),
    AccountKind(key="hold:", title="Holds", side="liabilities", meaning="reserved for one purpose of one owner"),
    AccountKind(key="dispute:", title="Disputed", side="liabilities", meaning="held until a dispute is decided"),
    AccountKind(
        key="payout:",
        title="Payouts on their way",
        side="liabilities",
        meaning="held until the outcome is known",
    ),
    AccountKind(
        key="refund:",
        title="Refunds on their way",
        side="liabilities",
        meaning="held until the outcome is known",
    ),
    AccountKind(key="tax:", title="Taxes", side="liabilities", meaning="taken for a tax office"),
    AccountKind(key="platform:fee:", title="Fees", side="income", meaning="what the platform has earned"),
    AccountKind(key="platform:own:", title="Other income", side="income", meaning="what verticals have earned"),
    AccountKind(
        key="platform:gateway_fee:", title="Costs of gateways", side="expenses", meaning="what gateways charge us"
    ),
    AccountKind(key="platform:loss:", title="Losses", side="expenses", meaning="what was lost for good"),
    AccountKind(key="platform:fx:", title="Exchange", side="equity", meaning="money changed into another currency"),
    AccountKind(key="suspense:", title="Suspense", side="liabilities", meaning="money that nobody can explain yet"),
)
OTHER: Final = AccountKind(key="", title="Other", side="equity", meaning="of no kind in the chart")

# Their balance follows the state of a row: only the action that changes the row may move it.
_FOLLOW_A_ROW: Final = ("escrow:", "hourly:", "hold:", "dispute:", "payout:", "refund:", "receivable:")
_PENDING: Final = next(kind for kind in CHART if kind.key == "user:*:pending:")  # follows what was released
# What an adjustment may open. Everything else has to be there already: a name mistyped is no account.
_OPENED_BY_HAND: Final = ("platform:gateway_fee:", "platform:loss:", "suspense:", "bank:", "tax:")


def kind_of(account: str) -> AccountKind:
    """What kind of account this is; OTHER when the chart does not know it."""
    return next((kind for kind in CHART if kind.covers(account)), OTHER)


def is_adjustable(account: str) -> bool:
    """Whether staff may move its balance by hand."""
    return not account.startswith(_FOLLOW_A_ROW) and not _PENDING.covers(account)


def is_opened_by_hand(account: str, currency: str) -> bool:
    """Whether an adjustment may open an account of this name."""
    return account.startswith(_OPENED_BY_HAND) and account.endswith(f":{currency}")
