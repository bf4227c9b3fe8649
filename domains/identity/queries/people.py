"""Accounts, and what they may do."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from domains.identity import rules
from domains.identity.models import RoleGrant, User
from domains.identity.queries.restrictions import taken_from
from kelmah import clock
from kelmah.errors import InvalidInput, NotFound, Unauthenticated
from kelmah.principal import Grant


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What somebody may be taken for: ``roles`` everywhere, ``grants`` within one scope each."""

    roles: list[str]
    grants: list[Grant]
    restricted: list[str]  # permissions that they don't have for a time


def user_by_login(login: str) -> User | None:
    """The account of an e-mail address or phone number, however it is written; None for nobody's."""
    try:
        if "@" in login or "＠" in login:
            return User.objects.filter(email=rules.clean_email(login)).first()
        return User.objects.filter(phone=rules.clean_phone(login)).first()
    except InvalidInput:
        return None


def standing_of(user: User) -> Standing:
    """The role chosen at sign-up and the roles granted since, until they expire."""
    lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())
    held = RoleGrant.objects.filter(lasting, user=user, ended_at__isnull=True).order_by(
        "role", "scope_kind", "scope_id"
    )
    grants = [Grant(*row) for row in held.values_list("role", "scope_kind", "scope_id")]
    everywhere = [grant.role for grant in grants if not grant.scope_kind]
    return Standing(
        roles=list(dict.fromkeys([*roles_of_account(user), *everywhere])),
        grants=[grant for grant in grants if grant.scope_kind],
        restricted=taken_from(user.id),
    )


def roles_of_account(user: User) -> list[str]:
    """What somebody is without any grant: whoever operators made with all rights is an administrator."""
    return [user.role, "admin"] if user.is_superuser else [user.role]


def account_of(user_id: UUID) -> User:
    """The caller's own account. Raises Unauthenticated when there is none any more, or it is suspended."""
    user = User.objects.filter(id=user_id, status="active").first()
    if user is None:
        raise Unauthenticated("This account is not active.")
    return user


def people(ids: Collection[UUID]) -> QuerySet[User]:
    return User.objects.filter(id__in=ids).select_related("profile")


def lock_user(user_id: UUID) -> User:
    """The account's row, locked until the transaction ends. Raises NotFound."""
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such account.")
    return user


def hold_account(user_id: UUID) -> None:
    """The account's row, locked if there is one: for callers who must not learn from it whether there is."""
    User.objects.select_for_update().filter(id=user_id).first()
