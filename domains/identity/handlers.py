"""What identity hears."""

from collections.abc import Callable

from domains.identity import actions
from domains.identity.actions import analytics, erasures, exports, taxonomy, track_record
from kelmah import clock
from kelmah.events.handlers import handles
from kelmah.interfaces.contracts.events import ContractEnded, ContractSigned
from kelmah.interfaces.files.events import ExportPacked
from kelmah.interfaces.marketplace.events import JobPosted, ProposalSubmitted, SkillsChanged
from kelmah.interfaces.privacy import Answered, answer_of, keepers
from kelmah.interfaces.reviews.events import ReputationChanged


@handles(ReputationChanged)
def on_reputation_changed(event: ReputationChanged) -> None:
    """Show the stars on the profile. Twice is safe: the same numbers are written again."""
    actions.record_reputation(user_id=event.user_id, stars=event.stars, reviews=event.reviews)


@handles(ContractEnded)
def on_contract_ended(event: ContractEnded) -> None:
    """Count a completed contract for both sides. Twice is safe: a contract counts once."""
    if event.outcome == "completed":
        track_record.record_finished_job(
            contract_id=event.contract_id, user_ids=[event.worker_id, event.hirer_id], ended_at=event.ended_at
        )
        analytics.record_step(user_ids=[event.worker_id, event.hirer_id], step="completed", at=event.ended_at)


@handles(ContractSigned)
def on_contract_signed(event: ContractSigned) -> None:
    """Two people have agreed. Twice is safe: the first time counts."""
    analytics.record_step(user_ids=[event.worker_id, event.hirer_id], step="contract", at=clock.now())


@handles(JobPosted)
def on_job_posted(event: JobPosted) -> None:
    """A hirer makes a first move. Twice is safe: the first time counts."""
    analytics.record_step(user_ids=[event.hirer_id], step="first_move", at=clock.now())


@handles(ProposalSubmitted)
def on_proposal_submitted(event: ProposalSubmitted) -> None:
    """A worker makes a first move. Twice is safe: the first time counts."""
    analytics.record_step(user_ids=[event.worker_id], step="first_move", at=clock.now())


@handles(SkillsChanged)
def on_skills_changed(event: SkillsChanged) -> None:
    """Follow marketplace's taxonomy. Twice is safe: the same rows are written again."""
    taxonomy.keep_skills(event.skills)


@handles(ExportPacked)
def on_export_packed(event: ExportPacked) -> None:
    """Let the owner read it. Twice is safe: it is ready once."""
    exports.record_packed(event)


def _hearing(domain: str) -> Callable[[Answered], None]:
    def hear(event: Answered) -> None:
        """Keep the receipt, and go on after the last. Twice is safe: it is kept once, late ones change nothing."""
        keep = exports.record_answer if event.step == "export" else erasures.record_answer
        keep(domain=domain, answer=event)

    return handles(answer_of(domain), name=f"hear_of_{domain}")(hear)


# One for each domain that keeps something about people, whoever that is.
RECEIPTS = {domain: _hearing(domain) for domain in keepers()}
