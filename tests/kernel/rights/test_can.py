"""Who may do what, as roles and scopes say."""

from collections.abc import Callable

import pytest
from django.conf import settings

from kelmah.http.authentication import read_access_token
from kelmah.http.errors import WrongRole
from kelmah.http.permissions import ASKED_PERMISSIONS, ASKED_ROLES, Can
from kelmah.interfaces.roles import Permission, Role
from kelmah.principal import Grant, Principal
from kelmah.rights import UnknownPermission, can, can_somewhere, check
from kelmah.rights.checks import contradictions, undeclared
from kelmah.rights.declared import Shelf, declared, shelves, united
from kelmah.testing.client import access_token

Make = Callable[..., Principal]
IN_ACCRA = ("company", "accra")


def owner(principal: Make) -> Principal:
    return principal("hirer", grants=frozenset({Grant("company_owner", *IN_ACCRA)}))


# --- may they? ---------------------------------------------------------------------------------------------------


def test_a_role_may_do_what_a_permission_gives_it_and_nothing_else(principal: Make) -> None:
    finance = principal("staff", "finance")
    assert can(finance, "payments.refund_escrow")
    assert not can(finance, "marketplace.remove_job")
    assert not can(principal("staff"), "payments.refund_escrow")


def test_nobody_may_do_nothing() -> None:
    assert not can(None, "payments.refund_escrow")
    assert not can_somewhere(None, "identity.grant_in_scope")


def test_what_nobody_declared_is_a_mistake_and_no_answer(principal: Make) -> None:
    for ask in (can, can_somewhere, check):
        with pytest.raises(UnknownPermission):
            ask(principal("admin"), "payments.print_money")


def test_a_role_of_one_scope_means_nothing_in_another_or_everywhere(principal: Make) -> None:
    somebody = owner(principal)
    assert can(somebody, "identity.grant_in_scope", IN_ACCRA)
    assert not can(somebody, "identity.grant_in_scope", ("company", "kumasi"))
    assert not can(somebody, "identity.grant_in_scope", ("fleet", "accra"))
    assert not can(somebody, "identity.grant_in_scope")
    assert can_somewhere(somebody, "identity.grant_in_scope")
    assert not somebody.has_role("company_owner")


def test_what_is_held_everywhere_is_held_in_every_scope(principal: Make) -> None:
    assert can(principal("admin"), "identity.view_grants", IN_ACCRA)


def test_a_refusal_names_who_may(principal: Make) -> None:
    with pytest.raises(WrongRole, match="Only a finance or admin may do this"):
        check(principal("hirer"), "payments.refund_escrow")
    check(principal("finance"), "payments.refund_escrow")


def test_roles_and_scopes_travel_together_in_a_token(principal: Make) -> None:
    somebody = owner(principal)
    read, _ = read_access_token(access_token(somebody))
    assert (read.roles, read.grants, read.scopes) == ({"hirer"}, somebody.grants, {IN_ACCRA})


def test_administrators_have_every_right_that_any_of_staff_has() -> None:
    known = declared()
    desk = {name for name, role in known.roles.items() if role.privileged}
    assert {name for name, holders in known.holders.items() if holders & desk and "admin" not in holders} == set()
    assert desk == {"support", "moderator", "finance", "compliance", "admin"}


def test_support_decides_on_no_money_and_finance_reads_no_conversation() -> None:
    known = declared()
    assert not {name for name in known.permissions_of(["support"]) if name.startswith("payments.")}
    assert not {name for name in known.permissions_of(["finance"]) if name.startswith("messaging.")}


def test_members_have_no_right_of_staff() -> None:
    members = declared().permissions_of(["worker", "hirer", "company_owner"])
    assert not members & declared().permissions_of(["support", "moderator", "finance", "compliance", "admin"])


# --- what domains declare ----------------------------------------------------------------------------------------


def shelf(domain: str = "market", **more: tuple) -> Shelf:
    return Shelf(domain=domain, **({"roles": (), "permissions": ()} | more))


def ids(*found: Shelf) -> list[str]:
    return [message.id for message in contradictions(found)]


def test_what_the_project_declares_fits_together() -> None:
    assert contradictions(shelves(sorted(settings.DOMAINS))) == []
    assert undeclared(roles=ASKED_ROLES - {"staff"}, permissions=ASKED_PERMISSIONS, where="", known=declared()) == []
    assert len(declared().permissions) > 30


def test_a_role_declared_twice_is_found() -> None:
    one, two = shelf(roles=(Role(name="driver", title=""),)), shelf("trips", roles=(Role(name="driver", title=""),))
    assert ids(one) == []
    assert ids(one, two) == ["kelmah.E030"]


def test_a_permission_declared_twice_is_found() -> None:
    selling = Permission(name="market.sell", title="")
    assert ids(shelf(permissions=(selling, selling))) == ["kelmah.E030"]


@pytest.mark.parametrize("name", ["trips.sell", "sell", "market.Sell", "market.", "market.sell.more"])
def test_a_permission_is_named_after_the_domain_that_declares_it(name: str) -> None:
    assert ids(shelf(permissions=(Permission(name=name, title=""),))) == ["kelmah.E031"]


def test_names_that_nobody_declared_are_found() -> None:
    selling = Permission(name="market.sell", title="", to=("sellers",))
    seller = Role(name="seller", title="", permissions=("market.buy",), gives=("buyer",))
    assert ids(shelf(roles=(seller,), permissions=(selling,))) == ["kelmah.E032"] * 3


def test_nobody_gives_a_privileged_role_or_one_of_another_kind_of_scope() -> None:
    owner_of_fleet = Role(name="owner", title="", scope_kinds=("fleet",), gives=("boss", "tenant", "driver"))
    boss = Role(name="boss", title="", scope_kinds=("fleet",), privileged=True)
    tenant = Role(name="tenant", title="", scope_kinds=("house",))
    driver = Role(name="driver", title="", scope_kinds=("", "fleet"))
    assert ids(shelf(roles=(owner_of_fleet, boss, tenant, driver))) == ["kelmah.E033"] * 2


def test_a_view_that_asks_for_what_nobody_declared_is_found() -> None:
    known = united([shelf(permissions=(Permission(name="market.sell", title=""),))])
    (message,) = undeclared(permissions=["market.sell", "market.steal"], where="a view", known=known)
    assert "market.steal" in message.msg


def test_a_role_has_its_own_permissions_and_those_that_are_given_to_it() -> None:
    seller = Role(name="seller", title="", permissions=("market.sell",))
    known = united(
        [
            shelf(roles=(seller,), permissions=(Permission(name="market.sell", title=""),)),
            shelf("trips", permissions=(Permission(name="trips.see", title="", to=("seller",)),)),
        ]
    )
    assert known.permissions_of(["seller"]) == {"market.sell", "trips.see"}
    assert known.permissions_of(["staff"]) == frozenset()


def test_a_door_that_asks_for_a_permission_names_it() -> None:
    door = Can("payments.refund_escrow")
    assert (door.holders(), door().message) == ({"finance", "admin"}, "Only a finance or admin may do this.")
