"""Somebody of staff as identity vouched for them: what Django's admin asks of a user, without a table of users."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kelmah.rights.declared import declared


@dataclass(frozen=True, kw_only=True)
class StaffMember:
    """``session_id`` names the session at identity that all of this ends with; a change of rights ends it, too, until
    identity vouches anew."""

    id: UUID
    name: str
    roles: frozenset[str]
    has_all_rights: bool
    session_id: UUID
    standing: int  # how often their rights had changed

    is_active = True
    is_staff = True
    is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> UUID:
        return self.id

    @property
    def is_superuser(self) -> bool:
        return self.has_all_rights

    def has_perm(self, permission: str, thing: Any = None) -> bool:
        """Whether a role of theirs has ``payments.view_money``, as at identity's own desk."""
        return self.has_all_rights or permission in declared().permissions_of(self.roles)

    def has_perms(self, permissions: Iterable[str], thing: Any = None) -> bool:
        return all(self.has_perm(permission, thing) for permission in permissions)

    def has_module_perms(self, domain: str) -> bool:
        mine = declared().permissions_of(self.roles)
        return self.has_all_rights or any(permission.startswith(f"{domain}.") for permission in mine)

    def get_username(self) -> str:
        return self.name

    get_full_name = get_short_name = get_username

    def __str__(self) -> str:
        return self.name

    def as_claims(self) -> dict[str, Any]:
        """As JSON, for a token and for a session."""
        return {
            "sub": str(self.id),
            "sid": str(self.session_id),
            "name": self.name,
            "roles": sorted(self.roles),
            "all": self.has_all_rights,
            "standing": self.standing,
        }

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "StaffMember":
        """The opposite. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            id=UUID(claims["sub"]),
            name=str(claims["name"]),
            roles=frozenset(map(str, claims["roles"])),
            has_all_rights=claims["all"] is True,
            session_id=UUID(claims["sid"]),
            standing=int(claims.get("standing", 0)),
        )
