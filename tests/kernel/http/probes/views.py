"""One view for each promise of the kernel."""

from typing import Any
from uuid import UUID

import orjson
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kelmah import clock
from kelmah.db import atomic, before_commit
from kelmah.errors import Conflict, FieldError, InvalidInput, NotFound, StaleVersion
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.fields import MomentField, MoneyField, SwitchField, TextField, UUIDField, WholeNumberField
from kelmah.http.pagination import keyset_page, page_response
from kelmah.http.permissions import Anyone, Authenticated, HasRole
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, StrictSerializer, valid
from kelmah.http.views import View, dry_run
from tests.kernel.http.probes.models import Note


class Hurdle(Conflict):
    """There is a hurdle in the way: jump."""

    code, title = "hurdle", "A hurdle"


class Line(StrictSerializer):
    label = TextField(max_length=10)
    count = WholeNumberField(min_value=1, required=False)


class Form(StrictSerializer):
    text = TextField()
    price = MoneyField(required=False, max_amount=1_000, currencies=["GHS", "JPY"])
    owner = UUIDField(required=False)
    due = MomentField(required=False)
    loud = SwitchField(required=False)
    lines = Line(many=True, required=False)
    tags = serializers.ListField(child=TextField(max_length=5), required=False)


class NoteShape(serializers.Serializer):
    id = serializers.UUIDField()
    text = serializers.CharField()
    rank = serializers.IntegerField()


class NotesQuery(PageQuery):
    order = serializers.ChoiceField(choices=["time", "rank", "text"], default="time")
    total = serializers.BooleanField(default=False)


ORDERS = {"time": ("-written_at", "-id"), "rank": ("-rank", "text", "id"), "text": ("text", "-rank", "-id")}


def write_note(text: str, rank: int = 0) -> Note:
    with atomic("probes"):
        before_commit("probes", BEFORE_COMMIT.get(text, lambda: None))
        return Note.objects.create(text=text, rank=rank, written_at=clock.now())


def render_note(note: Note) -> dict[str, Any]:
    return {"id": note.id, "text": note.text, "rank": note.rank}


class WhoamiView(View):
    permission_classes = [Authenticated]

    @operation(summary="Who am I?")
    def get(self, request: Request) -> Response:
        user = request.user
        return Response({"user_id": user.user_id, "roles": sorted(user.roles), "mfa": user.mfa_level})


class OpenView(View):
    permission_classes = [Anyone]

    @operation(summary="Anyone may look")
    def get(self, request: Request) -> Response:
        return Response({"known": request.user is not None})


class HirersView(View):
    permission_classes = [HasRole("hirer", "staff")]

    @operation(summary="Only hirers")
    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class VaultView(View):
    permission_classes = [Authenticated]
    needs_fresh_proof = True

    @operation(summary="Look into the vault")
    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    @operation(summary="Take something out of the vault")
    def post(self, request: Request) -> Response:
        return Response({"ok": True})


class OpenVaultView(View):
    permission_classes = [Anyone]
    needs_fresh_proof = True

    @operation(summary="Anyone may ask, who is somebody must be there")
    def post(self, request: Request) -> Response:
        return Response({"ok": True})


class DelegateView(View):
    permission_classes = [Authenticated]
    key_scope = "files:write"
    refuses_impersonation = False

    @operation(summary="Also for programs")
    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    @operation(summary="Also done by programs", request=Form, response=NoteShape)
    def post(self, request: Request) -> Response:
        with dry_run(request):
            return Response(render_note(write_note(valid(Form, request.data)["text"])))

    @operation(summary="Done, and never rehearsed")
    def delete(self, request: Request) -> Response:
        return Response(status=204)


class PrivateView(View):
    permission_classes = [Authenticated]
    refuses_impersonation = True

    @operation(summary="Only for the person")
    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class GateView(View):
    permission_classes = [Authenticated]
    open_to_limited_sessions = True

    @operation(summary="Also for limited sessions")
    def post(self, request: Request) -> Response:
        return Response({"ok": True})


