"""Who may do what: decided by the roles that a token names and the permissions that domains declare; else refused.

What somebody may do with a thing of their own is asked in a domain's queries and actions, which know whose it is.
"""

from kelmah.http.errors import Restricted, WrongRole
from kelmah.principal import Principal
from kelmah.rights.declared import declared

Scope = tuple[str, str]


class UnknownPermission(LookupError):
    """No domain declares it: a mistake in the program, never an answer."""


def can(principal: Principal | None, permission: str, scope: Scope | None = None) -> bool:
    """Whether a role that they hold everywhere, or within this scope ``(kind, id)``, has the permission, and nothing
    keeps them from it for a time. Raises UnknownPermission.
    """
    holders = holders_of(permission)
    if principal is None or permission in principal.restricted:
        return False
    within = {grant.role for grant in principal.grants if (grant.scope_kind, grant.scope_id) == scope}
    return not holders.isdisjoint(principal.roles | within)


def can_somewhere(principal: Principal | None, permission: str) -> bool:
    """Whether they have the permission everywhere or within some scope. Raises UnknownPermission."""
    return can(principal, permission) or any(
        can(principal, permission, (grant.scope_kind, grant.scope_id))
        for grant in (principal.grants if principal else ())
    )


def check(principal: Principal | None, permission: str, scope: Scope | None = None) -> None:
    """As ``can``. Raises WrongRole or Restricted (Forbidden both) where that says no, and UnknownPermission."""
    check_restrictions(principal, permission)
    if not can(principal, permission, scope):
        raise WrongRole(refusal(permission))


def check_restrictions(principal: Principal | None, permission: str) -> None:
    """Raises Restricted where something keeps them from it for a time."""
    if principal is not None and permission in principal.restricted:
        raise Restricted(data={"restrictions": "/api/v1/me/restrictions"})


def holders_of(permission: str) -> frozenset[str]:
    """The roles that have the permission. Raises UnknownPermission."""
    try:
        return declared().holders[permission]
    except KeyError:
        raise UnknownPermission(permission) from None


def refusal(permission: str) -> str:
    """What to tell somebody without the permission."""
    known = declared()
    holders = [name for name in known.roles if name in holders_of(permission)]
    return f"Only {_listed(holders)} may do this." if holders else "Nobody may do this."


# Private functions


def _listed(names: list[str]) -> str:
    article = "an" if names[0][0] in "aeiou" else "a"
    return f"{article} {' or '.join(names)}"
