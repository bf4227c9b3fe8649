"""Staff's desk for files: what was uploaded, by whom, and who may read it; never the bytes."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from domains.files.models import File, Grant, Inbox, Outbox
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class GrantInline(ReadOnly, TabularInline):
    model = Grant


@admin.register(File)
class FileAdmin(ReadOnly, ModelAdmin):
    sees = "files.view_files"
    list_display = ("name", "kind", "content_type", "size", "state", "owner_id", "created_at")
    list_filter = ("state", "kind", "content_type")
    search_fields = ("id", "owner_id", "name", "sha256")
    inlines = (GrantInline,)