class LoginView(View):
    permission_classes = [Anyone]
    rate_class = "auth"

    @operation(summary="Log in", request=Form)
    def post(self, request: Request) -> Response:
        return Response({"token": "secret"})


class EchoView(View):
    permission_classes = [Authenticated]

    @operation(summary="Say it again", request=Form, response=Form)
    def post(self, request: Request) -> Response:
        values = valid(Form, request.data)
        return Response({name: str(value) for name, value in values.items()})


class NotesView(View):
    permission_classes = [Authenticated]

    @operation(
        summary="List notes",
        query=NotesQuery,
        response=NoteShape,
        example_response={"items": [], "next": None},
    )
    def get(self, request: Request) -> Response:
        query = valid(NotesQuery, request.query_params)
        return keyset_page(
            request, Note.objects.all(), order=ORDERS[query["order"]], render=render_note, scope="notes",
            with_total=query["total"],
        )  # fmt: skip

    @operation(
        summary="Write a note",
        request=Form,
        response=NoteShape,
        status=201,
        errors=[Hurdle],
        example_request={"text": "hello"},
        example_response={"id": "01920b5e-7c1a-7f3e-9d2b-4a6f0c1e8b37", "text": "hello", "rank": 0},
    )
    def post(self, request: Request) -> Response:
        text = valid(Form, request.data)["text"]
        BEFORE_EFFECT.get(text, lambda: None)()
        with dry_run(request):
            note = write_note(text)
        AFTER_COMMIT.get(text, lambda: None)()
        response = with_etag(Response(render_note(note), status=201), 1)
        response.headers["Location"] = f"/api/v1/notes/{note.id}"
        return response


# What a test lets happen inside a request, by the text it sends: before the effect, when all is written, and after
# the commit.
BEFORE_EFFECT: dict[str, Any] = {}
BEFORE_COMMIT: dict[str, Any] = {}
AFTER_COMMIT: dict[str, Any] = {}


class MoneyView(NotesView):
    idempotency_required = True


class NoteView(View):
    permission_classes = [Authenticated]

    @operation(summary="Read a note", response=NoteShape, errors=[NotFound])
    def get(self, request: Request, note_id: UUID) -> Response:
        raise NotFound

    @operation(summary="Change a note", request=Form, response=NoteShape, errors=[StaleVersion])
    def patch(self, request: Request, note_id: UUID) -> Response:
        return with_etag(Response({"expected": expected_version(request)}), 8)

    @operation(summary="Drop a note")
    def delete(self, request: Request, note_id: UUID) -> Response:
        write_note("deleted")
        return Response(status=204)


class FragmentView(View):
    permission_classes = [Authenticated]

    @operation(summary="A list that SQL has built", response=NoteShape)
    def get(self, request: Request) -> Response:
        return page_response(request, orjson.Fragment(b'[{"id":1}]'), next_cursor=None)


class FailingView(View):
    permission_classes = [Anyone]

    def get(self, request: Request, how: str) -> Response:
        match how:
            case "fault":
                raise RuntimeError("secret detail of the implementation")
            case "database":
                raise OperationalError("connection to server at 10.1.2.3 failed")
            case "domain":
                raise Hurdle("Jump.", errors=[FieldError("/legs", "too_few", "Two, please.")], data={"height": 3})
            case "later":
                raise Hurdle(data={"retry_after": 7})
            case _:
                raise InvalidInput


def plain(request: HttpRequest, how: str) -> HttpResponse:
    """A plain Django view under /api, for what REST framework doesn't see."""
    if how == "domain":
        raise Hurdle
    if how == "body":
        return HttpResponse(str(len(request.body)))
    if how == "wire":
        return HttpResponse(b'{"code":"own"}', status=409, content_type="application/json")
    raise RuntimeError("secret detail of the implementation")


class PictureView(View):
    permission_classes = [Authenticated]

    @operation(summary="A picture", response={"image/png": bytes})
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(b"\x89PNG", content_type="image/png")
