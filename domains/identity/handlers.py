"""What identity hears."""

from domains.identity import actions
from domains.identity.actions import taxonomy, track_record
from kelmah.events.handlers import handles
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.interfaces.marketplace.events import SkillsChanged
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
