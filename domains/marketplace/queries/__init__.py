"""Reads of marketplace."""

from domains.marketplace.queries.feed import JobFilter, job_feed, job_search
from domains.marketplace.queries.objects import (
    access_job,
    access_offer,
    access_own_job,
    access_proposal,
    all_categories,
    category_named,
    latest_offer_of,
    live_offer_of,
    lock_job,
    lock_offer,
    lock_proposal,
    skills_like,
    skills_named,
)
from domains.marketplace.queries.own import jobs_of, proposals_of_job, proposals_of_worker
from domains.marketplace.queries.pages import Page
from domains.marketplace.queries.people import worker_profiles

__all__ = [
    "JobFilter",
    "Page",
    "access_job",
    "access_offer",
    "access_own_job",
    "access_proposal",
    "all_categories",
    "category_named",
    "job_feed",
    "job_search",
    "jobs_of",
    "latest_offer_of",
    "live_offer_of",
    "lock_job",
    "lock_offer",
    "lock_proposal",
    "proposals_of_job",
    "proposals_of_worker",
    "skills_like",
    "skills_named",
    "worker_profiles",
]
