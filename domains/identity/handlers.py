"""What identity hears."""

from collections.abc import Callable

from domains.identity import actions
from domains.identity.actions import erasures, exports, taxonomy, track_record
from kelmah.events.handlers import handles
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.interfaces.files.events import ExportPacked
from kelmah.interfaces.marketplace.events import SkillsChanged
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
