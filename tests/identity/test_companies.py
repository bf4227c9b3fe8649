"""Companies: who may do what, and what is always true of them."""

import pytest

from domains.identity.actions import companies, invitations, memberships
from domains.identity.models import AuthSession, Company, CompanyInvitation, RoleGrant
from domains.identity.rules import companies as rules
from kelmah.errors import Forbidden, InvalidInput, InvalidTransition, NotFound, StaleVersion
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.companies import FORM, founded, invited, joined, letter_token, roles_in
from tests.identity.factories import sign_up
from tests.identity.test_constraints import broken_constraint

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def owner():
    return sign_up(role="hirer")


@pytest.fixture
def company_id(owner):
    return founded(owner)


def grants_in(company_id) -> dict:
    held = RoleGrant.objects.filter(scope_kind="company", scope_id=str(company_id), ended_at__isnull=True)
    return dict(held.values_list("user_id", "role"))


# --- the table, cell by cell -------------------------------------------------------------------------------------

# Written out once more, by hand: owner, admin, hiring, finance, member.
TABLE = {
    "see": "yyyyy",
    "act_for": "yyyyy",
    "edit": "yy---",
    "invite": "yy---",
    "invite_admin": "y----",
    "set_role": "yy---",
    "make_admin": "y----",
    "set_role_of_admin": "y----",
    "remove": "yy---",
    "remove_admin": "y----",
    "leave": "-yyyy",
    "hand_over": "y----",
}
CELLS = [(step, role, row[n] == "y") for step, row in TABLE.items() for n, role in enumerate(rules.ROLES)]


def test_the_table_names_every_step():
    assert sorted(TABLE) == sorted(rules.MAY)


@pytest.mark.parametrize(("step", "role", "may"), CELLS)
def test_each_cell_of_the_table(step, role, may, owner, company_id, clock):
    """Each step is taken for real, by a member with this role."""
    actor = owner if role == "owner" else joined(company_id, owner=owner, role=role)
    other = joined(company_id, owner=owner, role="member")
    an_admin = joined(company_id, owner=owner, role="admin")
    by = {"company_id": company_id, "by_id": actor.user.id}
    version = Company.objects.get(id=company_id).version
    steps = {
        "see": lambda: companies.found.access_member(company_id=company_id, user_id=actor.user.id),
        "act_for": lambda: memberships.act_for(
            user_id=actor.user.id, session_id=actor.session_id, company_id=company_id
        ),
        "edit": lambda: companies.edit_company(**by, expected_version=version, changes={"size": "1"}),
        "invite": lambda: invitations.invite(**by, email="new@example.com", role="member"),
        "invite_admin": lambda: invitations.invite(**by, email="new@example.com", role="admin"),
        "set_role": lambda: memberships.set_role(**by, user_id=other.user.id, role="finance"),
        "make_admin": lambda: memberships.set_role(**by, user_id=other.user.id, role="admin"),
        "set_role_of_admin": lambda: memberships.set_role(**by, user_id=an_admin.user.id, role="member"),
        "remove": lambda: memberships.remove(**by, user_id=other.user.id),
        "remove_admin": lambda: memberships.remove(**by, user_id=an_admin.user.id),
        "leave": lambda: memberships.remove(**by, user_id=actor.user.id),
        "hand_over": lambda: companies.hand_over(**by, to_id=other.user.id, expected_version=version),
    }
    if may:
        steps[step]()
    else:
        with pytest.raises((rules.CompanyRoleMissing, rules.OwnerStays)):
            steps[step]()


@pytest.mark.parametrize("step", ["edit", "invite", "set_role", "remove", "hand_over", "resend", "withdraw"])
def test_for_outsiders_there_is_no_company(step, owner, company_id):
    outsider, member = sign_up(role="hirer"), joined(company_id, owner=owner)
    invitation = invited(company_id, by=owner, email="new@example.com")
    by = {"company_id": company_id, "by_id": outsider.user.id}
    steps = {
        "edit": lambda: companies.edit_company(**by, expected_version=1, changes={"size": "1"}),
        "invite": lambda: invitations.invite(**by, email="x@example.com", role="member"),
        "set_role": lambda: memberships.set_role(**by, user_id=member.user.id, role="finance"),
        "remove": lambda: memberships.remove(**by, user_id=member.user.id),
        "hand_over": lambda: companies.hand_over(**by, to_id=outsider.user.id, expected_version=1),
        "resend": lambda: invitations.resend(**by, invitation_id=invitation.id, expected_version=1),
        "withdraw": lambda: invitations.withdraw(**by, invitation_id=invitation.id, expected_version=1),
    }
    with pytest.raises(rules.CompanyNotFound):
        steps[step]()


