"""REST routes of reviews."""

from django.urls import path

from domains.reviews.api import views

urlpatterns = [
    path("reviews", views.ReviewSubmit.as_view()),
    path("reviews/open", views.OpenWindows.as_view()),
    path("reviews/<uuid:review_id>", views.ReviewDetail.as_view()),
    path("reviews/<uuid:review_id>/reply", views.ReviewReply.as_view()),
    path("users/<uuid:user_id>/reviews", views.ReviewsAbout.as_view()),
]
