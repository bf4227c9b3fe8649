"""Files over REST."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponseRedirect
from rest_framework.request import Request
from rest_framework.response import Response

from domains.files import actions, queries, rules
from domains.files.actions.links import PREFIX, download_path, make_link, read_link
from domains.files.api.serializers import (
    CompleteIn,
    FileOut,
    UploadIn,
    UploadLink,
    UploadOut,
    render_file,
    render_upload,
)
from domains.files.gateways import storage
from kelmah.crypto import Shredded
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.raw_body import raw_body
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

EXAMPLE = {
    "id": "01930d2d-0c00-7d44-9e44-6fad8d402b04",
    "owner_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "kind": "chat",
    "name": "sketch.png",
    "content_type": "image/png",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "state": "ready",
    "failure": "",
    "version": 3,
    "available_transitions": [],
    "created_at": "2026-11-20T09:00:00Z",
}


class FileList(View):
    permission_classes = [Authenticated]

    @operation(
        summary="My files, newest first",
        response=FileOut,
        page=True,
        example_response={"items": [EXAMPLE], "next": None},
    )
    def get(self, request: Request) -> Response:
        viewer_id = request.user.user_id
        return keyset_page(
            request,
            queries.files_of(viewer_id),
            order=("-created_at", "-id"),
            render=lambda file: render_file(file, viewer_id=viewer_id),
            scope="files",
        )


class UploadAnnounce(View):
    permission_classes = [Authenticated]
    rate_class = "upload"

    @operation(
        summary="Announce a file and get a link to send its bytes to",
        request=UploadIn,
        response=UploadOut,
        status=201,
        example_request={"name": "sketch.png", "content_type": "image/png", "size": 48213, "kind": "chat"},
        example_response={
            "file_id": EXAMPLE["id"],
            "state": "pending",
            "version": 1,
            "available_transitions": ["receive"],
            "upload": {
                "method": "PUT",
                "url": f"{PREFIX}/uploads/{EXAMPLE['id']}/content?token=WyIwMTkzMGQ…",
                "headers": {"Content-Type": "image/png"},
                "expires_at": "2026-11-20T09:10:00Z",
            },
        },
    )
    def post(self, request: Request) -> Response:
        file = actions.announce_upload(by=request.user, **valid(UploadIn, request.data))
        token, expires_at = make_link(purpose="upload", file_id=file.id, lifetime=rules.UPLOAD_LINK)
        url = f"{PREFIX}/uploads/{file.id}/content?token={token}"
        return Response(render_upload(file, url=url, expires_at=expires_at), status=201)


class BytesView(View):
    """Base of what is about bytes, not JSON."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """``Accept`` chooses among forms of JSON, of which there is none here; a refusal is JSON all the same."""
        return super().perform_content_negotiation(request, force=True)


class LinkView(BytesView):
    """Base of the targets of links: the link is the permission, a token in a header is not looked at."""

    permission_classes = [Anyone]
    authentication_classes = []


class UploadContent(LinkView):
    """The target of an upload link."""

    reads_bytes = True

    @operation(
        summary="Send the bytes of an announced file",
        request={"application/octet-stream": bytes},
        query=UploadLink,
        errors=[rules.LinkInvalid, NotFound, rules.SizeNotAsAnnounced, InvalidTransition],
    )
    def put(self, request: Request, file_id: UUID) -> Response:
        if read_link(request.query_params.get("token", ""), purpose="upload") != file_id:
            raise rules.LinkInvalid()
        body = raw_body(request)
        actions.receive_content(file_id=file_id, source=body.stream, length=body.length)
        return Response(status=204)


class UploadComplete(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Have the received bytes checked",
        description="Size, type by content, and for pictures a full decode. Only a `ready` file can be attached. "
        "`sha256` says which bytes are meant, as If-Match does elsewhere.",
        request=CompleteIn,
        response=FileOut,
        errors=[
            NotFound,
            rules.NotUploadedYet,
            rules.ChecksumMismatch,
            rules.ContentNotAsDeclared,
            rules.UploadChanged,
        ],
        dry_run=True,
        example_request={"sha256": EXAMPLE["sha256"]},
        example_response=EXAMPLE,
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        wanted = valid(CompleteIn, request.data)
        file = actions.complete_upload(file_id=file_id, by=request.user, **wanted)
        return with_etag(Response(render_file(file, viewer_id=file.owner_id)), file.version)


class FileDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="A file of mine, or one shared with me", response=FileOut, errors=[NotFound], example_response=EXAMPLE
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        file = queries.access_file(file_id=file_id, by=request.user)
        return with_etag(Response(render_file(file, viewer_id=request.user.user_id)), file.version)


class FileDownload(BytesView):
    permission_classes = [Authenticated]

    @operation(
        summary="A link to the bytes, good for 60 seconds",
        description="Answers 302 with the link as `Location`.",
        status=302,
        errors=[NotFound],
    )
    def get(self, request: Request, file_id: UUID) -> HttpResponseRedirect:
        file = queries.access_file(file_id=file_id, by=request.user)
        if file.state != "ready":
            raise NotFound("This file is not ready.")
        return HttpResponseRedirect(download_path(file.id))


class FileContent(LinkView):
    """The target of a download link."""

    @operation(
        summary="The bytes of a file, as an attachment",
        response={"application/octet-stream": bytes},
        errors=[rules.LinkInvalid, NotFound],
    )
    def get(self, request: Request, link: str) -> FileResponse:
        file = queries.file_to_send(read_link(link, purpose="download"))
        try:
            stored = storage.open_content(file)
        except (FileNotFoundError, Shredded):
            raise NotFound("The bytes of this file are gone.") from None
        # Never inline: whatever a browser would make of the bytes, it must not do it on our address.
        return FileResponse(stored, as_attachment=True, filename=file.name, content_type=file.content_type)
