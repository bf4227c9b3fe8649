"""Companies and their people, made through the domain's own actions."""

from uuid import UUID

from domains.identity.actions import IssuedTokens, companies, invitations
from domains.identity.models import CompanyInvitation, CompanyMember
from tests.identity.factories import sign_up

FORM = {"name": "Accra Joinery Ltd", "size": "11-50", "industry": "construction"}


def founded(owner: IssuedTokens, **as_: object) -> UUID:
    """A company of this hirer."""
    return companies.found_company(by_id=owner.user.id, **FORM | as_).company_id


def invited(company_id: UUID, *, by: IssuedTokens, email: str, role: str = "member") -> CompanyInvitation:
    return invitations.invite(company_id=company_id, by_id=by.user.id, email=email, role=role)


def joined(company_id: UUID, *, owner: IssuedTokens, role: str = "member", who: IssuedTokens | None = None):
    """Somebody in the company, as this role; somebody new unless ``who`` is named."""
    who = who or sign_up(role="hirer")
    invitation = invited(company_id, by=owner, email=who.user.email, role=role)
    invitations.accept(user_id=who.user.id, invitation_id=invitation.id)
    return who


def letter_token(invitation: CompanyInvitation) -> str:
    """What the letter would carry."""
    _, token = invitations.renew_token(invitation_id=invitation.id)
    return token


def roles_in(company_id: UUID) -> dict[UUID, str]:
    return dict(CompanyMember.objects.filter(company_id=company_id).values_list("user_id", "role"))
