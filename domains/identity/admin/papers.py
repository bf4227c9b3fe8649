"""The desk where identity papers are read and decided about."""

from typing import Any, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin

from domains.identity.actions import reviewing
from domains.identity.actions.paper_steps import Ruling
from domains.identity.admin import gate
from domains.identity.admin.paper_page import context_of
from domains.identity.models import Deadline, Document
from domains.identity.queries import papers as queries
from kelmah.errors import DomainError, NotFound, Unavailable
from kelmah.http.staff import ReadOnly
from kelmah.interfaces.files.calls import files
from kelmah.rpc import RemoteFailure
from kelmah.staff.places import HOME

log = structlog.get_logger(__name__)

_LIST = "admin:identity_document_changelist"
_PAGE = "admin:identity_document_change"


@admin.register(Document)
class DocumentAdmin(ReadOnly, ModelAdmin):
    """A list without anything sealed. The page of one shows who has claimed it the picture beside what was typed."""

    sees = "identity.verify_documents"
    list_display = ("kind", "state", "user", "findings", "sent_at", "claimed_by", "claimed_until", "decided_at")
    list_select_related = ("user", "claimed_by")
    list_filter = ("state", "kind", "vendor")
    search_fields = ("id__exact", "user__id__exact", "user__display_name")
    search_help_text = "Name of the person, id of the person or of the document"
    ordering = ("-sent_at", "-id")
    exclude = ("details", "number_index")
    list_before_template = "desk/documents_waiting.html"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("next", self.admin_site.admin_view(self.take_next), name="identity_document_next"),
            path("<uuid:document_id>/files/<uuid:file_id>", self.admin_site.admin_view(self.file)),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        waiting = {"waiting": queries.review_queue().count()}
        return super().changelist_view(request, {**(extra_context or {}), **waiting})

    @method_decorator(never_cache)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """``GET`` shows one document, ``POST`` decides: the names of ``_DECISIONS`` as ``do``."""
        self._check_right(request)
        document = self.get_object(request, object_id)
        if document is None:
            raise Http404
        if request.method == "POST":
            return self._decide(request, document)
        context = context_of(document, reader_id=_who(request))
        shown = {**self.admin_site.each_context(request), "opts": self.opts, "title": str(document), **context}
        return render(request, "desk/document.html", shown)

    @method_decorator(require_POST)
    def take_next(self, request: HttpRequest) -> HttpResponse:
        """Claim the one that waits longest, and go there."""
        self._check_right(request)
        document = reviewing.claim_next(by_id=_who(request))
        if document is None:
            messages.info(request, "Nothing waits that you may decide about.")
            return HttpResponseRedirect(reverse(_LIST))
        return HttpResponseRedirect(reverse(_PAGE, args=[document.id]))

    @method_decorator([require_safe, never_cache])
    def file(self, request: HttpRequest, document_id: UUID, file_id: UUID) -> HttpResponse:
        """Keep that it is read, and send the browser to the bytes."""
        self._check_right(request)
        try:
            owner_id = reviewing.look_at_file(document_id=document_id, file_id=file_id, by_id=_who(request))
            link = files.reading_link(file_id=file_id, owner_id=owner_id)
        except NotFound:
            raise Http404 from None
        except (RemoteFailure, Unavailable) as error:
            log.warning("paper_unavailable", code=error.code)
            return HttpResponse("Files can't be asked now: try again.", status=503, content_type="text/plain")
        except DomainError as refusal:
            raise PermissionDenied(refusal.detail) from None
        # Files are served where the API is, which is here unless this desk has an address of its own.
        return HttpResponseRedirect((settings.JWT_ISSUER.rstrip("/") if HOME in settings.DESK_URLS else "") + link)

    # Private functions

    def _check_right(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _decide(self, request: HttpRequest, document: Document) -> HttpResponse:
        act = _DECISIONS.get(request.POST.get("do", ""))
        if act is None:
            return HttpResponseBadRequest("do is one of " + ", ".join(_DECISIONS))
        if request.POST["do"] in _NEED_FRESH_PROOF and not gate.is_fresh(request):
            messages.info(request, "Show your second factor again, then decide.")
            return gate.to(gate.ASK, reverse(_PAGE, args=[document.id]))
        reason, note = request.POST.get("reason", ""), request.POST.get("note", "").strip()
        try:
            act(document.id, Ruling(by=_who(request), reason=reason, note=note))
        except DomainError as refusal:
            messages.error(request, "; ".join(error.detail for error in refusal.errors) or refusal.detail)
        return HttpResponseRedirect(reverse(_PAGE, args=[document.id]))


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_events"
    list_display = ("kind", "subject_id", "due_at", "done_at", "attempts", "last_error")
    list_filter = ("kind",)
    search_fields = ("subject_id",)


# Private functions

_NEED_FRESH_PROOF = ("approve", "reject", "revoke")
_DECISIONS: dict[str, Any] = {
    "claim": lambda document_id, ruling: reviewing.claim_document(document_id=document_id, by_id=ruling.by),
    "release": lambda document_id, ruling: reviewing.release_document(document_id=document_id, by_id=ruling.by),
    "approve": lambda document_id, ruling: reviewing.approve_document(document_id=document_id, ruling=ruling),
    "reject": lambda document_id, ruling: reviewing.reject_document(document_id=document_id, ruling=ruling),
    "revoke": lambda document_id, ruling: reviewing.revoke_document(document_id=document_id, ruling=ruling),
}


def _who(request: HttpRequest) -> UUID:
    return cast(UUID, request.user.pk)
