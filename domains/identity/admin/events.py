"""What identity still has to tell, and what it has heard."""

from django.contrib import admin

from domains.identity.models import Inbox, Outbox
from kelmah.events.admin import InboxAdmin, OutboxAdmin

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)
