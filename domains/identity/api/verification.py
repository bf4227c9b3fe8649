"""How far I have shown who I am, and the papers I sent for it."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import queries
from domains.identity.actions import papers as actions
from domains.identity.api.serializers.verification import (
    DocumentIn,
    DocumentOut,
    VerificationOut,
    render_document,
    render_verification,
)
from domains.identity.queries import papers as found
from domains.identity.rules import papers as rules
from kelmah.errors import InvalidTransition, NotFound, StaleVersion
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View, dry_run

DOCUMENT = {
    "id": "01930d2c-1000-7d55-8d55-6f0a8c3f2b06",
    "kind": "national_id",
    "state": "uploaded",
    "version": 1,
    "available_transitions": ["withdraw"],
    "file_ids": ["01930d2d-0c00-7d44-9e44-6fad8d402b04"],
    "number": "••••5678",
    "country": "GH",
    "title": "",
    "skill_id": "",
    "expires_on": "2031-05-31",
    "counts_until": None,
    "reason": "",
    "sent_at": "2026-11-20T09:00:00Z",
    "decided_at": None,
}
SENT = {
    "kind": "national_id",
    "file_ids": DOCUMENT["file_ids"],
    "name": "Kofi Boateng",
    "number": "GHA-712345678-5",
    "born": "1990-04-12",
    "country": "GH",
    "expires_on": "2031-05-31",
}


class MyVerification(View):
    permission_classes = [Can("identity.seek_verification")]

    @operation(
        summary="My level on the verification ladder, and what is missing",
        response=VerificationOut,
        errors=[NotFound],
        example_response={
            "level": 1,
            "rungs": [
                {"level": 1, "reached": True, "missing": []},
                {"level": 2, "reached": False, "missing": ["national_id", "address"]},
                {"level": 3, "reached": False, "missing": ["certificate_or_jobs"]},
            ],
            "under_review": ["national_id"],
        },
    )
    def get(self, request: Request) -> Response:
        return Response(render_verification(queries.own_profile(request.user.user_id)))


class MyDocuments(View):
    refuses_impersonation = True
    permission_classes = [Can("identity.seek_verification")]

    @operation(
        summary="The papers I sent, newest first",
        query=PageQuery,
        response=DocumentOut,
        page=True,
        example_response={"items": [DOCUMENT], "next": None},
    )
    def get(self, request: Request) -> Response:
        return keyset_page(
            request,
            found.documents_of(request.user.user_id),
            order=("-sent_at", "-id"),
            render=render_document,
            scope="documents",
        )

    @operation(
        summary="Send a paper to be checked",
        description="Upload its pictures first, as files of the kind `identity`. What each kind needs: "
        "docs/verification.md.",
        request=DocumentIn,
        response=DocumentOut,
        status=201,
        errors=[NotFound, rules.UnderReview, rules.TooManyDocuments],
        example_request=SENT,
        example_response=DOCUMENT,
    )
    def post(self, request: Request) -> Response:
        document = actions.send_document(user_id=request.user.user_id, **valid(DocumentIn, request.data))
        return with_etag(Response(render_document(document), status=201), document.version)


class MyDocument(View):
    refuses_impersonation = True
    permission_classes = [Can("identity.seek_verification")]

    @operation(summary="One of my papers", response=DocumentOut, errors=[NotFound], example_response=DOCUMENT)
    def get(self, request: Request, document_id: UUID) -> Response:
        document = found.access_document(document_id=document_id, user_id=request.user.user_id)
        return with_etag(Response(render_document(document)), document.version)


class DocumentWithdrawal(View):
    permission_classes = [Can("identity.seek_verification")]

    @operation(
        summary="Withdraw a paper before it is decided",
        description="What was typed is forgotten at once.",
        response=DocumentOut,
        errors=[NotFound, StaleVersion, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**DOCUMENT, "state": "withdrawn", "version": 2, "available_transitions": [], "number": ""},
    )
    def post(self, request: Request, document_id: UUID) -> Response:
        with dry_run(request):
            document = actions.withdraw_document(
                document_id=document_id, user_id=request.user.user_id, expected_version=expected_version(request)
            )
        return with_etag(Response(render_document(document)), document.version)