# --- members and grants ------------------------------------------------------------------------------------------


def test_whoever_founds_a_company_owns_it(owner, company_id):
    assert roles_in(company_id) == {owner.user.id: "owner"}
    assert grants_in(company_id) == {owner.user.id: "company_owner"}


def test_each_membership_has_its_grant_and_loses_it(owner, company_id):
    esi = joined(company_id, owner=owner, role="hiring")
    assert grants_in(company_id)[esi.user.id] == "company_hiring"
    memberships.set_role(company_id=company_id, by_id=owner.user.id, user_id=esi.user.id, role="finance")
    assert grants_in(company_id)[esi.user.id] == "company_finance"
    memberships.remove(company_id=company_id, by_id=esi.user.id, user_id=esi.user.id)
    assert grants_in(company_id) == {owner.user.id: "company_owner"}


def test_the_company_is_handed_over_as_a_whole(owner, company_id):
    esi = joined(company_id, owner=owner, role="finance")
    companies.hand_over(company_id=company_id, by_id=owner.user.id, to_id=esi.user.id, expected_version=1)
    assert roles_in(company_id) == {owner.user.id: "admin", esi.user.id: "owner"}
    assert grants_in(company_id) == {owner.user.id: "company_admin", esi.user.id: "company_owner"}
    assert Company.objects.get(id=company_id).owner_id == esi.user.id
    memberships.remove(company_id=company_id, by_id=owner.user.id, user_id=owner.user.id)  # may leave now


def test_nobody_is_handed_a_company_they_are_not_in(owner, company_id):
    with pytest.raises(NotFound):
        companies.hand_over(company_id=company_id, by_id=owner.user.id, to_id=sign_up().user.id, expected_version=1)
    with pytest.raises(StaleVersion):
        companies.hand_over(company_id=company_id, by_id=owner.user.id, to_id=owner.user.id, expected_version=7)


def test_nobody_owns_more_than_five(owner, company_id):
    for _ in range(rules.MOST_OWNED - 1):
        founded(owner)
    with pytest.raises(rules.TooManyCompanies):
        founded(owner)
    esi = sign_up(role="hirer")
    theirs = founded(esi)
    joined(theirs, owner=esi, who=owner)
    with pytest.raises(rules.TooManyCompanies):
        companies.hand_over(company_id=theirs, by_id=esi.user.id, to_id=owner.user.id, expected_version=1)


@pytest.mark.parametrize("name", ["", "  ", "a\u202eb", "<b>", "a@b", "x" * 121, "\n"])
def test_names_are_plain(name, owner):
    with pytest.raises(InvalidInput):
        companies.found_company(by_id=owner.user.id, **FORM | {"name": name})


def test_a_change_that_changes_nothing_is_no_change(owner, company_id):
    change = {"company_id": company_id, "by_id": owner.user.id, "expected_version": 1}
    assert companies.edit_company(**change, changes={"size": "11-50"}).company.version == 1
    assert companies.edit_company(**change, changes={"size": "1"}).company.version == 2


# --- acting for a company ----------------------------------------------------------------------------------------


def test_whoever_leaves_acts_for_the_company_no_more(owner, company_id):
    esi = joined(company_id, owner=owner)
    memberships.act_for(user_id=esi.user.id, session_id=esi.session_id, company_id=company_id)
    assert AuthSession.objects.get(id=esi.session_id).company_id == company_id
    memberships.remove(company_id=company_id, by_id=owner.user.id, user_id=esi.user.id)
    assert AuthSession.objects.get(id=esi.session_id).company_id is None
    with pytest.raises(rules.CompanyNotFound):
        memberships.act_for(user_id=esi.user.id, session_id=esi.session_id, company_id=company_id)


# --- invitations -------------------------------------------------------------------------------------------------


def test_an_invitation_waits_seven_days_and_then_no_more(owner, company_id, clock):
    esi = sign_up(role="hirer")
    invitation = invited(company_id, by=owner, email=esi.user.email)
    token = letter_token(invitation)
    clock.advance(days=7, seconds=1)
    with pytest.raises(rules.InvitationOver):
        invitations.accept(user_id=esi.user.id, invitation_id=invitation.id)
    with pytest.raises(rules.InvitationTokenInvalid):
        invitations.accept(user_id=esi.user.id, token=token)
    assert invitations.forget_invitations() == 1
    assert CompanyInvitation.objects.get().state == "expired"
    clock.advance(days=31)
    invitations.forget_invitations()
    assert not CompanyInvitation.objects.exists()


