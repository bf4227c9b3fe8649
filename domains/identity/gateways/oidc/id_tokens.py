"""Whether an ID token is the provider's, for us, for this flow, and of now (OpenID Connect Core, 3.1.3.7)."""

import hmac
from collections.abc import Mapping
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError

from domains.identity.gateways.oidc.metadata import keys_of
from domains.identity.rules import social
from kelmah import clock

ALGORITHMS: Final = ("RS256", "PS256", "ES256")  # none that a public key, or nothing, could sign with
LEEWAY: Final = 60  # seconds between the provider's clock and ours


def proven_claims(provider: social.Provider, *, id_token: str, access_token: str, nonce: str) -> Mapping[str, Any]:
    """What the token says, once it is proven. Raises IdentityNotProven, ProviderUnavailable (its keys)."""
    try:
        kid = jws.extract_compact(id_token.encode()).headers().get("kid")
        keys = keys_of(provider, kid=kid if isinstance(kid, str) else None)
        token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={"iss": {"essential": True, "value": provider.issuer}, "aud": {"value": provider.client_id}},
            params={"client_id": provider.client_id, "access_token": access_token},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise social.IdentityNotProven() from error
    _check_nonce(provider, claims.get("nonce"), nonce)
    return dict(claims)


# Private functions


def _check_nonce(provider: social.Provider, said: object, ours: str) -> None:
    if said is None and not provider.sends_nonce:
        return
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), ours.encode()):
        raise social.IdentityNotProven()
