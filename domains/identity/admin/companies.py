"""Companies at the desk: what they say, who is in them, who was invited. Looked at, never edited."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from domains.identity.models import Company, CompanyInvitation, CompanyMember
from kelmah.http.staff import ReadOnly


class MemberInline(ReadOnly, TabularInline):
    model = CompanyMember
    fields = ("user", "role", "joined_at")
    ordering = ("joined_at", "id")


class InvitationInline(ReadOnly, TabularInline):
    model = CompanyInvitation
    fields = ("email", "role", "state", "invited_by", "sendings", "created_at", "expires_at", "ended_at")
    ordering = ("-created_at",)


@admin.register(Company)
class CompanyAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    list_display = ("name", "industry", "size", "place_name", "owner", "created_at")
    list_select_related = ("owner",)
    list_filter = ("industry", "size")
    search_fields = ("id__exact", "name", "owner__id__exact", "owner__display_name", "owner__email")
    ordering = ("-created_at", "-id")
    inlines = (MemberInline, InvitationInline)


@admin.register(CompanyMember)
class CompanyMemberAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    list_display = ("company", "user", "role", "joined_at")
    list_select_related = ("company", "user")
    list_filter = ("role",)
    search_fields = ("company__id__exact", "company__name", "user__id__exact", "user__display_name", "user__email")
    ordering = ("-joined_at", "-id")


@admin.register(CompanyInvitation)
class CompanyInvitationAdmin(ReadOnly, ModelAdmin):
    sees = "identity.view_people"
    list_display = ("company", "email", "role", "state", "sendings", "created_at", "expires_at")
    list_select_related = ("company",)
    list_filter = ("state", "role")
    search_fields = ("company__id__exact", "company__name", "email")
    ordering = ("-created_at", "-id")
    exclude = ("token_hash",)