def test_after_seven_days_the_address_may_be_invited_anew_or_again(owner, company_id, clock):
    first = invited(company_id, by=owner, email="esi@example.com")
    with pytest.raises(rules.AlreadyInvited):
        invited(company_id, by=owner, email="ESI@example.com")
    clock.advance(days=8)
    second = invited(company_id, by=owner, email="esi@example.com")
    assert CompanyInvitation.objects.get(id=first.id).state == "expired"
    again = {"company_id": company_id, "by_id": owner.user.id, "expected_version": None}
    with pytest.raises(rules.AlreadyInvited):
        invitations.resend(**again, invitation_id=first.id)
    invitations.withdraw(**again, invitation_id=second.id)
    assert invitations.resend(**again, invitation_id=first.id).state == "pending"


def test_a_letter_sent_again_supersedes_the_one_before(owner, company_id, clock):
    esi = sign_up(role="hirer", email="other@example.com")
    invitation = invited(company_id, by=owner, email="esi@example.com")
    first = letter_token(invitation)
    again = {"company_id": company_id, "by_id": owner.user.id, "invitation_id": invitation.id}
    with pytest.raises(rules.SentTooOften):
        invitations.resend(**again, expected_version=None)
    clock.advance(minutes=6)
    invitations.resend(**again, expected_version=None)
    with pytest.raises(rules.InvitationTokenInvalid):
        invitations.accept(user_id=esi.user.id, token=first)
    assert invitations.accept(user_id=esi.user.id, token=letter_token(invitation)).role == "member"


def test_an_invitation_is_not_sent_more_than_five_times(owner, company_id, clock):
    invitation = invited(company_id, by=owner, email="esi@example.com")
    again = {"company_id": company_id, "by_id": owner.user.id, "invitation_id": invitation.id}
    for _ in range(rules.MOST_SENDINGS - 1):
        clock.advance(minutes=6)
        invitations.resend(**again, expected_version=None)
    clock.advance(days=2)
    with pytest.raises(rules.SentTooOften):
        invitations.resend(**again, expected_version=None)


@pytest.mark.parametrize("ending", ["accept", "decline", "withdraw"])
def test_an_answered_invitation_is_over(ending, owner, company_id):
    esi = sign_up(role="hirer")
    invitation = invited(company_id, by=owner, email=esi.user.email)
    token, mine = letter_token(invitation), {"user_id": esi.user.id, "invitation_id": invitation.id}
    by_owner = {"company_id": company_id, "by_id": owner.user.id, "invitation_id": invitation.id}
    {
        "accept": lambda: invitations.accept(**mine),
        "decline": lambda: invitations.decline(**mine),
        "withdraw": lambda: invitations.withdraw(**by_owner, expected_version=1),
    }[ending]()
    for refused, error in (
        (lambda: invitations.accept(**mine), rules.InvitationOver),
        (lambda: invitations.decline(**mine), rules.InvitationOver),
        (lambda: invitations.accept(user_id=esi.user.id, token=token), rules.InvitationTokenInvalid),
        (lambda: invitations.withdraw(**by_owner, expected_version=2), InvalidTransition),
        (lambda: invitations.resend(**by_owner, expected_version=2), InvalidTransition),
    ):
        with pytest.raises(error):
            refused()
    assert invitations.renew_token(invitation_id=invitation.id) is None


def test_an_invitation_is_for_its_address_or_its_letter(owner, company_id):
    invitation = invited(company_id, by=owner, email="esi@example.com")
    stranger = sign_up(role="hirer")
    by_phone = sign_up(role="hirer", email="", phone="+233241234567")
    for user in (stranger, by_phone):
        with pytest.raises(NotFound):
            invitations.accept(user_id=user.user.id, invitation_id=invitation.id)
    for wrong in ("", "x" * 43, "x" * 42, "é" * 43):
        with pytest.raises(rules.InvitationTokenInvalid):
            invitations.accept(user_id=stranger.user.id, token=wrong)
    invitations.decline(user_id=None, token=letter_token(invitation))
    assert CompanyInvitation.objects.get().state == "declined"


