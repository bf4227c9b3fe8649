"""Payout methods: those kept in another name wait for somebody to look."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from domains.payments import rules
from domains.payments.actions import methods
from domains.payments.admin.deciding import Deciding
from domains.payments.models import PayoutMethod
from domains.payments.queries.methods import holder_of
from kelmah.crypto import Shredded
from kelmah.errors import NotFound


@admin.register(PayoutMethod)
class PayoutMethodAdmin(Deciding):
    table = rules.METHOD
    does = {"accept": "payments.review_payout_method", "refuse": "payments.review_payout_method"}
    list_display = ("id", "user_id", "gateway", "hint", "state", "name_check", "created_at", "usable_at")
    list_filter = ("state", "name_check", "gateway")
    search_fields = ("id", "user_id")
    ordering = ("-created_at", "-id")
    exclude = ("destination", "destination_index", "holder")
    readonly_fields = ("kept_in_the_name_of",)
    actions = ("accept", "refuse")

    @admin.display(description="kept in the name of")
    def kept_in_the_name_of(self, method: PayoutMethod) -> str:
        try:
            return holder_of(method)
        except (NotFound, Shredded):
            return "–"

    @admin.action(description="It is their own: accept, with the reason given")
    def accept(self, request: HttpRequest, queryset: QuerySet[PayoutMethod]) -> None:
        self._decide(request, queryset, lambda m, why: methods.accept(method_id=m.id, ruling=why))

    @admin.action(description="It is somebody else's: refuse, with the reason given")
    def refuse(self, request: HttpRequest, queryset: QuerySet[PayoutMethod]) -> None:
        self._decide(request, queryset, lambda m, why: methods.refuse(method_id=m.id, ruling=why))
