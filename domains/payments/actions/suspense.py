"""Money that nobody could explain: one of the staff says whose it is, another carries it out."""

from uuid import UUID

from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Deposit, LedgerAccount, Payout, Suspended, SuspenseRuling
from domains.payments.rules import errors
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.payments.events import PaymentSucceeded


def propose(*, item: str, credit_to: UUID | None, ruling: Ruling) -> SuspenseRuling:
    """Say what a suspended amount is: somebody's (credited to their wallet), or the platform's to bear or keep.

    Raises NotFound, DecideThere, NoSuchWallet, NothingSuspended (another proposal waits), ReasonMissing,
    NotYoursToJudge (it would be one's own).
    """
    suspended = Suspended.objects.filter(id=item).first()
    if suspended is None:
        raise NotFound("Nothing of this stands in suspense.")
    _check_nobody_reviews(suspended.subject)
    if credit_to:
        _check_wallet(credit_to, suspended)
    try:
        with atomic("payments"):
            proposal = SuspenseRuling.objects.create(
                item=item,
                amount_minor=suspended.balance,
                currency=suspended.currency,
                legs=suspended.legs,
                credit_to=credit_to,
                reason=ruling.reason.strip(),
                proposed_by=ruling.by,
                proposed_at=clock.now(),
            )
            keep_ruling(ruling, kind="suspense.propose", subject_id=proposal.id, about=[credit_to])
    except IntegrityError as error:
        if queries.broken_constraint(error) == "suspense_ruling_one_at_a_time":
            raise errors.NothingSuspended("Somebody has proposed something for this already.") from None
        if queries.broken_constraint(error) == "suspense_ruling_has_reason":
            raise errors.ReasonMissing() from None
        raise
    return proposal


def carry_out(*, proposal_id: UUID, ruling: Ruling) -> None:
    """Book what somebody else proposed.

    Raises FourEyes, NothingSuspended, ReasonMissing, NotYoursToJudge, NotFound.
    """
    with atomic("payments"):
        proposal = _lock(proposal_id)
        if proposal.proposed_by == ruling.by:
            raise errors.FourEyes()
        _lock_subject(proposal.item)
        suspended = Suspended.objects.filter(id=proposal.item).first()
        if suspended is None or (suspended.balance, suspended.legs) != (proposal.amount_minor, proposal.legs):
            raise errors.NothingSuspended()
        _check_nobody_reviews(suspended.subject)
        keep_ruling(ruling, kind="suspense.carry_out", subject_id=proposal_id, about=[proposal.credit_to])
        _book(proposal, suspended)
        _decide(proposal, "carried_out", by=ruling.by)


def withdraw(*, proposal_id: UUID, ruling: Ruling) -> None:
    """Take a proposal back, one's own or another's. Raises ReasonMissing, NotFound."""
    with atomic("payments"):
        proposal = _lock(proposal_id)
        keep_ruling(ruling, kind="suspense.withdraw", subject_id=proposal_id)
        _decide(proposal, "withdrawn", by=ruling.by)


# Private functions


def _lock_subject(item: str) -> None:
    """What came for a deposit may be sent back, or taken back by a bank, at this moment: they lock the deposit, too."""
    kind, _, subject_id = item.partition(" ")[2].partition(":")
    if kind == "deposit":
        queries.lock_deposit(UUID(subject_id))


def _check_nobody_reviews(subject: str) -> None:
    kind, _, subject_id = subject.partition(":")
    reviewed = {"deposit": Deposit.objects.filter, "payout": Payout.objects.filter}.get(kind)
    if reviewed and reviewed(id=subject_id, state="in_review").exists():
        raise errors.DecideThere()


def _check_wallet(user_id: UUID, suspended: Suspended) -> None:
    if suspended.balance <= 0:
        raise errors.NothingSuspended("This is money that is missing: there is nothing to credit.")
    if not LedgerAccount.objects.filter(key=rules.available(user_id, suspended.currency)).exists():
        raise errors.NoSuchWallet()


def _book(proposal: SuspenseRuling, suspended: Suspended) -> None:
    user_id, currency = proposal.credit_to, proposal.currency
    target = rules.available(user_id, currency) if user_id else rules.loss(currency)
    lines = [
        Line(rules.suspense(suspended.gateway, currency), -proposal.amount),
        Line(target, proposal.amount),
    ]
    kind, _, of = suspended.subject.partition(":")
    reference = {f"{kind}_id" if kind in ("deposit", "payout", "refund") else kind: of}
    # The movements counted so far are part of the key: two proposals for the same money exclude each other.
    post(key=f"suspended:{proposal.item}:{proposal.legs}", kind="suspense_settled", lines=lines, reference=reference)
    if user_id:
        publish(PaymentSucceeded(payment_id=proposal.id, user_id=user_id, amount=proposal.amount))


def _lock(proposal_id: UUID) -> SuspenseRuling:
    found = SuspenseRuling.objects.select_for_update().filter(id=proposal_id, state="proposed").first()
    if found is None:
        raise NotFound("There is no such open proposal.")
    return found


def _decide(proposal: SuspenseRuling, state: str, *, by: UUID) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, clock.now()
    proposal.save(update_fields=["state", "decided_by", "decided_at"])