def test_members_are_in_a_company_once(owner, company_id):
    esi = joined(company_id, owner=owner)
    invitation = invited(company_id, by=owner, email=esi.user.email, role="admin")
    with pytest.raises(rules.AlreadyMember):
        invitations.accept(user_id=esi.user.id, invitation_id=invitation.id)
    assert roles_in(company_id)[esi.user.id] == "member"


def test_whoever_has_an_account_is_told_in_the_app_and_nobody_else(owner, company_id, published):
    esi = sign_up(role="hirer")
    invited(company_id, by=owner, email=esi.user.email)
    invited(company_id, by=owner, email="nobody@example.com")
    told = [event for event in published.of(AccountChanged) if event.what == "company_invitation"]
    assert [(event.user_id, event.detail) for event in told] == [(esi.user.id, FORM["name"])]


def test_the_table_holds_no_token(owner, company_id):
    invitation = invited(company_id, by=owner, email="esi@example.com")
    token = letter_token(invitation)
    stored = bytes(CompanyInvitation.objects.get().token_hash)
    assert len(stored) == 32
    assert token.encode() not in stored


def test_who_may_not_give_a_role_may_not_invite_into_it(owner, company_id):
    admin = joined(company_id, owner=owner, role="admin")
    by_owner = invited(company_id, by=owner, email="esi@example.com", role="admin")
    with pytest.raises(Forbidden):
        invited(company_id, by=admin, email="x@example.com", role="admin")
    with pytest.raises(Forbidden):
        invitations.withdraw(company_id=company_id, invitation_id=by_owner.id, by_id=admin.user.id, expected_version=1)


# --- what the database refuses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE identity_company SET name = ''", "company_named"),
        ("UPDATE identity_company SET size = '7'", "company_size"),
        ("UPDATE identity_company SET industry = 'crime'", "company_industry"),
        ("UPDATE identity_company SET place_name = 'Osu'", "company_place_is_whole"),
        ("UPDATE identity_company SET latitude = 5", "company_place_is_whole"),
        ("UPDATE identity_companymember SET role = 'king'", "company_member_role"),
        ("UPDATE identity_companyinvitation SET role = 'owner'", "invitation_role"),
        ("UPDATE identity_companyinvitation SET state = 'lost', ended_at = now()", "invitation_state"),
        ("UPDATE identity_companyinvitation SET email = 'Esi@example.com'", "invitation_email_clean"),
        (r"UPDATE identity_companyinvitation SET token_hash = '\x00'", "invitation_hash"),
        ("UPDATE identity_companyinvitation SET ended_at = now()", "invitation_end_has_date"),
        ("UPDATE identity_companyinvitation SET expires_at = asked_at", "invitation_expires_later"),
        ("UPDATE identity_companyinvitation SET sendings = 6", "invitation_sendings"),
        (
            "UPDATE identity_companyinvitation SET state = 'declined', ended_at = now(), token_hash = sha256('x')",
            "invitation_used",
        ),
    ],
)
def test_a_company_cannot_become_nonsense(statement, constraint, owner, company_id):
    invited(company_id, by=owner, email="esi@example.com")
    assert broken_constraint(statement) == constraint


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity_companymember SET role = 'admin' WHERE role = 'owner'",
        "DELETE FROM identity_companymember WHERE role = 'owner'",
        "UPDATE identity_company SET owner_id = (SELECT user_id FROM identity_companymember WHERE role = 'member')",
        "UPDATE identity_company SET owner_id = (SELECT id FROM identity_user WHERE email = 'stranger@example.com')",
    ],
)
def test_no_statement_leaves_a_company_without_its_owner(statement, owner, company_id):
    sign_up(email="stranger@example.com")
    joined(company_id, owner=owner)
    assert broken_constraint(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE") == "company_owner_is_its_owner"


def test_a_company_has_one_owner(owner, company_id):
    joined(company_id, owner=owner)
    assert broken_constraint("UPDATE identity_companymember SET role = 'owner'") == "company_one_owner"


def test_a_session_acts_for_no_company_that_its_person_is_not_in(company_id):
    other = sign_up()
    change = "UPDATE identity_authsession SET company_id = %s WHERE id = %s"
    assert broken_constraint(change, company_id, other.session_id) == "session_acts_for_a_company_of_its_person"


def test_a_grant_from_nobody_is_within_a_scope(owner, company_id):
    change = "UPDATE identity_rolegrant SET scope_kind = '', scope_id = ''"
    assert broken_constraint(change) == "role_grant_by_somebody_else"
