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
                 WHERE hirer_id = %(user)s AND currency = %(currency)s AND state IN ('funded', 'disputed')), 0)::bigint
"""

_WALLETS = """
SELECT currency, sum(available)::bigint, sum(pending)::bigint, sum(in_escrow)::bigint FROM (
    SELECT currency, balance AS available, 0 AS pending, 0 AS in_escrow
    FROM payments_ledgeraccount WHERE key = ANY(%(keys)s)
    UNION ALL SELECT currency, 0, amount_minor, 0 FROM payments_deposit
    WHERE user_id = %(user)s AND state = 'processing'
    UNION ALL SELECT currency, 0, 0, amount_minor FROM payments_escrow
    WHERE hirer_id = %(user)s AND state = 'funded'
) parts GROUP BY currency ORDER BY currency
"""


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """``available`` can be spent, ``pending`` is on its way in, or earned and not yet free; ``in_escrow`` is protected
    for work ordered."""

    available: Money
    pending: Money
    in_escrow: Money


def wallet_of(user_id: UUID, currency: str) -> Wallet:
    """One currency of a wallet, seen at one moment: no money is counted twice or missed on its way."""
    with connections["payments"].cursor() as cursor:
        keys = {"key": rules.available(user_id, currency), "pending": rules.pending(user_id, currency)}
        cursor.execute(_WALLET, {**keys, "user": user_id, "currency": currency})
        available, pending, in_escrow = (Money(minor, currency) for minor in cursor.fetchone())
    return Wallet(available=available, pending=pending, in_escrow=in_escrow)


def wallets_of(user_id: UUID) -> list[Wallet]:
    """Every currency in which somebody has or had money, by its code, seen at one moment."""
    keys = [rules.available(user_id, currency) for currency in EXPONENTS]
    with connections["payments"].cursor() as cursor:
        cursor.execute(_WALLETS, {"keys": keys, "user": user_id})
        return [
            Wallet(
                available=Money(available, currency),
                pending=Money(pending, currency),
                in_escrow=Money(in_escrow, currency),
            )
            for currency, available, pending, in_escrow in cursor.fetchall()
        ]
