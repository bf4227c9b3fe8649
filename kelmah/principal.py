"""Who is asking."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The authenticated caller, as told by a signed access token; never by a field of a request.

    ``scopes`` are ``(kind, id)`` pairs that a role is limited to; ``mfa_level`` is 0 without a second factor.
    """

    user_id: UUID
    roles: frozenset[str] = field(default_factory=frozenset)
    session_id: UUID | None = None
    scopes: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    company_id: UUID | None = None
    mfa_level: int = 0

    # What Django REST framework asks of a user object.
    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> UUID:
        return self.user_id

    def has_role(self, *names: str) -> bool:
        """Whether the caller holds at least one of the roles."""
        return not self.roles.isdisjoint(names)
