"""Staff's desk for people: who they are, where they are logged in, and switching an account off and on."""

from domains.identity.admin import api_keys, companies, events, grants, people, privacy, sessions

__all__ = ["api_keys", "companies", "events", "grants", "people", "privacy", "sessions"]
