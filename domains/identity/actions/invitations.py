"""Inviting people into a company by e-mail, and what they answer."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity import queries
from domains.identity.actions import memberships
from domains.identity.actions.notices import tell
from domains.identity.models import Company, CompanyInvitation, CompanyMember, User
from domains.identity.queries import companies as found
from domains.identity.rules import clean_email
from domains.identity.rules import companies as rules
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.events.publish import enqueue


def invite(*, company_id: UUID, by_id: UUID, email: str, role: str) -> CompanyInvitation:
    """A letter goes to the address; whoever has an account with it is told in the app, too. The answer never tells
    whether there is one.

    Raises CompanyNotFound, CompanyRoleMissing, InvalidInput, AlreadyInvited, CompanyFull.
    """
    address = clean_email(email)
    with atomic("identity"):
        company = found.lock_company(company_id)  # two admins inviting one address, or one too many, at once
        rules.check_invite(found.role_of_giver(company, by_id), as_role=role)
        if _open(company).filter(email=address).exists():
            raise rules.AlreadyInvited()
        if _open(company).count() + company.members.count() >= rules.MOST_MEMBERS:
            raise rules.CompanyFull()
        _close_the_late(company, address)
        now = clock.now()
        invitation = CompanyInvitation.objects.create(
            company=company,
            email=address,
            role=role,
            invited_by_id=by_id,
            asked_at=now,
            created_at=now,
            expires_at=now + rules.INVITATION_LIFETIME,
        )
        _send(invitation)
        _tell_the_invited(company, address)
    return invitation


def resend(*, company_id: UUID, invitation_id: UUID, by_id: UUID, expected_version: int | None) -> CompanyInvitation:
    """Another letter, good for seven days from now; the link of the one before stops working.

    Raises CompanyNotFound, CompanyRoleMissing, NotFound, StaleVersion, InvalidTransition, SentTooOften, AlreadyInvited.
    """
    with atomic("identity"):
        company = found.lock_company(company_id)  # the answer may be on its way
        role = found.role_of_giver(company, by_id)
        invitation = found.lock_invitation(company=company, invitation_id=invitation_id)
        check_version(invitation, expected_version)
        rules.check_invite(role, as_role=invitation.role)
        now = clock.now()
        state = rules.INVITATION.check("resend", _state_now(invitation))
        rules.check_resend(asked_at=invitation.asked_at, sendings=invitation.sendings, now=now)
        if _open(company).filter(email=invitation.email).exclude(id=invitation.id).exists():
            raise rules.AlreadyInvited()
        invitation.state, invitation.ended_at, invitation.token_hash = state, None, None
        invitation.asked_at, invitation.expires_at = now, now + rules.INVITATION_LIFETIME
        invitation.sendings += 1
        invitation.save_change("state", "ended_at", "token_hash", "asked_at", "expires_at", "sendings")
        _send(invitation)
    return invitation


def withdraw(*, company_id: UUID, invitation_id: UUID, by_id: UUID, expected_version: int | None) -> CompanyInvitation:
    """Nobody can answer it any more. Raises CompanyNotFound, CompanyRoleMissing, NotFound, StaleVersion,
    InvalidTransition."""
    with atomic("identity"):
        company = found.lock_company(company_id)  # it may be accepted right now
        role = found.role_of_giver(company, by_id)
        invitation = found.lock_invitation(company=company, invitation_id=invitation_id)
        check_version(invitation, expected_version)
        rules.check_invite(role, as_role=invitation.role)
        _end(invitation, "withdraw")
    return invitation


def accept(*, user_id: UUID, invitation_id: UUID | None = None, token: str = "") -> CompanyMember:
    """Whoever was invited joins: known by the address of their account, or by the token of the letter.

    Raises NotFound, InvitationTokenInvalid, InvitationOver, AlreadyMember, CompanyFull.
    """
    seen = _named(user_id, invitation_id, token)
    with atomic("identity"):
        user = queries.lock_user(user_id)
        company = found.lock_company(seen.company_id)  # against withdrawal, a second acceptance, one member too many
        invitation = found.lock_invitation(company=company, invitation_id=seen.id)
        _check_answerable(invitation, token)
        _end(invitation, "accept")
        return memberships.add(company, user, role=invitation.role, by_id=invitation.invited_by_id)


def decline(*, user_id: UUID | None, invitation_id: UUID | None = None, token: str = "") -> None:
    """Whoever was invited does not want to; with the letter's token without any account.

    Raises NotFound, InvitationTokenInvalid, InvitationOver.
    """
    seen = _named(user_id, invitation_id, token)
    with atomic("identity"):
        company = found.lock_company(seen.company_id)
        invitation = found.lock_invitation(company=company, invitation_id=seen.id)
        _check_answerable(invitation, token)
        _end(invitation, "decline")


def renew_token(*, invitation_id: UUID) -> tuple[CompanyInvitation, str] | None:
    """A token for the letter that is about to leave; of earlier ones none works any more. None when there is nothing
    left to send."""
    with atomic("identity"):
        invitation = (
            CompanyInvitation.objects.select_for_update(of=("self",))  # a second try of the task, or a withdrawal
            .select_related("company", "invited_by")
            .filter(id=invitation_id)
            .first()
        )
        if invitation is None or _state_now(invitation) != "pending":
            return None
        token, invitation.token_hash = rules.new_invitation_token()
        invitation.save(update_fields=["token_hash"])
    return invitation, token


def forget_invitations() -> int:
    """Close what nobody answered in seven days, and forget what ended a month ago; returns how many rows changed."""
    now = clock.now()
    with atomic("identity"):
        late = CompanyInvitation.objects.filter(state="pending", expires_at__lte=now)
        changed = late.update(state="expired", token_hash=None, ended_at=now)
        return changed + CompanyInvitation.objects.filter(ended_at__lt=now - rules.INVITATION_KEPT).delete()[0]


# Private functions


def _open(company: Company) -> QuerySet[CompanyInvitation]:
    return CompanyInvitation.objects.filter(company=company, state="pending", expires_at__gt=clock.now())


def _close_the_late(company: Company, address: str) -> None:
    """What has run out makes room for a new one before the daily sweep finds it."""
    late = CompanyInvitation.objects.filter(company=company, email=address, state="pending")
    late.update(state="expired", token_hash=None, ended_at=clock.now())


def _send(invitation: CompanyInvitation) -> None:
    enqueue("identity.send_company_invitation", invitation_id=str(invitation.id))


def _tell_the_invited(company: Company, address: str) -> None:
    user_id = User.objects.filter(email=address, status="active").values_list("id", flat=True).first()
    if user_id is not None:
        tell(user_id, "company_invitation", detail=company.name)


def _named(user_id: UUID | None, invitation_id: UUID | None, token: str) -> CompanyInvitation:
    if invitation_id is None or user_id is None:
        return found.invitation_by_token(token)
    return found.invitation_to(queries.account_of(user_id), invitation_id=invitation_id)


def _check_answerable(invitation: CompanyInvitation, token: str) -> None:
    """Still open, and, where a letter led here, not superseded by another."""
    superseded = token and bytes(invitation.token_hash or b"") != rules.hash_of_token(token)
    if superseded or _state_now(invitation) != "pending":
        raise rules.InvitationOver()


def _state_now(invitation: CompanyInvitation) -> str:
    late = invitation.state == "pending" and invitation.expires_at <= clock.now()
    return "expired" if late else str(invitation.state)


def _end(invitation: CompanyInvitation, step: str) -> None:
    invitation.state = rules.INVITATION.check(step, _state_now(invitation))
    invitation.ended_at, invitation.token_hash = clock.now(), None
    invitation.save_change("state", "ended_at", "token_hash")
