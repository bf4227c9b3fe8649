"""What a good token is not enough for: steps that ask who is there now, and sessions that may only add a factor."""

from datetime import datetime, timedelta
from typing import Any, Final

from rest_framework.request import Request

from kelmah import clock
from kelmah.http.authentication import AccessToken, caller_of
from kelmah.http.errors import EnrolmentRequired, StepUpRequired

FRESH_FOR: Final = timedelta(minutes=10)
_SAFE = ("GET", "HEAD", "OPTIONS")


def check_freshness(request: Request, view: Any) -> None:
    """Let the request through if its token proves enough for the view. Nobody is let through: that is not asked here.

    Raises EnrolmentRequired for a limited session anywhere but where it may end being limited; StepUpRequired where the
    view ``needs_fresh_proof`` and the last proof is older than ``FRESH_FOR``, or the caller is a program without one.
    """
    if caller_of(request) is None:
        return
    token = request.auth if isinstance(request.auth, AccessToken) else None
    if token is not None and token.limited and not view.open_to_limited_sessions:
        raise EnrolmentRequired(data={"factors": "/api/v1/me/factors", "step_up": "/api/v1/auth/step-up"})
    if view.needs_fresh_proof and request.method not in _SAFE and not is_fresh(token, now=clock.now()):
        raise StepUpRequired(data={"step_up": "/api/v1/auth/step-up", "fresh_for": int(FRESH_FOR.total_seconds())})


def is_fresh(token: AccessToken | None, *, now: datetime) -> bool:
    """Whether who sent it proved who they are at most ``FRESH_FOR`` ago."""
    return token is not None and now - token.fresh_at <= FRESH_FOR
