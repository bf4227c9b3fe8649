"""Who is told what when something happens, as one table: event, recipients, words.

Texts are templates over the event's fields, marked for translators; they are put into the recipient's language when
they are written down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from domains.messaging.rules.account_notices import ACCOUNT, ROLE_GIVEN, ROLE_LOST
from domains.messaging.rules.telling import Telling
from domains.messaging.rules.telling import marked as _
from kelmah.events.event import Event
from kelmah.interfaces.contracts import events as contracts
from kelmah.interfaces.identity import events as identity
from kelmah.interfaces.marketplace import events as marketplace
from kelmah.interfaces.payments import events as payments
from kelmah.interfaces.reviews import events as reviews


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What one person is told: templates in English, the ``words`` to put into them, and in ``data`` the ids of the
    things it is about."""

    user_id: UUID
    kind: str
    title: str
    body: str
    by_mail: bool
    advice: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


NOTICES: Final[Mapping[type[Event], tuple[Telling, ...]]] = {
    identity.UserRegistered: (
        Telling(
            "user_id", _("Welcome to Kelmah"), _("Hello {display_name}, your account is ready. Complete your profile.")
        ),
    ),
    marketplace.JobPosted: (
        Telling("hirer_id", _("Your job is online"), _("“{title}” can be found now."), by_mail=False),
    ),
    marketplace.JobClosed: (
        Telling("hirer_id", _("Your job is closed"), _("“{title}” takes no more proposals ({reason})."), by_mail=False),
        Telling(
            "worker_ids", _("A job was closed"), _("“{title}” takes no more proposals; yours has ended."), by_mail=False
        ),
    ),
    marketplace.ProposalSubmitted: (
        Telling("hirer_id", _("A new proposal"), _("Somebody proposes to do “{job_title}”.")),
    ),
    marketplace.ProposalWithdrawn: (
        Telling(
            "hirer_id", _("A proposal was withdrawn"), _("A worker stepped back from “{job_title}”."), by_mail=False
        ),
    ),
    marketplace.OfferSent: (
        Telling("worker_id", _("You have an offer"), _("You are offered “{job_title}”. It is good for seven days.")),
    ),
    marketplace.OfferAccepted: (
        Telling(
            "hirer_id", _("Your offer was accepted"), _("“{title}” is agreed at {amount}. The contract comes next.")
        ),
    ),
    contracts.ContractCreated: (
        Telling("hirer_id", _("Sign the contract"), _("The contract of “{title}” waits for your signature.")),
        Telling("worker_id", _("Sign the contract"), _("The contract of “{title}” waits for your signature.")),
    ),
    contracts.ContractPartySigned: (
        Telling("hirer_id", _("A signature"), _("The {role} signed the contract of “{title}”."), by_mail=False),
        Telling("worker_id", _("A signature"), _("The {role} signed the contract of “{title}”."), by_mail=False),
    ),
    contracts.ContractSigned: (
        Telling(
            "hirer_id", _("The contract is active"), _("Both signed “{title}”. Fund the first milestone to begin.")
        ),
        Telling(
            "worker_id", _("The contract is active"), _("Both signed “{title}”. Begin when the money is protected.")
        ),
    ),
    contracts.ContractEnded: (
        Telling("hirer_id", _("The contract is over"), _("“{title}” is {outcome}; {paid} were paid.")),
        Telling("worker_id", _("The contract is over"), _("“{title}” is {outcome}; {paid} were paid.")),
    ),
    contracts.MilestoneSubmitted: (
        Telling(
            "hirer_id", _("Work was handed in"), _("“{title}” waits for you. After 14 days it counts as approved.")
        ),
    ),
    contracts.MilestoneChangesRequested: (Telling("worker_id", _("Changes are wanted"), _("“{title}”: {note}")),),
    contracts.MilestoneApproved: (
        Telling("worker_id", _("Your work is approved"), _("“{title}” is approved: {amount}.")),
    ),
    contracts.DisputeOpened: (
        Telling("hirer_id", _("A dispute was opened"), _("The {role} disputes “{title}”. The money waits meanwhile.")),
        Telling("worker_id", _("A dispute was opened"), _("The {role} disputes “{title}”. The money waits meanwhile.")),
    ),
    contracts.DisputeWithdrawn: (
        Telling("hirer_id", _("The dispute is over"), _("The {role} took the dispute about “{title}” back.")),
        Telling("worker_id", _("The dispute is over"), _("The {role} took the dispute about “{title}” back.")),
    ),
    contracts.DisputeResolved: (
        Telling(
            "hirer_id", _("The dispute is decided"), _("Of “{title}”, {to_worker} go to the worker. See the reasons.")
        ),
        Telling(
            "worker_id", _("The dispute is decided"), _("Of “{title}”, {to_worker} go to the worker. See the reasons.")
        ),
    ),
    payments.EscrowFunded: (
        Telling("worker_id", _("The money is protected"), _("{amount} for “{title}” are protected: you can begin.")),
        Telling("hirer_id", _("The money is protected"), _("{amount} for “{title}” left your wallet."), by_mail=False),
    ),
    payments.EscrowFundingFailed: (
        Telling(
            "hirer_id", _("Funding failed"), _("{amount} for “{title}” could not be protected ({reason}). Try again.")
        ),
    ),
    payments.EscrowReleased: (
        Telling("worker_id", _("You were paid"), _("{net} for “{title}” are in your wallet ({gross} less {fee} fee).")),
        Telling("hirer_id", _("The worker was paid"), _("{gross} for “{title}” were released."), by_mail=False),
    ),
    payments.EscrowPartReleased: (
        Telling("worker_id", _("A part was paid"), _("{net} for “{title}” are yours ({gross} less {fee} fee).")),
        Telling("hirer_id", _("A part was paid"), _("{gross} for “{title}” were released."), by_mail=False),
    ),
    payments.EscrowRefunded: (
        Telling("hirer_id", _("Money came back"), _("{refunded} of {amount} for “{title}” are in your wallet again.")),
        Telling(
            "worker_id",
            _("Protected money went back"),
            _("{refunded} of {amount} for “{title}” went back to the hirer; you got {net}."),
        ),
    ),
    payments.WeekReleased: (
        Telling("worker_id", _("Your week is paid"), _("{net} for “{title}” will be free after the waiting period.")),
        Telling("hirer_id", _("A week was paid"), _("{gross} for “{title}” were released."), by_mail=False),
    ),
    payments.PaymentSucceeded: (Telling("user_id", _("Your deposit arrived"), _("{amount} are in your wallet.")),),
    payments.PaymentFailed: (
        Telling("user_id", _("Your deposit failed"), _("{amount} did not arrive ({reason}). Nothing was charged.")),
    ),
    payments.PayoutPaid: (Telling("user_id", _("Your payout is on its way"), _("{amount} were sent to you.")),),
    payments.PayoutFailed: (
        Telling("user_id", _("Your payout failed"), _("{amount} came back to your wallet ({reason}).")),
    ),
    payments.AddressCredited: (Telling("user_id", _("Money arrived"), _("{amount} were paid to your address.")),),
    payments.RefundCompleted: (
        Telling("user_id", _("Your refund is on its way"), _("{amount} went back to where you paid from.")),
    ),
    payments.RefundFailed: (
        Telling("user_id", _("Your refund failed"), _("{amount} could not be sent back ({reason}).")),
    ),
    payments.ChargebackOpened: (
        Telling(
            "user_id",
            _("Your bank took a payment back"),
            _("{amount} were taken from your wallet. What it lacked is settled from what comes in next."),
        ),
    ),
    payments.ChargebackWon: (
        Telling("user_id", _("A payment that was taken back is here again"), _("{amount} are yours again.")),
    ),
    reviews.ReviewSubmitted: (
        Telling(
            "subject_id", _("You were reviewed"), _("The {author_role} of “{title}” wrote. Write yours to read it.")
        ),
    ),
    reviews.ReviewPublished: (
        Telling("subject_id", _("A review is public"), _("The review of “{title}” can be read now."), by_mail=False),
    ),
}

