"""Exchange: rates in force, and what was sold at them."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from domains.payments.models import ExchangeQuote, ExchangeRate
from kelmah.http.staff import ReadOnly


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("currency", "rate", "origin", "observed_at", "kept_at")
    list_filter = ("currency", "origin")
    ordering = ("-observed_at", "currency")


@admin.register(ExchangeQuote)
class ExchangeQuoteAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("id", "user_id", "sold", "bought", "rate", "margin", "created_at", "accepted_at")
    list_filter = ("sold_currency", "bought_currency", ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("id", "user_id")
    ordering = ("-created_at", "-id")
