"""Refusals of payments."""

from kelmah.errors import Conflict, DomainError, Unprocessable


class InsufficientFunds(Unprocessable):
    code, title = "insufficient_funds", "There is not enough money in the wallet"


class AmountTooSmall(Unprocessable):
    code, title = "amount_too_small", "The amount is below the minimum"


class PayoutInFlight(Conflict):
    code, title = "payout_in_flight", "Another payout in this currency is on its way: wait for its outcome"


class LedgerKeyReused(Conflict):
    """A business key that was posted before came with other lines: a bug, or an attempt."""

    code, title = "ledger_key_reused", "This transaction was posted before with other lines"


class LedgerRefused(Unprocessable):
    """The books would not balance, or an account is missing or closed."""

    code, title = "ledger_refused", "The ledger refuses this transaction"


class SignatureInvalid(DomainError):
    code, status, title = "signature_invalid", 400, "The signature does not match the body, or is too old"
