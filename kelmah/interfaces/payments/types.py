"""What payments tells the other domains about money."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class WalletBalance:
    """What a user can spend now (``available``) and what is on its way (``pending``), in one currency."""

    user_id: UUID
    available: Money
    pending: Money


@dataclass(frozen=True, kw_only=True)
class Escrow:
    """The protected funds of one milestone. ``state`` is ``funded``, ``released`` or ``refunded``."""

    milestone_id: UUID
    contract_id: UUID
    amount: Money
    state: str
