"""Staff's desk for people: who they are, where they are logged in, and switching an account off and on."""

from domains.identity.admin import companies, events, grants, people, sessions

__all__ = ["companies", "events", "grants", "people", "sessions"]
