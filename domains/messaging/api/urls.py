"""REST routes of messaging."""

from django.urls import path

from domains.messaging.api import conversations, notifications

urlpatterns = [
    path("conversations", conversations.ConversationList.as_view()),
    path("conversations/<uuid:conversation_id>", conversations.ConversationDetail.as_view()),
    path("conversations/<uuid:conversation_id>/messages", conversations.MessageList.as_view()),
    path("conversations/<uuid:conversation_id>/read", conversations.ConversationRead.as_view()),
    path("live/tickets", notifications.LiveTicket.as_view()),
    path("notifications", notifications.NotificationList.as_view()),
    path("notifications/unread_count", notifications.UnreadCount.as_view()),
    path("notifications/<uuid:notification_id>/read", notifications.NotificationRead.as_view()),
]
