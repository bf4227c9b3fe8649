"""Companies, for those who are in them, and what everybody may know of them."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import Company, CompanyInvitation, CompanyMember, User
from domains.identity.queries.grants import may_within
from domains.identity.rules import companies
from kelmah import clock
from kelmah.errors import NotFound


def access_member(*, company_id: UUID, user_id: UUID) -> CompanyMember:
    """The caller's own membership, with the company. Raises CompanyNotFound to everybody outside."""
    found = CompanyMember.objects.select_related("company").filter(company_id=company_id, user_id=user_id).first()
    if found is None:
        raise companies.CompanyNotFound()
    return found


def lock_company(company_id: UUID) -> Company:
    """The company's row, locked until the transaction ends: who changes its members stands in line here. Raises
    CompanyNotFound."""
    company = Company.objects.select_for_update().filter(id=company_id).first()
    if company is None:
        raise companies.CompanyNotFound()
    return company


def role_in(company: Company, user_id: UUID) -> str:
    """The role of a member. Raises CompanyNotFound for an outsider."""
    role = CompanyMember.objects.filter(company=company, user_id=user_id).values_list("role", flat=True).first()
    if role is None:
        raise companies.CompanyNotFound()
    return str(role)


def role_of_giver(company: Company, user_id: UUID) -> str:
    """The role of a member who may change roles of others in the company now, whatever their token says; the
    company's row locked. Raises CompanyNotFound, CompanyRoleMissing."""
    role = role_in(company, user_id)
    if not may_within(user_id, "identity.grant_in_scope", ("company", str(company.id))):
        raise companies.CompanyRoleMissing()
    return role


def other_member(company: Company, user_id: UUID) -> CompanyMember:
    """A member whom another one is about to change. Raises NotFound."""
    found = CompanyMember.objects.select_related("user").filter(company=company, user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such member in this company.")
    return found


def members_of(company: Company) -> QuerySet[CompanyMember]:
    return CompanyMember.objects.filter(company=company).select_related("user")


def memberships_of(user_id: UUID) -> QuerySet[CompanyMember]:
    """The companies that somebody is in, with their role."""
    return CompanyMember.objects.filter(user_id=user_id).select_related("company")


def public_companies_of(user_id: UUID) -> list[Company]:
    """The companies that somebody stands for before others, the oldest membership first."""
    stands_for = CompanyMember.objects.filter(user_id=user_id, role__in=companies.IN_PUBLIC, user__role="hirer")
    return [member.company for member in stands_for.select_related("company").order_by("joined_at", "id")]


def invitations_of(company: Company) -> QuerySet[CompanyInvitation]:
    """Who was invited, the answered ones too, as long as they are kept."""
    return CompanyInvitation.objects.filter(company=company).select_related("invited_by")


def invitations_for(user: User) -> QuerySet[CompanyInvitation]:
    """Open invitations to the address of somebody; an account without an address has none."""
    return CompanyInvitation.objects.filter(
        email=user.email or "", state="pending", expires_at__gt=clock.now()
    ).select_related("company", "invited_by")


def lock_invitation(*, company: Company, invitation_id: UUID) -> CompanyInvitation:
    """One of this company's, locked. Raises NotFound."""
    found = CompanyInvitation.objects.select_for_update().filter(company=company, id=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def invitation_to(user: User, *, invitation_id: UUID) -> CompanyInvitation:
    """An invitation to the caller's own address, whatever its state. Raises NotFound."""
    found = CompanyInvitation.objects.filter(id=invitation_id, email=user.email or "").first()
    if found is None:
        raise NotFound("You have no such invitation.")
    return found


def invitation_by_token(token: str) -> CompanyInvitation:
    """What a letter leads to: only while it can be answered. Raises InvitationTokenInvalid."""
    found = (
        CompanyInvitation.objects.select_related("company")
        .filter(token_hash=companies.hash_of_token(token), state="pending", expires_at__gt=clock.now())
        .first()
    )
    if found is None:
        raise companies.InvitationTokenInvalid()
    return found
