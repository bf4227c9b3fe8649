"""Routes that don't all say who comes in."""

from django.urls import path

from kelmah.http.permissions import Anyone
from kelmah.http.views import View


class Said(View):
    permission_classes = [Anyone]


class Unsaid(View):
    pass


urlpatterns = [
    path("open", Said.as_view()),
    path("loose", Unsaid.as_view()),
    path("strange", lambda request: None),
]
