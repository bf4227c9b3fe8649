"""Giving roles within a company: who may give which is declared with the roles, and asked of the tables."""

import pytest

from domains.identity import queries
from domains.identity.actions import grants, invitations, memberships
from domains.identity.models import CompanyMember
from domains.identity.rules import companies as rules
from kelmah.db import atomic
from kelmah.interfaces.identity.roles import ROLES
from kelmah.testing.client import access_token
from tests.identity.companies import founded, invited, joined, roles_in
from tests.identity.factories import principal_of, sign_up

pytestmark = pytest.mark.domain("identity")

GIVES = {role.name: set(role.gives) for role in ROLES}


@pytest.fixture
def owner():
    return sign_up(role="hirer")


@pytest.fixture
def company_id(owner):
    return founded(owner)


def caller(api, tokens):
    return api.as_(principal_of(tokens))


def test_every_role_of_a_company_is_declared_and_none_gives_ownership():
    assert set(rules.GIVES) == set(rules.ROLES)
    assert not any("owner" in given for given in rules.GIVES.values())


@pytest.mark.parametrize("mine", rules.ROLES)
def test_a_member_gives_what_their_role_gives_and_nothing_else(api, owner, company_id, mine):
    actor = owner if mine == "owner" else joined(company_id, owner=owner, role=mine)
    esi = joined(company_id, owner=owner, role="member")
    for wanted in ("hiring", "finance", "member", "admin"):
        before = roles_in(company_id)[esi.user.id]
        answer = caller(api, actor).patch(f"/companies/{company_id}/members/{esi.user.id}", {"role": wanted})
        if {f"company_{wanted}", f"company_{before}"} <= GIVES[f"company_{mine}"]:
            assert (answer.status, answer.json["role"]) == (200, wanted)
        else:
            assert (answer.status, answer.code) == (403, "company_role_missing")
        assert roles_in(company_id)[esi.user.id] == (wanted if answer.status == 200 else before)


def test_a_role_that_was_given_is_seen_and_taken_back(api, owner, company_id):
    esi = joined(company_id, owner=owner, role="member")
    at, by_owner, by_esi = f"/companies/{company_id}/members/{esi.user.id}", caller(api, owner), caller(api, esi)
    by_owner.patch(at, {"role": "finance"})
    held = {"role": "company_finance", "scope_kind": "company", "scope_id": str(company_id)}
    assert by_esi.get("/me").json["grants"] == [held]
    assert by_owner.delete(at).status == 204
    assert by_esi.get("/me").json["grants"] == []


def test_without_the_grant_the_row_of_a_member_gives_nothing(owner, company_id):
    """The permission is held by a role within the company; that a row calls somebody an admin is not asked."""
    kofi, esi = joined(company_id, owner=owner, role="admin"), joined(company_id, owner=owner)
    with atomic("identity"):
        user = queries.lock_user(kofi.user.id)
        grants.end_in_scope(user, scope_kind="company", scope_id=str(company_id), by_id=owner.user.id, reason="gone")
    assert CompanyMember.objects.get(user=kofi.user).role == "admin"
    by = {"company_id": company_id, "by_id": kofi.user.id}
    for step in (
        lambda: memberships.set_role(**by, user_id=esi.user.id, role="finance"),
        lambda: memberships.remove(**by, user_id=esi.user.id),
        lambda: invitations.invite(**by, email="new@example.com", role="member"),
    ):
        with pytest.raises(rules.CompanyRoleMissing):
            step()


def test_an_admin_neither_sends_nor_takes_back_an_invitation_of_an_admin(owner, company_id):
    kofi = joined(company_id, owner=owner, role="admin")
    invitation = invited(company_id, by=owner, email="new@example.com", role="admin")
    by = {"company_id": company_id, "by_id": kofi.user.id, "invitation_id": invitation.id, "expected_version": None}
    for step in (invitations.resend, invitations.withdraw):
        with pytest.raises(rules.CompanyRoleMissing):
            step(**by)


@pytest.mark.parametrize("change", ["PATCH", "DELETE"])
def test_roles_of_others_change_only_with_a_fresh_proof(api, owner, company_id, change):
    esi = joined(company_id, owner=owner)
    stale = api.with_token(access_token(principal_of(owner), proven_before=601))
    at = f"/companies/{company_id}/members/{esi.user.id}"
    answer = stale.patch(at, {"role": "finance"}) if change == "PATCH" else stale.delete(at)
    assert (answer.status, answer.code) == (403, "step_up_required")
    assert roles_in(company_id)[esi.user.id] == "member"
