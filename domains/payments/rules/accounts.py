"""Names of ledger accounts, how low their balances may go, and keys made of gateways' objects.

Every entry is signed, so each currency sums to zero over all accounts. Money that a gateway holds for us appears as a
negative balance of its account; everybody's wallets and holds are never below zero.
"""

import zlib
from typing import Final
from uuid import UUID

# The fee account is on every release: one row would make them queue, sixteen do not.
FEE_SHARDS: Final = 16


def wallet(user_id: UUID) -> str:
    """How the names of all accounts of a user begin."""
    return f"user:{user_id}:"


def available(user_id: UUID, currency: str) -> str:
    """What a user can spend."""
    return f"user:{user_id}:available:{currency}"


def pending(user_id: UUID, currency: str) -> str:
    """What a user earned and can spend once the pending period is over."""
    return f"user:{user_id}:pending:{currency}"


def escrow(milestone_id: UUID) -> str:
    """The protected funds of one milestone."""
    return f"escrow:{milestone_id}"


def disputed(dispute_id: UUID) -> str:
    """Protected funds that two sides disagree about, until it is decided who gets them."""
    return f"dispute:{dispute_id}"


def payout_hold(payout_id: UUID) -> str:
    """What one payout holds back until its outcome is known."""
    return f"payout:{payout_id}"


def refund_hold(refund_id: UUID) -> str:
    """What one refund holds back until its outcome is known."""
    return f"refund:{refund_id}"


def receivable(user_id: UUID, currency: str) -> str:
    """What a user owes us, as a negative balance: a bank took back what they had already spent."""
    return f"receivable:{user_id}:{currency}"


def gateway(name: str, currency: str) -> str:
    """The mirror of the money that a gateway holds for us."""
    return f"gw:{name}:{currency}"


def suspense(name: str, currency: str) -> str:
    """Money that came through a gateway and that nobody can explain yet."""
    return f"suspense:{name}:{currency}"


def gateway_fee(currency: str) -> str:
    """What gateways keep for their work: negative, a cost."""
    return f"platform:gateway_fee:{currency}"


def loss(currency: str) -> str:
    """What the platform bears (negative) or keeps because nobody could say whose it was."""
    return f"platform:loss:{currency}"


def fee_shard(currency: str, key: str) -> str:
    """The platform's fees: one of sixteen rows, chosen by the transaction's key."""
    return f"platform:fee:{currency}:{zlib.crc32(key.encode()) % FEE_SHARDS}"


def fx(currency: str) -> str:
    """What the platform has bought and sold of a currency in exchanges."""
    return f"platform:fx:{currency}"


def floor_of(account: str) -> int | None:
    """The lowest balance an account may have: zero for people's money and holds, none for the platform's own."""
    return 0 if account.startswith(("user:", "escrow:", "dispute:", "payout:", "refund:", "hold:", "own:")) else None


def funded(milestone_id: UUID) -> str:
    """The ledger key under which an escrow's money left its hirer's wallet."""
    return f"escrow:{milestone_id}:fund"


def charged(gateway_name: str, ref: str) -> str:
    """The ledger key of a charge: one of the gateway's objects is booked once, whoever tells of it."""
    return f"{gateway_name}:{ref}:succeeded"


def paid_out(gateway_name: str, ref: str) -> str:
    """The ledger key of a payout that the gateway made though we had closed the matter."""
    return f"{gateway_name}:{ref}:paid"


def refunded(gateway_name: str, ref: str) -> str:
    """The ledger key of a refund that we did not order, or that was made though we had closed the matter."""
    return f"{gateway_name}:{ref}:refunded"


def taken_back(gateway_name: str, ref: str) -> str:
    """The ledger key of the money that a dispute took."""
    return f"{gateway_name}:{ref}:withdrawn"


def reinstated(gateway_name: str, ref: str) -> str:
    """The ledger key of the money that a dispute gave back."""
    return f"{gateway_name}:{ref}:reinstated"
