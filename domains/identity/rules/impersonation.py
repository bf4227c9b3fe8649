"""Staff who look at Kelmah as somebody else does: whom, why and for how long."""

from typing import Final

from domains.identity.rules.texts import is_plain
from kelmah.errors import FieldError, Forbidden, InvalidInput

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 300


class NotToBeImpersonated(Forbidden):
    """Staff, accounts that are not active, and oneself."""

    code, title = "not_to_be_impersonated", "Only active workers and hirers can be looked at like this"


def clean_reason(text: str) -> str:
    """On one line, as the person will read it. Raises InvalidInput."""
    reason = " ".join(text.split())
    if not is_plain(reason) or not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        detail = f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} characters: the person will read it."
        raise InvalidInput(errors=[FieldError("/reason", "invalid", detail)])
    return reason
