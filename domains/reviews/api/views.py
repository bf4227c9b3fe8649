"""Reviews over REST."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.reviews import actions, queries, rules
from domains.reviews.api.serializers import ReplyIn, ReviewIn, ReviewOut, WindowOut, render_review, render_window
from domains.reviews.models import Review
from kelmah.errors import NotFound, Unavailable
from kelmah.http.authentication import caller_of
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View
from kelmah.interfaces.identity.calls import identity
from kelmah.rpc import RemoteFailure

EXAMPLE = {
    "id": "01930d2f-1100-7a10-8a10-1a2b3c4d5e6f",
    "contract_id": "01930d2c-6f00-7d3a-8f0a-0d6c1d6f2b11",
    "title": "Fit kitchen cabinets in Osu",
    "author_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "author_name": "Ama",
    "author_role": "hirer",
    "subject_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "state": "published",
    "version": 2,
    "available_transitions": ["reply"],
    "ratings": {"quality": 5, "communication": 5, "punctuality": 4, "value": 5},
    "stars": "4.75",
    "text": "Careful work, tidy site.",
    "submitted_at": "2026-11-30T10:00:00Z",
    "published_at": "2026-12-01T08:00:00Z",
    "reply_text": "",
    "replied_at": None,
}


class ReviewSubmit(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Review the other side of an ended contract, blind",
        description="Hidden until the other side has written too, or 14 days have passed.",
        request=ReviewIn,
        response=ReviewOut,
        status=201,
        errors=[NotFound, rules.WindowClosed, rules.AlreadyReviewed],
        example_request={
            "contract_id": EXAMPLE["contract_id"],
            "ratings": EXAMPLE["ratings"],
            "text": EXAMPLE["text"],
            "private_feedback": "He came late once.",
        },
        example_response={
            **EXAMPLE,
            "state": "hidden",
            "version": 1,
            "available_transitions": [],
            "published_at": None,
        },
    )
    def post(self, request: Request) -> Response:
        review = actions.submit_review(by=request.user, **valid(ReviewIn, request.data))
        return with_etag(Response(_rendered(review, request), status=201), review.version)


class OpenWindows(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Contracts I may still review",
        response=WindowOut,
        page=True,
        example_response={
            "items": [
                {
                    "contract_id": EXAMPLE["contract_id"],
                    "title": EXAMPLE["title"],
                    "my_role": "hirer",
                    "axes": list(rules.AXES["hirer"]),
                    "closes_at": "2026-12-14T10:00:00Z",
                }
            ],
            "next": None,
        },
    )
    def get(self, request: Request) -> Response:
        viewer_id = request.user.user_id
        return keyset_page(
            request,
            queries.open_windows_of(viewer_id),
            order=("-closes_at", "-id"),
            render=lambda window: render_window(window, viewer_id=viewer_id),
            scope="reviews.open",
        )


class ReviewDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="A published review, or one of mine", response=ReviewOut, errors=[NotFound], example_response=EXAMPLE
    )
    def get(self, request: Request, review_id: UUID) -> Response:
        review = queries.access_review(review_id=review_id, by=request.user)
        return with_etag(Response(_rendered(review, request)), review.version)


class ReviewReply(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Answer a review about me, once",
        request=ReplyIn,
        response=ReviewOut,
        errors=[NotFound, rules.NotTheSubject, rules.ReplyClosed],
        if_match=True,
        dry_run=True,
        example_request={"text": "Thank you, it was a pleasure."},
        example_response={
            **EXAMPLE,
            "version": 3,
            "available_transitions": [],
            "reply_text": "Thank you, it was a pleasure.",
            "replied_at": "2026-12-02T09:00:00Z",
        },
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        review = actions.reply_to_review(
            review_id=review_id,
            by=request.user,
            expected_version=expected_version(request),
            **valid(ReplyIn, request.data),
        )
        return with_etag(Response(_rendered(review, request)), review.version)


class ReviewsAbout(View):
    permission_classes = [Anyone]

    @operation(
        summary="Published reviews about somebody, newest first",
        response=ReviewOut,
        page=True,
        example_response={"items": [EXAMPLE], "next": None},
    )
    def get(self, request: Request, user_id: UUID) -> Response:
        page = keyset_page(
            request,
            queries.published_about(user_id),
            order=("-published_at", "-id"),
            render=lambda review: review,
            scope=f"reviews.about:{user_id}",
        )
        page.data["items"] = _all_rendered(page.data["items"], request)
        return page


# Private functions


def _rendered(review: Review, request: Request) -> dict[str, Any]:
    return _all_rendered([review], request)[0]


def _all_rendered(reviews: Sequence[Review], request: Request) -> list[dict[str, Any]]:
    names, viewer = _names(reviews), caller_of(request)
    return [render_review(each, names=names, viewer_id=viewer.user_id if viewer else None) for each in reviews]


def _names(reviews: Sequence[Review]) -> dict[UUID, str]:
    """Names of the authors, asked once for all; without identity the reviews are shown nameless."""
    if not reviews:
        return {}
    try:
        people = identity.people(ids=sorted({review.author_id for review in reviews}))
    except (RemoteFailure, Unavailable):
        return {}
    return {person.user_id: person.display_name for person in people}
