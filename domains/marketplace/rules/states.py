"""The state machines of jobs, proposals and offers, and who may move them."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kelmah.errors import Conflict, Forbidden, NotFound
from kelmah.transitions import StateTable, Transition

OPEN_FOR: Final = timedelta(days=30)
SILENT_FOR: Final = timedelta(days=7)
OFFER_ANSWERED_WITHIN: Final = timedelta(days=7)


class OwnJob(Forbidden):
    code, title = "own_job", "You can't propose to your own job"


class NotTheHirer(Forbidden):
    code, title = "not_the_hirer", "Only the hirer of this job may do this"


class NotTheWorker(Forbidden):
    code, title = "not_the_worker", "Only the worker who proposed may do this"


class JobNotOpen(Conflict):
    code, title = "job_not_open", "This job takes no proposals now"


class AlreadyProposed(Conflict):
    code, title = "already_proposed", "You have a live proposal to this job: withdraw it first"


JOB: Final = StateTable(
    "job",
    [
        Transition("edit", "draft", "draft", "hirer"),
        Transition("edit", "open", "open", "hirer", guard="the currency stays"),
        Transition("edit", "paused", "paused", "hirer", guard="the currency stays"),
        Transition("publish", "draft", "open", "hirer", event="JobPosted"),
        Transition("pause", "open", "paused", "hirer"),
        Transition("resume", "paused", "open", "hirer"),
        *(Transition("close", state, "closed", "hirer", event="JobClosed") for state in ("open", "paused")),
        *(
            Transition("fill", state, "filled", "worker", guard="accepts an offer that is sent", event="JobClosed")
            for state in ("open", "paused")
        ),
        *(
            Transition("expire", state, "expired", "system", deadline="30 days after publishing", event="JobClosed")
            for state in ("open", "paused")
        ),
        *(
            Transition("remove", state, "removed", "staff", guard="a reason")
            for state in ("draft", "closed", "expired")
        ),
        *(
            Transition("remove", state, "removed", "staff", guard="a reason", event="JobClosed")
            for state in ("open", "paused")
        ),
    ],
    initial="draft",
    final=["closed", "filled", "expired", "removed"],
)

_BEFORE_OFFER: Final = ("submitted", "viewed", "shortlisted")

PROPOSAL: Final = StateTable(
    "proposal",
    [
        Transition("view", "submitted", "viewed", "hirer"),
        *(Transition("shortlist", state, "shortlisted", "hirer") for state in ("submitted", "viewed")),
        *(Transition("offer", state, "offered", "hirer", event="OfferSent") for state in _BEFORE_OFFER),
        *(Transition("decline", state, "declined", "hirer") for state in _BEFORE_OFFER),
        Transition("return", "offered", "shortlisted", "system", guard="its offer ended without agreement"),
        Transition("accept", "offered", "accepted", "worker", guard="accepts its offer", event="OfferAccepted"),
        *(
            Transition("withdraw", state, "withdrawn", "worker", event="ProposalWithdrawn")
            for state in (*_BEFORE_OFFER, "offered")
        ),
        *(
            Transition("lose", state, "declined", "system", guard="another offer of the job was accepted")
            for state in (*_BEFORE_OFFER, "offered")
        ),
        *(
            Transition("void", state, "void", "system", guard="the job was closed, has expired or was removed")
            for state in (*_BEFORE_OFFER, "offered")
        ),
        *(
            Transition("expire", state, "expired", "system", deadline="7 days of silence")
            for state in ("submitted", "viewed")
        ),
    ],
    initial="submitted",
    final=["accepted", "withdrawn", "declined", "void", "expired"],
)
# What counts against "one proposal per worker and job".
LIVE_PROPOSALS: Final = ("submitted", "viewed", "shortlisted", "offered", "accepted")

OFFER: Final = StateTable(
    "offer",
    [
        Transition("accept", "sent", "accepted", "worker", guard="the job takes a worker", event="OfferAccepted"),
        Transition("decline", "sent", "declined", "worker"),
        Transition("withdraw", "sent", "withdrawn", "hirer"),
        Transition("expire", "sent", "expired", "system", deadline="7 days after sending"),
        Transition("void", "sent", "void", "system", guard="the job was filled, closed, has expired or was removed"),
    ],
    initial="sent",
    final=["accepted", "declined", "withdrawn", "expired", "void"],
)
LIVE_OFFER: Final = "sent"


def sources_of(table: StateTable, step: str) -> list[str]:
    """The states from which ``step`` is possible, for steps that many rows take at once."""
    return sorted(transition.source for transition in table.transitions if transition.name == step)


def side_of(*, hirer_id: UUID, worker_id: UUID | None, user_id: UUID | None) -> str:
    """``hirer``, ``worker``, or ``stranger``."""
    if user_id is not None and user_id == hirer_id:
        return "hirer"
    return "worker" if user_id is not None and user_id == worker_id else "stranger"


def check_hirer(side: str) -> None:
    """Raises NotFound to strangers, NotTheHirer to the worker."""
    _check_side(side, "hirer", NotTheHirer)


def check_worker(side: str) -> None:
    """Raises NotFound to strangers, NotTheWorker to the hirer."""
    _check_side(side, "worker", NotTheWorker)


def check_not_own_job(*, hirer_id: UUID, worker_id: UUID) -> None:
    """Raises OwnJob."""
    if hirer_id == worker_id:
        raise OwnJob


def _check_side(side: str, wanted: str, refusal: type[Forbidden]) -> None:
    if side == "stranger":
        raise NotFound
    if side != wanted:
        raise refusal
