"""Staff's desk for reviews: everything can be read; private feedback is for staff alone."""

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from domains.reviews.models import CategoryMean, Deadline, Inbox, Outbox, Reputation, Review, ReviewWindow
from kelmah.events.admin import InboxAdmin, OutboxAdmin
from kelmah.http.staff import ReadOnly

admin.site.register(Inbox, InboxAdmin)
admin.site.register(Outbox, OutboxAdmin)


class ReviewInline(ReadOnly, TabularInline):
    model = Review
    fields = ("author_role", "author_id", "stars", "state", "text", "submitted_at", "published_at")
    show_change_link = True


@admin.register(ReviewWindow)
class ReviewWindowAdmin(ReadOnly, ModelAdmin):
    sees = "reviews.view_reviews"
    list_display = ("title", "category", "state", "opened_at", "closes_at")
    list_filter = ("state", "category")
    search_fields = ("contract_id", "hirer_id", "worker_id", "title")
    inlines = (ReviewInline,)


@admin.register(Review)
class ReviewAdmin(ReadOnly, ModelAdmin):
    sees = "reviews.view_reviews"
    list_display = ("window", "author_role", "stars", "state", "submitted_at", "published_at", "replied_at")
    list_select_related = ("window",)
    list_filter = ("state", "author_role")
    search_fields = ("id", "author_id", "subject_id", "text")


@admin.register(Reputation)
class ReputationAdmin(ReadOnly, ModelAdmin):
    sees = "reviews.view_reviews"
    list_display = ("user_id", "stars", "count", "changed_at")
    search_fields = ("user_id",)


@admin.register(CategoryMean)
class CategoryMeanAdmin(ReadOnly, ModelAdmin):
    sees = "reviews.view_reviews"
    list_display = ("category", "subject_role", "count", "total")


@admin.register(Deadline)
class DeadlineAdmin(ReadOnly, ModelAdmin):
    sees = "reviews.view_events"
    list_display = ("kind", "subject_id", "due_at", "done_at", "attempts", "last_error")
