"""What views say about who comes in, and that none forgets to."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from kelmah.domain import local_domains
from kelmah.http.permissions import Anyone, Authenticated, Can, HasRole
from kelmah.http.schema import operation
from kelmah.http.views import View
from kelmah.rights import doors
from kelmah.rights.checks import doors_are_declared
from kelmah.rights.doors import Door, answer_to, callers, says_who_comes_in
from kelmah.rights.table import BESIDES, routes_page

OURS = [config for config in local_domains() if config.name.startswith("domains.")]


def view(**attributes: Any) -> type[View]:
    @operation(summary="Look", response=None)
    def get(self: Any, request: Any) -> None: ...

    return type("SomeView", (View,), {"get": get} | attributes)


def door(**attributes: Any) -> Door:
    made = view(**attributes)
    return Door(domain="market", method="GET", path="/x", view=made, operation=doors.operation_of(made.get))


def answers(asked: Any) -> dict[str, int]:
    return {name: answer_to(door(permission_classes=[asked]), caller) for name, caller in callers().items()}


def test_every_route_of_the_project_says_who_comes_in() -> None:
    assert doors_are_declared(None) == []
    assert len(doors.doors(OURS)) > 10


def test_a_view_that_says_nothing_lets_nobody_in() -> None:
    assert not says_who_comes_in(view())
    assert {answer_to(door(), caller) for caller in callers().values()} == {401, 403}


def test_a_view_may_say_it_through_one_of_ours_that_it_derives_from() -> None:
    said = view(permission_classes=[Anyone])
    assert says_who_comes_in(said)
    assert says_who_comes_in(type("Derived", (said,), {}))
    assert says_who_comes_in(view(get_permissions=lambda self: []))


@pytest.mark.parametrize("strange", [None, object, lambda request: None])
def test_what_is_no_view_of_ours_says_nothing(strange: Any) -> None:
    assert not says_who_comes_in(strange)


def test_routes_that_say_nothing_are_named() -> None:
    market: Any = SimpleNamespace(domain="market", urls="tests.kernel.rights.loose_urls")
    assert doors.undeclared([market]) == ["market: loose", "market: strange"]


def test_each_kind_of_caller_gets_what_the_declaration_means() -> None:
    assert set(answers(Anyone).values()) == {204}
    assert {name for name, status in answers(Authenticated).items() if status != 204} == {"nobody"}
    hirers = {name for name, status in answers(HasRole("hirer")).items() if status == 204}
    assert hirers == {"hirer"} | {name for name in callers() if name.startswith("company_")}
    asked = answers(Can("payments.refund_escrow"))
    assert {name for name, status in asked.items() if status == 204} == {"finance", "admin"}
    assert (asked["nobody"], asked["hirer"]) == (401, 403)
    somewhere = answers(Can("identity.grant_in_scope", somewhere=True))
    assert {name for name, status in somewhere.items() if status == 204} == {"company_owner", "company_admin"}


def test_there_is_a_caller_of_every_role_and_nobody() -> None:
    who = callers()
    assert who["nobody"] is None
    assert {"worker", "hirer", "staff", "support", "moderator", "finance", "compliance", "admin"} <= who.keys()
    assert who["support"] is not None
    assert who["support"].roles == {"staff", "support"}


def test_the_page_names_every_route_once() -> None:
    page = routes_page(OURS)
    for each in doors.doors(OURS):
        assert page.count(f"| `{each.method} {each.path}` |") == 1


def test_what_is_no_api_is_on_the_page_too() -> None:
    for address in _addresses(get_resolver().url_patterns):
        if not address.startswith("/api/v1/"):
            assert any(address.startswith(root.rstrip("/")) for root in BESIDES), address


def _addresses(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """The addresses of the root, one level deep: what lies below ``/admin/`` is one thing here."""
    found = set()
    for pattern in patterns:
        start = f"/{pattern.pattern}"
        if isinstance(pattern, URLResolver) and start == "/":
            found |= {f"/{inner.pattern}" for inner in pattern.url_patterns}
        else:
            found.add(start)
    return found
