"""What a contract says, who may do what to it and to its milestones, and what a signature binds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kelmah.errors import Conflict, Forbidden, InvalidInput, Unprocessable
from kelmah.money import Money
from kelmah.transitions import StateTable, Transition

AUTO_APPROVAL: Final = timedelta(days=14)  # silence after a submission accepts the work
FEE_PLAN: Final = "standard"
PROTECTED: Final = ("funded", "in_progress", "submitted", "changes_requested", "approved")  # payments holds the money
DISPUTABLE: Final = ("funded", "in_progress", "submitted", "changes_requested")
DISPUTED: Final = ("open", "decided")  # until the money has followed, nobody goes on with the work
SETTLED: Final = ("released", "refunded", "split")  # payments holds nothing any more

CONTRACT = StateTable(
    "contract",
    [
        Transition("sign", "awaiting_signatures", "awaiting_signatures", "hirer|worker", event="ContractPartySigned"),
        Transition("activate", "awaiting_signatures", "active", "system", guard="both signed", event="ContractSigned"),
        Transition("cancel", "awaiting_signatures", "cancelled", "hirer|worker", event="ContractEnded"),
        Transition(
            "complete",
            "active",
            "completed",
            "system",
            guard="all milestones settled, some paid",
            event="ContractEnded",
        ),
        Transition(
            "unwind",
            "active",
            "cancelled",
            "system",
            guard="all milestones refunded, nothing paid",
            event="ContractEnded",
        ),
    ],
    initial="awaiting_signatures",
    final=("completed", "cancelled"),
)

MILESTONE = StateTable(
    "milestone",
    [
        Transition(
            "fund", "planned", "awaiting_funds", "hirer", guard="contract active", event="MilestoneFundingRequested"
        ),
        Transition("funding_succeeded", "awaiting_funds", "funded", "system"),
        Transition("funding_failed", "awaiting_funds", "planned", "system"),
        Transition("start", "funded", "in_progress", "worker"),
        Transition("submit", "funded", "submitted", "worker", event="MilestoneSubmitted"),
        Transition("submit", "in_progress", "submitted", "worker", event="MilestoneSubmitted"),
        Transition("submit", "changes_requested", "submitted", "worker", event="MilestoneSubmitted"),
        Transition("request_changes", "submitted", "changes_requested", "hirer", event="MilestoneChangesRequested"),
        Transition("approve", "submitted", "approved", "hirer", event="MilestoneApproved"),
        Transition(
            "auto_approve", "submitted", "approved", "system", deadline="14 days of silence", event="MilestoneApproved"
        ),
        *(Transition("dispute", state, state, "hirer|worker", event="DisputeOpened") for state in DISPUTABLE),
        *(
            Transition(
                "withdraw_dispute", state, state, "hirer|worker", guard="opened by them", event="DisputeWithdrawn"
            )
            for state in DISPUTABLE
        ),
        # Where the money is gone, whatever was on the way here is over: payments says so, and is right.
        *(Transition("release", state, "released", "system", guard="escrow released") for state in PROTECTED),
        *(Transition("refund", state, "refunded", "system", guard="escrow refunded") for state in PROTECTED),
        *(Transition("split", state, "split", "system", guard="escrow split") for state in PROTECTED),
        Transition("cancel", "planned", "cancelled", "system", guard="contract cancelled"),
    ],
    initial="planned",
    final=(*SETTLED, "cancelled"),
)


DISPUTE = StateTable(
    "dispute",
    [
        Transition("withdraw", "open", "withdrawn", "hirer|worker", guard="opened by them", event="DisputeWithdrawn"),
        Transition("decide", "open", "decided", "staff", guard="with a reason", event="DisputeResolved"),
        Transition("overtake", "open", "overtaken", "system", guard="the money was settled before it could be frozen"),
    ],
    initial="open",
    final=("withdrawn", "decided", "overtaken"),
)


class NotTheHirer(Forbidden):
    code, title = "not_the_hirer", "Only the hirer of this contract may do this"


class NotTheWorker(Forbidden):
    code, title = "not_the_worker", "Only the worker of this contract may do this"


class NotTheOpener(Forbidden):
    code, title = "not_the_opener", "Only who opened the dispute may withdraw it"


class MilestoneDisputed(Conflict):
    code, title = "milestone_disputed", "A dispute about this milestone is not over yet"


class NotDisputed(Conflict):
    code, title = "not_disputed", "No dispute about this milestone is open"


class AwardTooLarge(Unprocessable):
    code, title = "award_too_large", "This is more than what is still protected"


class NotYoursToJudge(Forbidden):
    code, title = "not_yours_to_judge", "Nobody decides a dispute of their own: a colleague does"


class RulingWithoutReason(Unprocessable):
    code, title = "ruling_without_reason", "Say why: both sides will read it"


class ContractNotActive(Conflict):
    code, title = "contract_not_active", "Both sides must sign the contract first"


class AlreadySigned(Conflict):
    code, title = "already_signed", "You have signed this contract already"


class TextChanged(Conflict):
    """The hash that the signer saw is not that of the contract's text."""

    code, title = "text_changed", "This is not the text of the contract: read it again before you sign"


