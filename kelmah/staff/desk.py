"""Staff's desk of one domain in a process without identity: Django's admin, without Django's tables."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from kelmah.db.router import alias_of
from kelmah.domain import local_domains
from kelmah.staff import entry
from kelmah.staff.places import desk_root


class Desk(UnfoldAdminSite):
    """What the domain registered with Django's admin, all of it below ``/admin/<domain>/``.

    The history of a thing is not shown: Django keeps it in tables of identity's. Domains keep who decided what, and
    why, in rows of their own.
    """

    index_template = "admin/app_index.html"  # the usual one lists what Django's log says

    def __init__(self, domain: str) -> None:
        super().__init__(name=domain)
        self.domain = domain
        for model, registered in admin.site._registry.items():
            if model._meta.app_label == domain:
                self.register(model, type(registered))
                _number(model)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        view = self.admin_view
        own: list[URLPattern | URLResolver] = [
            path("", view(self.index), name="index"),
            path("login", self.login, name="login"),
            path("logout", view(self.logout), name="logout"),
            path("sso", entry.arrive, {"domain": self.domain}, name="sso"),
            path("search", view(self.search), name="search"),
            path("autocomplete", view(self.autocomplete_view), name="autocomplete"),
            path("jsi18n", view(self.i18n_javascript, cacheable=True), name="jsi18n"),
            re_path(r"^[a-z0-9_]+/.+/history/$", view(_no_history)),
            *(
                path(f"{model._meta.model_name}/", include(registered.urls))
                for model, registered in self._registry.items()
            ),
        ]
        # Templates ask for this name with the domain as an argument; the index answers.
        index = re_path(rf"^(?P<app_label>{self.domain})/$", view(self.app_index), name="app_list")
        return [path(f"{self.domain}/", include(own)), index]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method == "POST" and not self.has_permission(request):
                entry.tell_that_nothing_was_done(request)
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, guarded)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return entry.ask_identity(request, domain=self.domain, address=request.GET.get("next", ""))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return entry.leave(request) if request.method == "POST" else HttpResponseRedirect(desk_root(self.domain))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        return context | {"show_history": False}

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        return LogEntry.objects.none()


def desk_routes() -> list[URLPattern | URLResolver]:
    """The addresses of all desks of this process."""
    desks = [desk for config in local_domains() if (desk := Desk(config.domain))._registry]
    routes: list[URLPattern | URLResolver] = [path("admin/", desk.urls) for desk in desks]
    if desks:  # behind a gateway this is identity's
        first = desk_root(desks[0].domain)
        routes.append(path("admin/", lambda request: HttpResponseRedirect(first)))
    return routes


# Private functions


def _number(model: type[Model]) -> None:
    """Django's form of a thing asks for the number of its kind, and would look into a table of identity's for it. It is
    used for nothing here; zero stands in the memory where Django looks first."""
    known = ContentType(id=0, app_label=model._meta.app_label, model=str(model._meta.model_name))
    ContentType.objects._add_to_cache(alias_of("contenttypes"), known)  # type: ignore[attr-defined]


def _no_history(request: HttpRequest) -> HttpResponse:
    raise Http404
