"""Virtual addresses: whose they are, and where."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from domains.payments.models import VirtualAddress
from kelmah.http.staff import ReadOnly


@admin.register(VirtualAddress)
class VirtualAddressAdmin(ReadOnly, ModelAdmin):
    sees = "payments.view_money"
    list_display = ("owner", "purpose", "currency", "gateway", "ref", "created_at")
    list_filter = ("gateway", "currency", "purpose")
    search_fields = ("id", "owner", "ref")
    ordering = ("-created_at", "-id")
