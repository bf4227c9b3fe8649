"""All routes of this process: those of the domains that run here, and the kernel's own."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from kelmah.domain import local_domains

urlpatterns: list[URLPattern | URLResolver] = [
    path("internal/", include("kelmah.rpc.urls")),  # first, since every call looks for it
    path("", include("kelmah.http.urls")),
    path("internal/", include("kelmah.events.urls")),
    path("internal/", include("kelmah.metrics.urls")),
    *(path("api/v1/", include(config.urls)) for config in local_domains() if config.urls),
]
if settings.IDENTITY_IS_LOCAL:
    from django.contrib import admin

    from kelmah.http.jwks import jwks

    urlpatterns += [
        *(path("admin/", include(config.admin_urls)) for config in local_domains() if config.admin_urls),
        path("admin/", admin.site.urls),
        path(".well-known/jwks.json", jwks),
    ]
else:
    from kelmah.staff.desk import desk_routes

    urlpatterns += desk_routes()

handler400 = "kelmah.http.problems.bad_request"
handler403 = "kelmah.http.problems.permission_denied"
handler404 = "kelmah.http.problems.not_found"
handler500 = "kelmah.http.problems.server_error"
