"""Refusals of payments."""

from kelmah.errors import Conflict, DomainError, Forbidden, Unprocessable


class NotOffered(Unprocessable):
    """This provider can't do it at all: ask its capabilities first."""

    code, title = "not_offered_by_provider", "This payment provider does not offer that"


class LedgerRefused(Unprocessable):
    """The books would not balance, an account is missing or closed, or a transaction would be reversed twice."""

    code, title = "ledger_refused", "The ledger refuses this transaction"


class HoldNotAdjustable(Unprocessable):
    """A hold's balance follows the state of what it was held for: only what changes that state moves it."""

    code, title = "hold_not_adjustable", "What is held for something is moved by what it is held for"


class AlreadyReversed(Conflict):
    code, title = "already_reversed", "This transaction was taken back before"


class NothingArrived(Conflict):
    code, title = "nothing_arrived", "No money arrived for this deposit: it can only be dismissed"


class StatementTooLong(Unprocessable):
    """``data.most`` says how many lines there may be."""

    code, title = "statement_too_long", "There are too many lines for one statement: choose a shorter period"


class StillUncertain(Conflict):
    code, title = "still_uncertain", "The gateway may still know this order: ask again later"


class ReasonMissing(Unprocessable):
    code, title = "reason_missing", "Say why: the reason is kept with the decision"


class SignatureInvalid(DomainError):
    code, status, title = "signature_invalid", 400, "The signature does not match the body, or is too old"


class ProviderRefused(Unprocessable):
    code, title = "provider_refused", "The payment provider refuses this"


class StatementUnreadable(Unprocessable):
    code, title = "statement_unreadable", "This is not a statement that can be read"


class StatementDoesNotAddUp(Unprocessable):
    """Its opening balance and its lines don't make its closing balance: a part is missing, or it was changed."""

    code, title = "statement_does_not_add_up", "The lines of this statement do not add up to its balances"


class OthersStatement(Unprocessable):
    code, title = "others_statement", "This is the statement of an account that is not ours"


class DecideThere(Conflict):
    code, title = "decide_there", "This waits in the review of a deposit or payout: decide there"


class NothingSuspended(Conflict):
    code, title = "nothing_suspended", "The suspended amount has changed meanwhile: look again"


class FourEyes(Conflict):
    code, title = "four_eyes", "Somebody else of the staff must carry out what you have proposed"


class NotYoursToJudge(Forbidden):
    code, title = "not_yours_to_judge", "Nobody decides about money of their own: a colleague does"


class NoSuchWallet(Unprocessable):
    code, title = "no_such_wallet", "Nobody with this id has a wallet in this currency"


class PlanKnown(Conflict):
    code, title = "plan_known", "A version of this plan waits for a decision already"


class WaitTooLong(Unprocessable):
    code, title = "wait_too_long", "Money waits a year at most"


class NothingToPay(Conflict):
    code, title = "nothing_to_pay", "No payout waits for a file in this currency"


class FileWasCarriedOut(Conflict):
    code, title = "file_was_carried_out", "A statement tells of a payout in this file: the bank did not refuse it"


class RefundTooLarge(Unprocessable):
    """More than is left of the charge after what was refunded, is being refunded, and was taken back by a bank."""

    code, title = "refund_too_large", "That is more than can still be refunded"
    advice = "Ask for no more than data.refundable: the rest is on its way back, went back, or was taken by a bank."


class DisputeOpen(Conflict):
    code, title = "dispute_open", "The payer's bank disputes this payment: it can't be refunded while that lasts"
