"""Addresses below ``/admin/`` beside those of Django's admin; they come first."""

from django.contrib import admin
from django.urls import path

from domains.identity.admin import second_factor, sso

urlpatterns = [
    path("sso", admin.site.admin_view(sso.enter)),
    path("second-factor", second_factor.ask),
    path("second-factor/set-up", second_factor.set_up),
    path("logout/", admin.site.admin_view(sso.leave)),
]