# Told only when something is wrong: not everybody who logs out wants a letter about it.
REUSED: Final = Telling(
    "user_id",
    _("We ended a session for your safety"),
    _(
        "Somebody used an old key of your account (device: {device}). That session is over. Was it not you? "
        "Change your password."
    ),
)


# Of payout methods people hear as of their account: somebody else may have got in.
METHOD_ADDED: Final = Telling(
    "user_id",
    _("A payout method was added"),
    _("{gateway} {hint} can be used after 24 hours. Was it not you? Remove it and change your password."),
)
METHOD_ACCEPTED: Final = Telling(
    "user_id", _("Your payout method is confirmed"), _("{gateway} {hint} was confirmed by our staff.")
)
METHOD_REFUSED: Final = Telling(
    "user_id", _("Your payout method was refused"), _("{gateway} {hint} is kept in another name. Add one of your own.")
)

# What was not their wallet's is not in it again: where it is, the domain that pays them knows.
NOT_PAID: Final = Telling("user_id", _("Your payout failed"), _("{amount} did not reach your account ({reason})."))

# Who falls is told why by letters about the document.
ROSE: Final = Telling(
    "user_id",
    _("You reached a new level"),
    _("You are at level {level} of 3. Others see it on your profile."),
    by_mail=False,
)


