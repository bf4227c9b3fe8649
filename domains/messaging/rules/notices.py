"""Who is told what when something happens, as one table: event, recipients, words.

Texts are templates over the event's fields; money is written out. English is the source language of translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.contracts import events as contracts
from kelmah.interfaces.identity import events as identity
from kelmah.interfaces.marketplace import events as marketplace
from kelmah.interfaces.payments import events as payments
from kelmah.interfaces.reviews import events as reviews


@dataclass(frozen=True)
class Telling:
    """What one recipient is told. ``to`` names the event's field that holds their id, or their ids."""

    to: str
    title: str
    body: str
    by_mail: bool = True


@dataclass(frozen=True)
class Notice:
    """One notification, ready to be written down."""

    user_id: UUID
    kind: str
    title: str
    body: str
    by_mail: bool


NOTICES: Final[Mapping[type[Event], tuple[Telling, ...]]] = {
    identity.UserRegistered: (
        Telling("user_id", "Welcome to Kelmah", "Hello {display_name}, your account is ready. Complete your profile."),
    ),
    marketplace.JobPosted: (Telling("hirer_id", "Your job is online", "“{title}” can be found now.", by_mail=False),),
    marketplace.JobClosed: (
        Telling("hirer_id", "Your job is closed", "“{title}” takes no more proposals ({reason}).", by_mail=False),
        Telling("worker_ids", "A job was closed", "“{title}” takes no more proposals; yours has ended.", by_mail=False),
    ),
    marketplace.ProposalSubmitted: (Telling("hirer_id", "A new proposal", "Somebody proposes to do “{job_title}”."),),
    marketplace.ProposalWithdrawn: (
        Telling("hirer_id", "A proposal was withdrawn", "A worker stepped back from “{job_title}”.", by_mail=False),
    ),
    marketplace.OfferSent: (
        Telling("worker_id", "You have an offer", "You are offered “{job_title}”. It is good for seven days."),
    ),
    marketplace.OfferAccepted: (
        Telling("hirer_id", "Your offer was accepted", "“{title}” is agreed at {amount}. The contract comes next."),
    ),
    contracts.ContractCreated: (
        Telling("hirer_id", "Sign the contract", "The contract of “{title}” waits for your signature."),
        Telling("worker_id", "Sign the contract", "The contract of “{title}” waits for your signature."),
    ),
    contracts.ContractPartySigned: (
        Telling("hirer_id", "A signature", "The {role} signed the contract of “{title}”.", by_mail=False),
        Telling("worker_id", "A signature", "The {role} signed the contract of “{title}”.", by_mail=False),
    ),
    contracts.ContractSigned: (
        Telling("hirer_id", "The contract is active", "Both signed “{title}”. Fund the first milestone to begin."),
        Telling("worker_id", "The contract is active", "Both signed “{title}”. Begin when the money is protected."),
    ),
    contracts.ContractEnded: (
        Telling("hirer_id", "The contract is over", "“{title}” is {outcome}; {paid} were paid. Write a review."),
        Telling("worker_id", "The contract is over", "“{title}” is {outcome}; {paid} were paid. Write a review."),
    ),
    contracts.MilestoneSubmitted: (
        Telling("hirer_id", "Work was handed in", "“{title}” waits for you. After 14 days it counts as approved."),
    ),
    contracts.MilestoneChangesRequested: (Telling("worker_id", "Changes are wanted", "“{title}”: {note}"),),
    contracts.MilestoneApproved: (Telling("worker_id", "Your work is approved", "“{title}” is approved: {amount}."),),
    payments.EscrowFunded: (
        Telling("worker_id", "The money is protected", "{amount} for “{title}” are protected: you can begin."),
        Telling("hirer_id", "The money is protected", "{amount} for “{title}” left your wallet.", by_mail=False),
    ),
    payments.EscrowFundingFailed: (
        Telling("hirer_id", "Funding failed", "{amount} for “{title}” could not be protected ({reason}). Try again."),
    ),
    payments.EscrowReleased: (
        Telling("worker_id", "You were paid", "{net} for “{title}” are in your wallet ({gross} less {fee} fee)."),
        Telling("hirer_id", "The worker was paid", "{gross} for “{title}” were released.", by_mail=False),
    ),
    payments.PaymentSucceeded: (Telling("user_id", "Your deposit arrived", "{amount} are in your wallet."),),
    payments.PaymentFailed: (
        Telling("user_id", "Your deposit failed", "{amount} did not arrive ({reason}). Nothing was charged."),
    ),
    payments.PayoutPaid: (Telling("user_id", "Your payout is on its way", "{amount} were sent to you."),),
    payments.PayoutFailed: (Telling("user_id", "Your payout failed", "{amount} came back to your wallet ({reason})."),),
    reviews.ReviewSubmitted: (
        Telling("subject_id", "You were reviewed", "The {author_role} of “{title}” wrote. Write yours to read it."),
    ),
    reviews.ReviewPublished: (
        Telling("subject_id", "A review is public", "The review of “{title}” can be read now.", by_mail=False),
    ),
}

# Told only when something is wrong: not everybody who logs out wants a letter about it.
REUSED = Telling(
    "user_id",
    "We ended a session for your safety",
    "Somebody used an old key of your account{on_device}. That session is over. Was it not you? Change your password.",
)


def notices_of(event: Event) -> list[Notice]:
    """Everything that an event has to tell, recipient by recipient."""
    if isinstance(event, identity.SessionRevoked):
        if event.reason != "refresh_reused":
            return []
        on_device = f" on {event.device}" if event.device else ""
        body = REUSED.body.format(on_device=on_device)
        return [Notice(event.user_id, _kind(event), REUSED.title, body, by_mail=True)]
    words = {field.name: _worded(getattr(event, field.name)) for field in fields(event)}
    return [
        Notice(user_id, _kind(event), telling.title, telling.body.format(**words), telling.by_mail)
        for telling in NOTICES.get(type(event), ())
        for user_id in _recipients(event, telling)
    ]


def _kind(event: Event) -> str:
    name = type(event).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _recipients(event: Event, telling: Telling) -> list[UUID]:
    value = getattr(event, telling.to)
    return list(value) if isinstance(value, list) else [value]


def _worded(value: object) -> str:
    return str(value)
