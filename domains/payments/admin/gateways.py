"""Orders to gateways and what gateways told us."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from domains.payments import actions, rules
from domains.payments.admin.deciding import Deciding
from domains.payments.models import GatewayCommand, WebhookEvent
from kelmah.staff.deciding import attempt


@admin.register(GatewayCommand)
class GatewayCommandAdmin(Deciding):
    table = rules.COMMAND
    search_help_text = "Id, amount (12.50 GHS), reference"
    does = {"ask_the_gateway": "payments.follow_gateway", "give_up": "payments.follow_gateway"}
    list_display = ("id", "gateway", "kind", "amount", "state", "attempts", "next_at", "gateway_ref", "last_error")
    list_filter = ("state", "gateway", "kind")
    search_fields = ("id", "subject_id", "gateway_ref")
    ordering = ("-created_at", "-id")
    exclude = ("instrument",)
    actions = ("ask_the_gateway", "give_up")

    @admin.action(description="Ask the gateway what became of it")
    def ask_the_gateway(self, request: HttpRequest, queryset: QuerySet[GatewayCommand]) -> None:
        for command in queryset:
            attempt(request, command, lambda command=command: actions.follow_command(command_id=command.id))

    @admin.action(description="The gateway denies it: declare it never done, with the reason given")
    def give_up(self, request: HttpRequest, queryset: QuerySet[GatewayCommand]) -> None:
        self._decide(request, queryset, lambda c, why: actions.give_up_command(command_id=c.id, ruling=why))


@admin.register(WebhookEvent)
class WebhookEventAdmin(Deciding):
    does = {"replay": "payments.follow_gateway"}
    list_display = ("event_id", "gateway", "kind", "ref", "received_at", "processed_at", "attempts", "dead_at")
    list_filter = ("gateway", ("dead_at", admin.EmptyFieldListFilter), ("processed_at", admin.EmptyFieldListFilter))
    search_fields = ("event_id", "ref")
    ordering = ("-received_at",)
    exclude = ("body",)
    actions = ("replay",)

    @admin.action(description="Process again, with the reason given")
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> None:
        self._decide(request, queryset, lambda e, why: actions.replay_webhook(event_pk=e.pk, ruling=why))
