"""What somebody has, what is coming, and what is protected."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from domains.payments import rules
from kelmah.money import EXPONENTS, Money

_WALLET = """
SELECT coalesce((SELECT balance FROM payments_ledgeraccount WHERE key = %(key)s), 0),
       coalesce((SELECT sum(amount_minor) FROM payments_deposit
                 WHERE user_id = %(user)s AND currency = %(currency)s AND state = 'processing'), 0)::bigint
       + coalesce((SELECT balance FROM payments_ledgeraccount WHERE key = %(pending)s), 0),
       coalesce((SELECT sum(amount_minor - released_minor) FROM payments_escrow
                 WHERE hirer_id = %(user)s AND currency = %(currency)s AND state IN ('funded', 'disputed')), 0)::bigint,
       -coalesce((SELECT balance FROM payments_ledgeraccount WHERE key = %(receivable)s), 0)
"""

_WALLETS = """
SELECT currency, sum(available)::bigint, sum(pending)::bigint, sum(in_escrow)::bigint, sum(debt)::bigint FROM (
    SELECT currency, balance AS available, 0 AS pending, 0 AS in_escrow, 0 AS debt
    FROM payments_ledgeraccount WHERE key = ANY(%(available)s)
    UNION ALL SELECT currency, 0, balance, 0, 0 FROM payments_ledgeraccount WHERE key = ANY(%(pending)s)
    UNION ALL SELECT currency, 0, 0, 0, -balance FROM payments_ledgeraccount WHERE key = ANY(%(receivable)s)
    UNION ALL SELECT currency, 0, amount_minor, 0, 0 FROM payments_deposit
    WHERE user_id = %(user)s AND state = 'processing'
    UNION ALL SELECT currency, 0, 0, amount_minor - released_minor, 0 FROM payments_escrow
    WHERE hirer_id = %(user)s AND state IN ('funded', 'disputed')
) parts GROUP BY currency ORDER BY currency
"""


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """``available`` can be spent, ``pending`` is on its way in, or earned and not yet free; ``in_escrow`` is protected
    for work ordered; ``debt`` is owed to us, and what comes in pays it first."""

    available: Money
    pending: Money
    in_escrow: Money
    debt: Money


def wallet_of(user_id: UUID, currency: str) -> Wallet:
    """One currency of a wallet, seen at one moment: no money is counted twice or missed on its way."""
    with connections["payments"].cursor() as cursor:
        keys = {
            "key": rules.available(user_id, currency),
            "pending": rules.pending(user_id, currency),
            "receivable": rules.receivable(user_id, currency),
        }
        cursor.execute(_WALLET, {**keys, "user": user_id, "currency": currency})
        return _wallet(currency, *cursor.fetchone())


def wallets_of(user_id: UUID) -> list[Wallet]:
    """Every currency in which somebody has or had money, by its code, seen at one moment."""
    accounts = {
        "available": [rules.available(user_id, currency) for currency in EXPONENTS],
        "pending": [rules.pending(user_id, currency) for currency in EXPONENTS],
        "receivable": [rules.receivable(user_id, currency) for currency in EXPONENTS],
    }
    with connections["payments"].cursor() as cursor:
        cursor.execute(_WALLETS, {**accounts, "user": user_id})
        return [_wallet(*row) for row in cursor.fetchall()]


# Private functions


def _wallet(currency: str, available: int, pending: int, in_escrow: int, debt: int) -> Wallet:
    return Wallet(
        available=Money(available, currency),
        pending=Money(pending, currency),
        in_escrow=Money(in_escrow, currency),
        debt=Money(debt, currency),
    )
