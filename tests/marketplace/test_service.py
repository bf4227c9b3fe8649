"""What other domains may ask, asked through the interface's own client."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.marketplace.calls import marketplace
from kelmah.interfaces.marketplace.types import JobSummary, ProposalParties
from kelmah.rpc import CallInsideTransaction
from tests.marketplace.factories import JobFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace")


def test_jobs_are_told_in_a_few_words_and_unknown_ids_left_out() -> None:
    job, draft = JobFactory(), JobFactory(state="draft")
    found = marketplace.jobs(ids=[job.id, new_id(), draft.id])
    assert {summary.job_id: summary for summary in found} == {
        row.id: JobSummary(job_id=row.id, hirer_id=row.hirer_id, title=row.title, category="carpentry", state=row.state)
        for row in (job, draft)
    }


def test_the_parties_of_proposals_are_told() -> None:
    proposal = ProposalFactory(state="withdrawn")
    assert marketplace.proposals(ids=[proposal.id, new_id()]) == [
        ProposalParties(
            proposal_id=proposal.id,
            job_id=proposal.job_id,
            job_title=proposal.job.title,
            hirer_id=proposal.job.hirer_id,
            worker_id=proposal.worker_id,
            state="withdrawn",
        )
    ]


@pytest.mark.parametrize(("ask", "make"), [(marketplace.jobs, JobFactory), (marketplace.proposals, ProposalFactory)])
def test_many_are_answered_with_one_statement(ask: Callable[..., list[Any]], make: Any) -> None:
    ids = [row.id for row in make.create_batch(7)]
    with CaptureQueriesContext(connections["marketplace"]) as statements:
        assert len(ask(ids=ids)) == 7
    assert len(statements) == 1


def test_a_call_inside_a_transaction_is_refused() -> None:
    with atomic("marketplace"), pytest.raises(CallInsideTransaction):
        marketplace.jobs(ids=[])
