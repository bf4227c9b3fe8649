"""Who is asking."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID


class Grant(NamedTuple):
    """A role held within one scope, and nowhere else: ``("company_hiring", "company", "<id>")``."""

    role: str
    scope_kind: str
    scope_id: str


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The authenticated caller, as told by a signed access token; never by a field of a request.

    ``roles`` are held everywhere, ``grants`` within a scope each; ``mfa_level`` is 0 without a second factor.
    ``key_id``: a program speaks for them, with an API key that has ``key_scopes``; in ``test_mode`` it changes nothing.
    ``impersonated_by``: somebody of staff looks as if they were them. ``restricted``: permissions that they don't have
    for a time, whatever their roles.
    """

    user_id: UUID
    roles: frozenset[str] = field(default_factory=frozenset)
    session_id: UUID | None = None
    grants: frozenset[Grant] = field(default_factory=frozenset)
    company_id: UUID | None = None
    mfa_level: int = 0
    key_id: UUID | None = None
    key_scopes: frozenset[str] = field(default_factory=frozenset)
    test_mode: bool = False
    impersonated_by: UUID | None = None
    restricted: frozenset[str] = field(default_factory=frozenset)

    # What Django REST framework asks of a user object.
    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> UUID:
        return self.user_id

    @property
    def scopes(self) -> frozenset[tuple[str, str]]:
        """``(kind, id)`` of everything they hold a role within."""
        return frozenset((grant.scope_kind, grant.scope_id) for grant in self.grants)

    def has_role(self, *names: str) -> bool:
        """Whether the caller holds at least one of the roles, everywhere."""
        return not self.roles.isdisjoint(names)
