"""The route table: complete, without overlap, and silent about what is internal."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path

from kelmah.deployment.routes import Route, find_route, route_table, table_of
from kelmah.domain import DomainConfig, local_domains


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Every address of the URLconf, with the names of parameters for their values."""
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from addresses(pattern, here)


@pytest.mark.parametrize(
    ("address", "domain", "kind"),
    [
        ("/api/v1/auth/login", "identity", "api"),
        ("/api/v1/jobs", "marketplace", "api"),
        ("/api/v1/jobs/mine", "marketplace", "api"),
        ("/api/v1/milestones/1/fund", "contracts", "api"),
        ("/api/v1/webhooks/sandbox", "payments", "api"),
        ("/api/v1/live/tickets", "messaging", "api"),
        ("/api/v1/users/1/reviews", "reviews", "api"),
        ("/api/v1/files/uploads/1/content", "files", "api"),
        ("/ws", "messaging", "live"),
        ("/admin/", "identity", "api"),
        ("/admin/login/", "identity", "api"),
        ("/admin/payments/payout/", "payments", "api"),
        ("/static/unfold/css/styles.css", "identity", "api"),
        ("/.well-known/jwks.json", "identity", "api"),
        ("/api/schema", "identity", "api"),
        ("/problems/not_found", "identity", "api"),
        ("/health/ready", "identity", "api"),
    ],
)
def test_an_address_leads_to_the_domain_that_answers_it(address: str, domain: str, kind: str) -> None:
    route = find_route(route_table(), address)
    assert route is not None
    assert (route.domain, route.kind) == (domain, kind)


@pytest.mark.parametrize(
    "address",
    ["/internal/rpc/payments/escrow_of", "/internal/events", "/internal", "/", "/api/v1/", "/api/v1/jobsearch", "/wsx"],
)
def test_what_nobody_offers_to_the_outside_has_no_route(address: str) -> None:
    assert find_route(route_table(), address) is None


def test_every_address_of_the_project_has_a_route_unless_it_is_internal() -> None:
    without = {address for address in addresses(get_resolver()) if find_route(route_table(), address) is None}
    assert without
    assert {address.split("/")[1] for address in without} == {"internal"}


def test_a_segment_leads_to_the_domain_whose_code_serves_it() -> None:
    """Asked of the project's own URLconf and not of the domains' modules, which the table was read from."""
    for config in local_domains():
        if not config.urls:
            continue
        views = [view for view in _views(get_resolver()) if view[1].startswith(f"{config.name}.")]
        assert views
        for address, module in views:
            route = find_route(route_table(), address)
            assert route is not None, address
            assert route.domain == config.domain, (address, module)


def _views(resolver: URLResolver) -> Iterator[tuple[str, str]]:
    """Addresses and the modules of their views, the staff desk's aside: its views are Django's."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from ((f"/{pattern.pattern}{address.lstrip('/')}", module) for address, module in _views(pattern))
        elif hasattr(pattern.callback, "view_class"):
            yield f"/{pattern.pattern}", pattern.callback.view_class.__module__


def test_two_domains_that_claim_one_segment_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    claimants = [_domain(monkeypatch, name, "shared", f"only-{name}") for name in ("first", "second")]
    with pytest.raises(ImproperlyConfigured, match="/api/v1/shared is claimed by first and second"):
        table_of(claimants)


def test_a_parameter_for_a_first_segment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="first part must be a plain word"):
        table_of([_domain(monkeypatch, "greedy", "<slug:anything>")])


def test_a_process_that_knows_only_some_domains_refuses_to_tell() -> None:
    with override_settings(LOCAL_DOMAINS=("identity",)), pytest.raises(ImproperlyConfigured, match="payments"):
        route_table()


def test_the_longest_path_wins() -> None:
    table = route_table()
    assert table.index(Route("/admin/payments/", "payments", "api")) < table.index(Route("/admin/", "identity", "api"))
    assert len({route.path for route in table}) == len(table)


def _domain(monkeypatch: pytest.MonkeyPatch, name: str, *routes: str) -> DomainConfig:
    package, urls = ModuleType(name), ModuleType(f"{name}_urls")
    package.__path__ = []
    urls.urlpatterns = [path(route, lambda request: None) for route in routes]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, package)
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    config = type("Config", (DomainConfig,), {"name": name, "label": name, "urls": urls.__name__, "path": "/"})
    return config(name, package)  # type: ignore[no-any-return]
