"""Staff's desk for people: who they are, how they prove it, where they are logged in; switching accounts off and on."""

from domains.identity.admin import (
    analytics,
    api_keys,
    companies,
    directory,
    events,
    factor_resets,
    grants,
    impersonation,
    papers,
    people,
    privacy,
    restrictions,
    sessions,
)

__all__ = [
    "analytics",
    "api_keys",
    "companies",
    "directory",
    "events",
    "factor_resets",
    "grants",
    "impersonation",
    "papers",
    "people",
    "privacy",
    "restrictions",
    "sessions",
]
