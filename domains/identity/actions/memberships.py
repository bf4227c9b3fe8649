"""Who is in a company, and as what: a row of the company and a grant within its scope, always both."""

from uuid import UUID

from django.conf import settings

from domains.identity import queries
from domains.identity.actions import grants
from domains.identity.actions.access_tokens import issue_access_token
from domains.identity.models import Company, CompanyMember, User
from domains.identity.queries import companies as found
from domains.identity.queries.people import hold_account
from domains.identity.rules import companies as rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.http.errors import TokenInvalid

SCOPE = "company"


def add(company: Company, user: User, *, role: str, by_id: UUID | None) -> CompanyMember:
    """Somebody joins. Inside the caller's transaction, with the user's and the company's rows locked.

    ``by_id``: who let them in; nobody for a founder. Raises CompanyFull, AlreadyMember.
    """
    if CompanyMember.objects.filter(company=company, user=user).exists():
        raise rules.AlreadyMember()
    if CompanyMember.objects.filter(company=company).count() >= rules.MOST_MEMBERS:
        raise rules.CompanyFull()
    member = CompanyMember.objects.create(company=company, user=user, role=role, joined_at=clock.now())
    _grant(member, by_id=by_id)
    return member


def change(member: CompanyMember, *, role: str, by_id: UUID) -> None:
    """A member becomes something else. Inside the caller's transaction, with the company's row locked."""
    if member.role == role:
        return
    member.role = role
    member.save(update_fields=["role"])
    _withdraw(member, by_id=by_id, reason=f"is {role} from now on")
    _grant(member, by_id=by_id)


def set_role(*, company_id: UUID, by_id: UUID, user_id: UUID, role: str) -> CompanyMember:
    """The owner or an admin gives a member another role.

    Raises CompanyNotFound, CompanyRoleMissing, NotFound (no member), OwnerStays.
    """
    with atomic("identity"):
        hold_account(user_id)
        company = found.lock_company(company_id)  # what the caller may do must still be so at the commit
        mine = found.role_of_giver(company, by_id)
        member = found.other_member(company, user_id)
        rules.check_set_role(mine, before=member.role, after=role)
        change(member, role=role, by_id=by_id)
    return member


def remove(*, company_id: UUID, by_id: UUID, user_id: UUID) -> None:
    """A member goes, by themselves or sent by the owner or an admin; they act for the company no more from now on.

    Raises CompanyNotFound, CompanyRoleMissing, NotFound (no member), OwnerStays.
    """
    with atomic("identity"):
        hold_account(user_id)
        company = found.lock_company(company_id)  # somebody may be handing it to them right now
        if user_id == by_id:
            rules.check_leave(found.role_in(company, by_id))
        else:
            mine = found.role_of_giver(company, by_id)
            rules.check_remove(mine, other=found.other_member(company, user_id).role)
        take_out(found.other_member(company, user_id), by_id=by_id)


def take_out(member: CompanyMember, *, by_id: UUID | None = None) -> None:
    """End a membership. Inside the caller's transaction, with the user's and the company's rows locked."""
    _withdraw(member, by_id=by_id, reason="left" if by_id in (None, member.user_id) else "removed")
    member.delete()  # and their sessions act for the company no more: a foreign key sees to it


def act_for(*, user_id: UUID, session_id: UUID, company_id: UUID | None) -> tuple[str, int]:
    """From now on this session acts for the company, or for the person alone. An access token that says so, and the
    seconds it lives.

    Raises CompanyNotFound, TokenInvalid when the session is over.
    """
    with atomic("identity"):
        user = queries.lock_user(user_id)  # they may be removed from the company right now
        session = queries.lock_session(session_id)
        if session is None or session.user_id != user_id or session.revoked_at or not user.is_active:
            raise TokenInvalid("This session is over: log in again.")
        if company_id is not None:
            found.access_member(company_id=company_id, user_id=user_id)
        session.company_id = company_id
        session.save(update_fields=["company_id"])
        return issue_access_token(session), settings.ACCESS_TOKEN_SECONDS


# Private functions


def _grant(member: CompanyMember, *, by_id: UUID | None) -> None:
    """What tokens and other domains know of the membership. A founder's comes from nobody."""
    grants.give(
        member.user,
        rules.granted_role(member.role),
        scope_kind=SCOPE,
        scope_id=str(member.company_id),
        by_id=None if by_id == member.user_id else by_id,
    )


def _withdraw(member: CompanyMember, *, by_id: UUID | None, reason: str) -> None:
    grants.end_in_scope(member.user, scope_kind=SCOPE, scope_id=str(member.company_id), by_id=by_id, reason=reason)
