"""Members, owners and invitations at once, each with a connection of its own."""

import pytest

from domains.identity.actions import companies, invitations, memberships
from domains.identity.models import Company, CompanyMember, RoleGrant
from domains.identity.rules import companies as rules
from tests.identity.companies import FORM, founded, invited, joined, letter_token, roles_in
from tests.identity.factories import sign_up
from tests.identity.test_races import kinds

pytestmark = pytest.mark.domain("identity", transaction=True)


@pytest.fixture
def owner():
    return sign_up(role="hirer")


@pytest.fixture
def company_id(owner):
    return founded(owner)


def consistent(company_id) -> None:
    """One owner, who is the company's; one grant for each member."""
    roles = roles_in(company_id)
    assert [user for user, role in roles.items() if role == "owner"] == [Company.objects.get(id=company_id).owner_id]
    held = RoleGrant.objects.filter(scope_id=str(company_id), ended_at__isnull=True).values_list("user_id", "role")
    assert dict(held) == {user: f"company_{role}" for user, role in roles.items()}
    assert len(held) == len(roles)


def test_of_two_hand_overs_at_once_one_counts(race, owner, company_id):
    heirs = [joined(company_id, owner=owner).user.id for _ in range(4)]
    outcome = race(
        [
            lambda heir=heir: companies.hand_over(
                company_id=company_id, by_id=owner.user.id, to_id=heir, expected_version=None
            )
            for heir in heirs
        ]
    )
    assert kinds(outcome) == {"CompanyMember": 1, "CompanyRoleMissing": 3}
    consistent(company_id)


def test_whoever_is_handed_a_company_while_leaving_it_owns_it_or_is_gone(race, owner, company_id):
    for _ in range(5):
        esi = joined(company_id, owner=owner)
        race(
            [
                lambda esi=esi: companies.hand_over(
                    company_id=company_id, by_id=owner.user.id, to_id=esi.user.id, expected_version=None
                ),
                lambda esi=esi: memberships.remove(company_id=company_id, by_id=esi.user.id, user_id=esi.user.id),
            ]
        )
        consistent(company_id)
        if roles_in(company_id).get(esi.user.id) == "owner":
            companies.hand_over(company_id=company_id, by_id=esi.user.id, to_id=owner.user.id, expected_version=None)


def test_two_admins_who_remove_each_other_leave_one(race, owner, company_id):
    first, second = (joined(company_id, owner=owner, role="admin") for _ in range(2))
    companies.hand_over(company_id=company_id, by_id=owner.user.id, to_id=first.user.id, expected_version=None)
    race(
        [
            lambda: memberships.remove(company_id=company_id, by_id=first.user.id, user_id=second.user.id),
            lambda: memberships.remove(company_id=company_id, by_id=second.user.id, user_id=first.user.id),
        ]
    )
    assert roles_in(company_id)[first.user.id] == "owner"
    consistent(company_id)


def test_an_invitation_accepted_and_withdrawn_at_once_has_one_end(race, owner, company_id):
    for _ in range(5):
        esi = sign_up(role="hirer")
        invitation = invited(company_id, by=owner, email=esi.user.email)
        outcome = race(
            [
                lambda esi=esi, it=invitation: invitations.accept(user_id=esi.user.id, invitation_id=it.id),
                lambda it=invitation: invitations.withdraw(
                    company_id=company_id, invitation_id=it.id, by_id=owner.user.id, expected_version=None
                ),
            ]
        )
        joined_it = esi.user.id in roles_in(company_id)
        assert isinstance(outcome[0], CompanyMember) == joined_it
        assert isinstance(outcome[1], Exception) == joined_it
        consistent(company_id)


def test_one_letter_lets_one_person_in(race, owner, company_id):
    token = letter_token(invited(company_id, by=owner, email="esi@example.com"))
    people = [sign_up(role="hirer").user.id for _ in range(6)]
    outcome = race([lambda user=user: invitations.accept(user_id=user, token=token) for user in people])
    assert kinds(outcome).get("CompanyMember") == 1
    assert len(roles_in(company_id)) == 2
    consistent(company_id)


def test_one_address_is_invited_once(race, owner, company_id):
    outcome = race(lambda: invited(company_id, by=owner, email="esi@example.com"), 6)
    assert kinds(outcome) == {"CompanyInvitation": 1, "AlreadyInvited": 5}


def test_the_fifth_company_is_the_last(race, owner, company_id):
    for _ in range(rules.MOST_OWNED - 2):
        founded(owner)
    outcome = race(lambda: companies.found_company(by_id=owner.user.id, **FORM), 4)
    assert kinds(outcome) == {"CompanyMember": 1, "TooManyCompanies": 3}


def test_whoever_is_removed_while_choosing_the_company_does_not_act_for_it(race, owner, company_id):
    for _ in range(5):
        esi = joined(company_id, owner=owner)
        race(
            [
                lambda esi=esi: memberships.act_for(
                    user_id=esi.user.id, session_id=esi.session_id, company_id=company_id
                ),
                lambda esi=esi: memberships.remove(company_id=company_id, by_id=owner.user.id, user_id=esi.user.id),
            ]
        )
        assert not esi.user.sessions.filter(company_id__isnull=False).exists()
