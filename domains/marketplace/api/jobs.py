"""Jobs over REST."""

from typing import Any
from uuid import UUID

from orjson import Fragment
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from domains.marketplace import actions, queries, rules
from domains.marketplace.api import examples
from domains.marketplace.api.serializers.inputs import JobChangesIn, JobIn, JobQuery, job_filter
from domains.marketplace.api.serializers.outputs import JobCardOut, JobOut, render_job
from domains.marketplace.models import Job
from kelmah import clock
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.authentication import caller_of
from kelmah.http.cursors import read_cursor, read_limit, write_cursor
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import page_response
from kelmah.http.permissions import Anyone, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

_Hirer = Can("marketplace.post_jobs")


class JobList(View):
    """The market: everybody may look, hirers may post."""

    def get_permissions(self) -> list[BasePermission]:
        return [_Hirer() if self.request.method == "POST" else Anyone()]

    def _rate_class(self, request: Request) -> str:
        return super()._rate_class(request) if request.method == "POST" else "search"

    @operation(
        summary="Find open jobs",
        description="Without `q` newest first; with it, jobs that hold any of the words, best first. `total` counts up "
        "to 1,000.",
        query=JobQuery,
        response=JobCardOut,
        page=True,
        example_response={"items": [examples.JOB_CARD], "next": None, "total": {"value": 1, "relation": "eq"}},
    )
    def get(self, request: Request) -> Response:
        asked = valid(JobQuery, request.query_params)
        words = rules.search_words(asked.get("q", ""))
        return _search(request, words, job_filter(asked)) if words else _feed(request, job_filter(asked))

    @operation(
        summary="Write a job posting: a draft that only you see",
        request=JobIn,
        response=JobOut,
        status=201,
        dry_run=True,
        example_request=examples.NEW_JOB,
        example_response=examples.DRAFT,
    )
    def post(self, request: Request) -> Response:
        form = valid(JobIn, request.data)
        job = actions.create_job(by=request.user, posting=rules.Posting(**form))
        return _answer(job, request, status=201)


class MyJobs(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="My jobs in whatever state, newest first",
        query=PageQuery,
        response=JobCardOut,
        page=True,
        example_response={"items": [{**examples.JOB_CARD, "available_transitions": ["close"]}], "next": None},
    )
    def get(self, request: Request) -> Response:
        after = read_cursor(request, "my-jobs")
        page = queries.jobs_of(
            hirer_id=request.user.user_id, limit=read_limit(request), after=after[0] if after else None
        )
        return page_of(request, page, scope="my-jobs")


class JobDetail(View):
    def get_permissions(self) -> list[BasePermission]:
        return [_Hirer() if self.request.method == "PATCH" else Anyone()]

    @operation(summary="A job", response=JobOut, errors=[NotFound], example_response=examples.JOB)
    def get(self, request: Request, job_id: UUID) -> Response:
        return _answer(queries.access_job(job_id=job_id, by=caller_of(request)), request)

    @operation(
        summary="Change a job; what is not named stays",
        description="Possible until the job ends. A published job keeps its currency; proposals made before stand.",
        request=JobChangesIn,
        response=JobOut,
        errors=[NotFound, InvalidTransition],
        dry_run=True,
        example_request={"title": "Fit six kitchen cabinets in Osu"},
        example_response={**examples.JOB, "title": "Fit six kitchen cabinets in Osu", "version": 3},
    )
    def patch(self, request: Request, job_id: UUID) -> Response:
        job = actions.edit_job(
            job_id=job_id,
            by=request.user,
            expected_version=expected_version(request),
            changes=valid(JobChangesIn, request.data),
        )
        return _answer(job, request)


class JobPublish(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Publish a draft for 30 days",
        response=JobOut,
        errors=[NotFound, InvalidTransition],
        dry_run=True,
        example_response=examples.JOB,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = actions.publish_job(job_id=job_id, by=request.user, expected_version=expected_version(request))
        return _answer(job, request)


class JobPause(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Take no proposals for now",
        response=JobOut,
        errors=[NotFound, InvalidTransition],
        dry_run=True,
        example_response={**examples.JOB, "state": "paused", "available_transitions": ["close", "edit", "resume"]},
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = actions.pause_job(job_id=job_id, by=request.user, expected_version=expected_version(request))
        return _answer(job, request)


class JobResume(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Take proposals again",
        response=JobOut,
        errors=[NotFound, InvalidTransition],
        dry_run=True,
        example_response=examples.JOB,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = actions.resume_job(job_id=job_id, by=request.user, expected_version=expected_version(request))
        return _answer(job, request)


class JobClose(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Close a job: its proposals and offers become void",
        response=JobOut,
        errors=[NotFound, InvalidTransition],
        dry_run=True,
        example_response=examples.CLOSED,
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        job = actions.close_job(job_id=job_id, by=request.user, expected_version=expected_version(request))
        return _answer(job, request)


def page_of(
    request: Request, page: queries.Page, *, scope: str, items: Any = None, carry: tuple[Any, ...] = ()
) -> Response:
    """A page as PostgreSQL wrote it, or ``items`` in its stead; ``carry`` goes into the cursor before the last keys."""
    cursor = write_cursor(request, scope, (*carry, *page.last)) if page.last else None
    return page_response(
        request, Fragment(page.items) if items is None else items, next_cursor=cursor, total=page.total
    )


# Private functions


def _feed(request: Request, wanted: queries.JobFilter) -> Response:
    scope = f"jobs:newest:{wanted.fingerprint()}"
    after: Any = read_cursor(request, scope)
    page = queries.job_feed(wanted=wanted, viewer_id=_viewer_id(request), limit=read_limit(request), after=after)
    return page_of(request, page, scope=scope)


def _search(request: Request, words: list[str], wanted: queries.JobFilter) -> Response:
    scope = f"jobs:best:{rules.RANKING.version}:{' '.join(words)}:{wanted.fingerprint()}"
    as_of, *after = read_cursor(request, scope) or (clock.now(),)
    page = queries.job_search(
        words=words,
        wanted=wanted,
        viewer_id=_viewer_id(request),
        limit=read_limit(request),
        as_of=as_of,
        after=(after[0], after[1]) if after else None,
    )
    return page_of(request, page, scope=scope, carry=(as_of,))


def _answer(job: Job, request: Request, *, status: int = 200) -> Response:
    return with_etag(Response(render_job(job, viewer_id=_viewer_id(request)), status=status), job.version)


def _viewer_id(request: Request) -> UUID | None:
    caller = caller_of(request)
    return caller.user_id if caller else None
