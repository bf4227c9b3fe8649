"""The outbox and inbox of payments."""

from django.contrib import admin

from domains.payments.models import Inbox, Outbox
from kelmah.events.admin import InboxAdmin, OutboxAdmin

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)
