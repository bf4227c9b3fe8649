"""Addresses below ``/admin/`` beside those of Django's admin; they come first."""

from django.contrib import admin
from django.urls import path

from domains.identity.admin import sso

urlpatterns = [
    path("sso", admin.site.admin_view(sso.enter)),
    path("logout/", admin.site.admin_view(sso.leave)),
]
