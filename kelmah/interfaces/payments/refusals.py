"""Refusals of payments that reach those who call it."""

from kelmah.errors import Conflict, Unavailable, Unprocessable


class InsufficientFunds(Unprocessable):
    code, title = "insufficient_funds", "There is not enough money in the wallet"


class LedgerKeyReused(Conflict):
    """A business key that was posted before came with other lines: a bug, or an attempt."""

    code, title = "ledger_key_reused", "This transaction was posted before with other lines"


class PartTooLarge(Unprocessable):
    code, title = "part_too_large", "A part is less than what is still held: the rest is released, not a part of it"


class PartNumberTaken(Conflict):
    code, title = "part_number_taken", "This part was released before with another amount"


class MoreThanHeld(Unprocessable):
    code, title = "more_than_held", "This is more than what is still held"


class FundsFrozen(Conflict):
    """The bank of whoever paid this in wants it back: until that is decided, none of it goes to the worker."""

    code, title = (
        "funds_frozen",
        "The payer's bank wants this money back: it waits until that is decided",
    )


class NoReview(Conflict):
    code, title = "no_review", "Silence about this work is not counted here: its calendar or its own domain says when"


class WeekNotOver(Unprocessable):
    code, title = "week_not_over", "A week is charged once it is over, and is named by its Monday"


class WeekCharged(Conflict):
    code, title = "week_charged", "This week was charged before with another amount"


class AccountUnknown(Unprocessable):
    code, title = "account_unknown", "An account is named by an owner, such as user:<id> or platform, and a purpose"


class AddressNotOffered(Unprocessable):
    code, title = "address_not_offered", "No payment provider of ours gives addresses in this currency"


class LinesDoNotFit(Unprocessable):
    code, title = "lines_do_not_fit", "These lines do not sum to what is to be moved"


class AmountTooSmall(Unprocessable):
    code, title = "amount_too_small", "The amount is below the minimum"


class GatewayNotOffered(Unprocessable):
    """``data.offered``: the names of those that are."""

    code, title = "gateway_not_offered", "This payment provider is not offered here"
    advice = "Choose a payment provider that is offered here: data.offered names them."


class CurrencyNotServed(Unprocessable):
    code, title = "currency_not_served", "This provider does not move money in this currency"
    advice = "Choose another currency, or a provider that moves money in this one."


class PayoutInFlight(Conflict):
    code, title = "payout_in_flight", "Another payout in this currency is on its way: wait for its outcome"


class PayoutsFrozen(Unavailable):
    """The books contradict themselves: no money leaves until staff have looked."""

    code, title = "payouts_frozen", "Payouts are suspended for the moment: try again later"


class DebtOutstanding(Conflict):
    """What comes into the wallet pays the debt first."""

    code, title = "debt_outstanding", "A payment was taken back by its bank: what you owe is settled first"


class MethodCoolingDown(Conflict):
    """``data.usable_at`` says from when."""

    code, title = "payout_method_cooling_down", "A new payout method can be used after 24 hours"


class MethodNotConfirmed(Conflict):
    code, title = "payout_method_not_confirmed", "This payout method is not confirmed, or was refused or removed"


class VerificationNeeded(Unprocessable):
    """``data`` holds the ``level`` that is needed and the ``limit`` without it."""

    code, title = "verification_needed", "Show who you are before you take out so much"


class PayeeRefused(Unprocessable):
    """They have no active account, may not take money out for a time, or the money is another user's."""

    code, title = "payee_refused", "This person can't be paid out now"
