"""What an access token says of its session."""

from domains.identity import queries
from domains.identity.models import AuthSession
from domains.identity.queries.factors import needs_factor
from domains.identity.rules.factors import is_strong
from kelmah.http.keys import sign_access_token


def issue_access_token(session: AuthSession) -> str:
    """What the session may be taken for, for ten minutes: by the roles, and for the company, of this moment.

    It says how and when they proved who they are. ``limited``: one of the roles needs a second factor, and this session
    has shown none.
    """
    standing, strong = queries.standing_of(session.user), is_strong(session.amr)
    fresh_at = session.stepped_up_at or session.auth_time
    limited = {"limited": True} if needs_factor(standing.roles) and not strong else {}
    return sign_access_token(
        {
            "sub": str(session.user_id),
            "sid": str(session.id),
            "roles": standing.roles,
            "grants": standing.grants,
            "restricted": standing.restricted,
            "scopes": sorted({(grant.scope_kind, grant.scope_id) for grant in standing.grants}),
            "amr": session.amr,
            "auth_time": int(session.auth_time.timestamp()),
            "fresh": int(fresh_at.timestamp()),
            "mfa": int(strong),
            "company": str(session.company_id) if session.company_id else None,
            # Read before the roles: a token with the roles of before never bears the standing of after.
            "standing": session.user.standing,
            **limited,
        }
    )