def notices_of(event: Event) -> list[Notice]:
    """Everything that an event has to tell, recipient by recipient; each person is told once."""
    told: dict[UUID, Notice] = {}
    for telling in _tellings(event):
        for user_id in _recipients(event, telling):
            told.setdefault(
                user_id,
                Notice(
                    user_id=user_id,
                    kind=kind_of(type(event)),
                    title=telling.title,
                    body=telling.body,
                    by_mail=telling.by_mail,
                    advice=telling.advice,
                    words=_words(event),
                    data=_data(event, user_id),
                ),
            )
    return list(told.values())


def kind_of(event: type[Event]) -> str:
    """What clients know a notification's event by: ``escrow_released`` for ``EscrowReleased``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in event.__name__).lstrip("_")


def topic_of(kind: str) -> str:
    """Which of identity's ``NOTICE_TOPICS`` a kind of notification belongs to."""
    return _TOPICS.get(kind, "account")


# Private functions

_TOPIC_OF_DOMAIN: Final = {"marketplace": "jobs", "contracts": "contracts", "payments": "money", "reviews": "reviews"}
_TOPICS: Final = {kind_of(event): _TOPIC_OF_DOMAIN.get(event.domain, "account") for event in NOTICES}


def _tellings(event: Event) -> tuple[Telling, ...]:
    if isinstance(event, identity.SessionRevoked):
        return (REUSED,) if event.reason == "refresh_reused" else ()
    if isinstance(event, identity.AccountChanged):
        return (ACCOUNT[event.what],)
    if isinstance(event, identity.RoleGranted):
        told = ROLE_GIVEN if event.change == "granted" else ROLE_LOST
        return () if event.by_themselves and event.change == "granted" else (told,)
    if isinstance(event, identity.UserVerified):
        return (ROSE,) if event.level > event.before else ()
    if isinstance(event, payments.PayoutMethodAdded):
        return (METHOD_ADDED,)
    if isinstance(event, payments.PayoutMethodDecided):
        return (METHOD_ACCEPTED if event.accepted else METHOD_REFUSED,)
    if isinstance(event, payments.PayoutFailed) and not _is_of_wallet(event):
        return (NOT_PAID,)
    return NOTICES.get(type(event), ())


def _is_of_wallet(event: payments.PayoutFailed) -> bool:
    return event.owner in ("", f"user:{event.user_id}") and event.purpose in ("", "available", "earnings")


def _recipients(event: Event, telling: Telling) -> list[UUID]:
    value = getattr(event, telling.to)
    if value is None:  # an owner who is nobody's account
        return []
    return list(value) if isinstance(value, list) else [value]


def _words(event: Event) -> dict[str, str]:
    return {member.name: _worded(member.name, getattr(event, member.name)) for member in fields(event)}


def _worded(name: str, value: object) -> str:
    text = f"{value:%d %B %Y, %H:%M} UTC" if isinstance(value, datetime) else str(value)
    if name in ("reason", "outcome"):  # codes, which are words joined by underscores
        return text.replace("_", " ")
    return text or "?"


def _data(event: Event, reader_id: UUID) -> dict[str, str]:
    """The ids in the event: what a client needs to open the right page."""
    return {
        member.name: str(value)
        for member in fields(event)
        if isinstance(value := getattr(event, member.name), UUID) and value != reader_id
    }
