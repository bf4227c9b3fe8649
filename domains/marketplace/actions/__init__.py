"""Writes of marketplace, one function per use case."""

from domains.marketplace.actions.endings import close_job, expire_job, remove_job
from domains.marketplace.actions.jobs import create_job, edit_job, pause_job, publish_job, resume_job
from domains.marketplace.actions.offers import accept_offer, decline_offer, expire_offer, send_offer, withdraw_offer
from domains.marketplace.actions.proposals import (
    decline_proposal,
    expire_proposal,
    shortlist_proposal,
    submit_proposal,
    view_proposal,
    withdraw_proposal,
)
from domains.marketplace.actions.taxonomy import set_categories_active, set_skills_active

__all__ = [
    "accept_offer",
    "close_job",
    "create_job",
    "decline_offer",
    "decline_proposal",
    "edit_job",
    "expire_job",
    "expire_offer",
    "expire_proposal",
    "pause_job",
    "publish_job",
    "remove_job",
    "resume_job",
    "send_offer",
    "set_categories_active",
    "set_skills_active",
    "shortlist_proposal",
    "submit_proposal",
    "view_proposal",
    "withdraw_offer",
    "withdraw_proposal",
]