class ConsentMissing(InvalidInput):
    code, title = "consent_missing", "A signature needs the explicit consent of the signer"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One milestone as agreed."""

    title: str
    description: str
    amount: Money
    due_in_days: int | None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Everything that both sides agreed upon."""

    contract_id: UUID
    job_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    scope: str
    kind: str
    amount: Money
    steps: Sequence[Step]


def contract_text(terms: Terms) -> str:
    """The text that both sides sign, in plain words; every term of the contract stands in it."""
    steps = [
        f"{number}. {step.title}: {step.amount}"
        + (f", due {step.due_in_days} days after it is funded" if step.due_in_days is not None else "")
        + (f"\n   {step.description}" if step.description else "")
        for number, step in enumerate(terms.steps, start=1)
    ]
    return "\n".join(
        [
            f"SERVICE CONTRACT {terms.contract_id}",
            "",
            f"Title: {terms.title}",
            f"Hirer: member {terms.hirer_id}",
            f"Worker: member {terms.worker_id}",
            f"Job posting: {terms.job_id}",
            f"Kind: {terms.kind}",
            f"Total price: {terms.amount}",
            "",
            "Scope of work",
            terms.scope,
            "",
            "Milestones",
            *steps,
            "",
            "Payment",
            "The hirer funds each milestone before work on it begins. The platform keeps the money as protected funds",
            "and pays it to the worker, less the platform fee in force at funding, when the hirer approves the work.",
            f"If the hirer neither approves nor requests changes within {AUTO_APPROVAL.days} days of a submission,",
            "the work is approved.",
            "",
        ]
    )


def settling_step(*, paid: Money, refunded: Money) -> str:
    """The step of a milestone whose protected money is gone, by where it went."""
    if not refunded.minor:
        return "release"
    return "split" if paid.minor else "refund"


def text_hash(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex: what a signature binds."""
    return hashlib.sha256(text.encode()).hexdigest()


def signature_hash(
    *,
    contract_id: UUID,
    role: str,
    user_id: UUID,
    legal_name: str,
    text_sha256: str,
    signed_at: datetime,
    previous: str,
) -> str:
    """SHA-256 over a signature's canonical JSON and the hash of the one before it: together they form a chain."""
    body = {
        "contract_id": str(contract_id),
        "legal_name": legal_name,
        "previous": previous,
        "role": role,
        "signed_at": signed_at.isoformat(),
        "text_sha256": text_sha256,
        "user_id": str(user_id),
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def role_in(*, hirer_id: UUID, worker_id: UUID, user_id: UUID) -> str | None:
    """``hirer``, ``worker``, or None for a stranger."""
    if user_id == hirer_id:
        return "hirer"
    return "worker" if user_id == worker_id else None


def check_role(actual: str, wanted: str) -> None:
    """Raises NotTheHirer or NotTheWorker when the other side acts."""
    if actual != wanted:
        raise NotTheHirer() if wanted == "hirer" else NotTheWorker()
