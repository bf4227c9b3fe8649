"""The database refuses what must not be, whoever asks: raw SQL against every constraint."""

from typing import Any

import pytest
from django.db import Error, IntegrityError, connections

from kelmah.db import atomic
from kelmah.ids import new_id
from tests.marketplace.factories import CABINETS, JobFactory, OfferFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace")


def run(statement: str, *params: Any) -> None:
    with atomic("marketplace"), connections["marketplace"].cursor() as cursor:
        cursor.execute(statement, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(constraint: str, statement: str, *params: Any) -> None:
    with pytest.raises(Error) as error:
        run(statement, *params)
    assert isinstance(error.value, IntegrityError)
    assert constraint in str(error.value)


JOB_BREAKS = [
    ("job_state", "state = 'done', ended_at = created_at"),
    ("job_kind", "kind = 'quick'"),
    ("job_mode", "mode = 'lunar'"),
    ("job_visibility", "visibility = 'secret'"),
    ("job_budget", "budget_minor = 0"),
    ("job_budget", "budget_minor = -5"),
    ("job_budget", "budget_minor = 1000000000000001"),
    ("job_currency", "currency = 'XXX'"),
    ("job_place_is_whole", "place_name = 'Osu'"),
    ("job_place_is_whole", "latitude = 5, longitude = 5"),
    ("job_place_is_whole", "place_name = '', latitude = 5, longitude = 5"),
    ("job_place_is_whole", "place_name = 'Nowhere', latitude = 91, longitude = 5"),
    ("job_place_is_whole", "place_name = 'Nowhere', latitude = 5, longitude = 'NaN'"),
    ("job_on_site_has_place", "mode = 'onsite'"),
    ("job_published_has_dates", "published_at = NULL"),
    ("job_published_has_dates", "expires_at = published_at"),
    ("job_published_has_dates", "state = 'draft'"),
    ("job_end_has_date", "state = 'closed'"),
    ("job_end_has_date", "ended_at = created_at"),
    ("job_removal_has_reason", "state = 'removed', ended_at = created_at"),
    ("job_removal_has_reason", "removal_reason = 'spam'"),
    ("category_id", "category_id = 'astrology'"),
]


@pytest.mark.parametrize(("constraint", "change"), JOB_BREAKS, ids=[change for _, change in JOB_BREAKS])
def test_a_job_that_contradicts_itself_is_refused(constraint: str, change: str) -> None:
    job = JobFactory()
    refused(constraint, f"UPDATE marketplace_job SET {change} WHERE id = %s", job.id)


def test_nobody_writes_the_search_column() -> None:
    job = JobFactory()
    with pytest.raises(Error, match="search"):
        run("UPDATE marketplace_job SET search = 'free money' WHERE id = %s", job.id)


def test_a_job_asks_for_a_known_skill_and_once() -> None:
    job = JobFactory(asks_for=[CABINETS])
    insert = "INSERT INTO marketplace_jobskill (job_id, skill_id) VALUES (%s, %s)"
    refused("job_skill_once", insert, job.id, CABINETS)
    refused("skill_id", insert, job.id, "00-0000-00-levitation")
    refused("marketplace_jobskill", "DELETE FROM marketplace_skill WHERE id = %s", CABINETS)


PROPOSAL_BREAKS = [
    ("proposal_state", "state = 'loved', ended_at = created_at"),
    ("proposal_amount", "amount_minor = 0"),
    ("proposal_amount", "amount_minor = 1000000000000001"),
    ("proposal_currency", "currency = 'XXX'"),
    ("proposal_delivery", "delivery_days = 0"),
    ("proposal_delivery", "delivery_days = 366"),
    ("proposal_end_has_date", "state = 'withdrawn'"),
    ("proposal_end_has_date", "ended_at = created_at"),
]


@pytest.mark.parametrize(("constraint", "change"), PROPOSAL_BREAKS, ids=[change for _, change in PROPOSAL_BREAKS])
def test_a_proposal_that_contradicts_itself_is_refused(constraint: str, change: str) -> None:
    proposal = ProposalFactory()
    refused(constraint, f"UPDATE marketplace_proposal SET {change} WHERE id = %s", proposal.id)


COPY_PROPOSAL = (
    "INSERT INTO marketplace_proposal (id, version, job_id, worker_id, cover_letter, amount_minor, currency,"
    " delivery_days, state, created_at, ended_at)"
    " SELECT %s, 1, job_id, coalesce(%s, worker_id), cover_letter, amount_minor, currency, delivery_days, %s,"
    " created_at, ended_at FROM marketplace_proposal WHERE id = %s"
)


@pytest.mark.parametrize("state", ["submitted", "viewed", "shortlisted", "offered"])
def test_a_worker_has_one_live_proposal_per_job(state: str) -> None:
    proposal = ProposalFactory(state=state)
    refused("proposal_one_live", COPY_PROPOSAL, new_id(), None, "submitted", proposal.id)


def test_a_withdrawn_proposal_makes_room_for_another() -> None:
    proposal = ProposalFactory(state="withdrawn")
    ProposalFactory(job=proposal.job, worker_id=proposal.worker_id)


def test_a_job_has_one_accepted_proposal() -> None:
    proposal = ProposalFactory(state="accepted")
    refused("proposal_one_accepted", COPY_PROPOSAL, new_id(), new_id(), "accepted", proposal.id)


OFFER_BREAKS = [
    ("offer_state", "state = 'maybe', ended_at = created_at"),
    ("offer_kind", "kind = 'quick'"),
    ("offer_amount", "amount_minor = 0, milestones = '[]'"),
    ("offer_currency", "currency = 'XXX'"),
    ("offer_expires_later", "expires_at = created_at"),
    ("offer_accepted_names_contract", "state = 'accepted', ended_at = created_at"),
    ("offer_accepted_names_contract", "contract_id = '01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11'"),
    ("offer_end_has_date", "state = 'declined'"),
    ("offer_end_has_date", "ended_at = created_at"),
    ("offer_milestones_sum_to_amount", "amount_minor = amount_minor + 1"),
    ("offer_milestones_sum_to_amount", "milestones = '[]'"),
    ("offer_milestones_sum_to_amount", """milestones = '[{"title": "All"}]'"""),
    ("offer_milestones_sum_to_amount", "kind = 'hourly'"),
]


@pytest.mark.parametrize(("constraint", "change"), OFFER_BREAKS, ids=[change for _, change in OFFER_BREAKS])
def test_an_offer_that_contradicts_itself_is_refused(constraint: str, change: str) -> None:
    offer = OfferFactory()
    refused(constraint, f"UPDATE marketplace_offer SET {change} WHERE id = %s", offer.id)


COPY_OFFER = (
    "INSERT INTO marketplace_offer (id, version, proposal_id, job_id, scope, kind, amount_minor, currency, milestones,"
    " state, contract_id, created_at, expires_at, ended_at)"
    " SELECT %s, 1, coalesce(%s, proposal_id), job_id, scope, kind, amount_minor, currency, milestones,"
    " %s, %s, created_at, expires_at, CASE WHEN %s = 'sent' THEN NULL ELSE created_at END"
    " FROM marketplace_offer WHERE id = %s"
)


def test_a_proposal_has_one_offer_waiting_for_an_answer() -> None:
    offer = OfferFactory()
    refused("offer_one_live", COPY_OFFER, new_id(), None, "sent", None, "sent", offer.id)


def test_a_job_has_one_accepted_offer() -> None:
    offer = OfferFactory(state="accepted", contract_id=new_id(), ended_at=JobFactory().created_at)
    other = ProposalFactory(job=offer.job)
    refused("offer_one_accepted", COPY_OFFER, new_id(), other.id, "accepted", new_id(), "accepted", offer.id)


def test_a_contract_comes_from_one_offer() -> None:
    offer = OfferFactory(state="accepted", contract_id=new_id(), ended_at=JobFactory().created_at)
    other = OfferFactory()
    change = "UPDATE marketplace_offer SET state = 'accepted', contract_id = %s, ended_at = created_at WHERE id = %s"
    refused("contract_id", change, offer.contract_id, other.id)


def test_an_offer_belongs_to_the_job_of_its_proposal() -> None:
    offer, other = OfferFactory(), JobFactory()
    refused("offer_of_its_proposals_job", "UPDATE marketplace_offer SET job_id = %s WHERE id = %s", other.id, offer.id)


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("category_group", "UPDATE marketplace_category SET \"group\" = 'magic' WHERE slug = 'plumbing'"),
        (
            "skill_id_is_slug",
            "INSERT INTO marketplace_skill VALUES ('No Slug', 'No slug', '47-2152.00', '{}', true, 'plumbing')",
        ),
        ("skill_onet_code", "UPDATE marketplace_skill SET onet_code = 'plumber' WHERE category_id = 'plumbing'"),
    ],
)
def test_the_taxonomy_keeps_its_form(constraint: str, statement: str) -> None:
    refused(constraint, statement)
