"""Files over REST."""

from uuid import UUID

from django.http import FileResponse, HttpResponseRedirect
from rest_framework.request import Request
from rest_framework.response import Response

from domains.files import actions, queries, rules
from domains.files.api.links import make_link, read_link
from domains.files.api.serializers import CompleteIn, FileOut, UploadIn, UploadOut, render_file
from domains.files.gateways import storage
from domains.files.models import File
from kelmah import clock
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

PREFIX = "/api/v1/files"
EXAMPLE = {
    "id": "01930d2d-0c00-7d44-9e44-6fad8d402b04",
    "owner_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03",
    "kind": "chat",
    "name": "sketch.png",
    "content_type": "image/png",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "state": "ready",
    "created_at": "2026-11-20T09:00:00Z",
}


class FileList(View):
    @operation(
        summary="My files, newest first",
        response=FileOut,
        page=True,
        example_response={"items": [EXAMPLE], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = File.objects.filter(owner_id=request.user.user_id).exclude(state="deleted")
        return keyset_page(request, mine, order=("-created_at", "-id"), render=render_file, scope="files")


class UploadAnnounce(View):
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
        token = make_link(purpose="upload", file_id=file.id, lifetime=rules.UPLOAD_LINK)
        target = {
            "method": "PUT",
            "url": f"{PREFIX}/uploads/{file.id}/content?token={token}",
            "headers": {"Content-Type": file.content_type},
            "expires_at": clock.now() + rules.UPLOAD_LINK,
        }
        return Response({"file_id": file.id, "state": file.state, "upload": target}, status=201)


class UploadContent(View):
    """The target of an upload link: the token is the permission, the body the bytes."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "upload"

    @operation(
        summary="Send the bytes of an announced file",
        request={"application/octet-stream": bytes},
        errors=[rules.LinkInvalid, NotFound, rules.SizeNotAsAnnounced, InvalidTransition],
    )
    def put(self, request: Request, file_id: UUID) -> Response:
        if read_link(request.query_params.get("token", ""), purpose="upload") != file_id:
            raise rules.LinkInvalid()
        actions.receive_content(file_id=file_id, source=request._request)
        return Response(status=204)


class UploadComplete(View):
    rate_class = "upload"

    @operation(
        summary="Have the received bytes checked",
        description="Size, type by content, and for pictures a full decode. Only a `ready` file can be attached.",
        request=CompleteIn,
        response=FileOut,
        errors=[NotFound, rules.NotUploadedYet, rules.ChecksumMismatch, rules.ContentNotAsDeclared, InvalidTransition],
        example_request={"sha256": EXAMPLE["sha256"]},
        example_response=EXAMPLE,
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        wanted = valid(CompleteIn, request.data)
        return Response(render_file(actions.complete_upload(file_id=file_id, by=request.user, **wanted)))


class FileDetail(View):
    @operation(
        summary="A file of mine, or one shared with me", response=FileOut, errors=[NotFound], example_response=EXAMPLE
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        return Response(render_file(queries.access_file(file_id=file_id, by=request.user)))


class FileDownload(View):
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
        link = make_link(purpose="download", file_id=file.id, lifetime=rules.DOWNLOAD_LINK)
        return HttpResponseRedirect(f"{PREFIX}/content/{link}")


class FileContent(View):
    """The target of a download link: the link is the permission."""

    permission_classes = [Anyone]
    authentication_classes = []

    @operation(
        summary="The bytes of a file, as an attachment",
        response={"application/octet-stream": bytes},
        errors=[rules.LinkInvalid, NotFound],
    )
    def get(self, request: Request, link: str) -> FileResponse:
        file = File.objects.filter(id=read_link(link, purpose="download"), state="ready").first()
        if file is None:
            raise NotFound("There is no such file.")
        try:
            stored = storage.open_stored(file.storage_key)
        except FileNotFoundError:
            raise NotFound("The bytes of this file are gone.") from None
        response = FileResponse(stored, as_attachment=True, filename=file.name, content_type=file.content_type)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response.headers["Cache-Control"] = "private, no-store"
        return response
