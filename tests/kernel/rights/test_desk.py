"""What staff see and do at the desk, by their roles; and that no page forgets to say."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from unfold.admin import ModelAdmin, TabularInline

from kelmah.http.staff import Guarded, ReadOnly
from kelmah.ids import new_id
from kelmah.rights.checks import desks_are_guarded, unguarded
from kelmah.rights.declared import declared
from kelmah.staff.member import StaffMember
from tests.kernel.staff.who_sees import STAFF_ROLES, does, sees

PAGES = sorted(
    (page for model, page in admin.site._registry.items() if model._meta.app_label in settings.DOMAINS),
    key=lambda page: page.opts.label,
)
KNOWN = [page for page in PAGES if page.opts.app_label not in ("probe", "probes")]


def member(*roles: str, **changes: Any) -> StaffMember:
    who: dict[str, Any] = {"id": new_id(), "name": "Kofi", "has_all_rights": False, "session_id": new_id()}
    return StaffMember(**who | {"roles": frozenset({"staff", *roles}), "standing": 0} | changes)


def asking(who: Any) -> Any:
    return SimpleNamespace(user=who, GET={}, method="GET")


@pytest.mark.parametrize("role", STAFF_ROLES)
@pytest.mark.parametrize("page", KNOWN, ids=lambda page: page.opts.label)
def test_each_role_sees_what_the_table_says(page: Any, role: str) -> None:
    expected = sees(role, page.opts.app_label, page.opts.object_name)
    request = asking(member(role))
    assert (page.has_view_permission(request), page.has_module_permission(request)) == (expected, expected)


@pytest.mark.parametrize("role", STAFF_ROLES)
@pytest.mark.parametrize("page", KNOWN, ids=lambda page: page.opts.label)
def test_each_role_does_what_the_table_says(page: Any, role: str) -> None:
    offered = set(page.get_actions(asking(member(role))))
    wanted = {name for name in page.actions or () if does(role, page.opts.app_label, page.opts.object_name, name)}
    assert offered == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.label)
def test_staff_without_a_role_and_nobody_see_nothing_and_all_rights_see_all(page: Any) -> None:
    for who in (member(), AnonymousUser()):
        assert not page.has_view_permission(asking(who))
        assert not page.get_actions(asking(who))
    assert page.has_view_permission(asking(member(has_all_rights=True)))


def test_rights_of_staff_come_from_their_roles_alone() -> None:
    finance = member("finance")
    assert finance.has_perm("payments.refund_escrow")
    assert not finance.has_perm("marketplace.remove_job")
    assert not finance.has_perm("payments.print_money")
    assert not finance.has_perm("")
    assert (finance.has_module_perms("payments"), finance.has_module_perms("messaging")) == (True, False)


# --- what pages say ----------------------------------------------------------------------------------------------


def test_every_page_of_the_project_says_who_may_see_it() -> None:
    assert desks_are_guarded(None) == []
    assert len(KNOWN) > 30


def page(*bases: type, **attributes: Any) -> Any:
    model = KNOWN[0].model
    return type("SomeAdmin", (*bases, ModelAdmin), {"actions": (), "inlines": ()} | attributes)(model, admin.site)


class OpenInline(TabularInline):
    model = KNOWN[0].model


class OwnInline(ReadOnly, TabularInline):
    model = KNOWN[0].model
    sees = "payments.view_monkeys"


@pytest.mark.parametrize(
    ("made", "ids"),
    [
        (lambda: page(), ["kelmah.E034"]),
        (lambda: page(Guarded), ["kelmah.E032"]),
        (lambda: page(ReadOnly, sees="payments.view_monkeys"), ["kelmah.E032"]),
        (lambda: page(ReadOnly, sees="payments.view_money"), []),
        (lambda: page(ReadOnly, sees="payments.view_money", actions=("burn",)), ["kelmah.E034"]),
        (lambda: page(ReadOnly, sees="payments.view_money", actions=("burn",), does={"burn": "x"}), ["kelmah.E032"]),
        (lambda: page(ReadOnly, sees="payments.view_money", inlines=(OpenInline,)), ["kelmah.E034"]),
        (lambda: page(ReadOnly, sees="payments.view_money", inlines=(OwnInline,)), ["kelmah.E032"]),
    ],
)
def test_a_page_that_forgets_to_say_is_found(made: Any, ids: list[str]) -> None:
    assert [message.id for message in unguarded(made(), known=declared())] == ids


def test_an_action_that_no_permission_is_named_for_is_nobodys() -> None:
    loose = page(ReadOnly, sees="payments.view_money", actions=("burn",), burn=lambda *args: None)
    assert not loose.get_actions(asking(member("admin")))
