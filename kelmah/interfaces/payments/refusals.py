"""Refusals of payments that reach those who call it."""

from kelmah.errors import Conflict, Unprocessable


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
