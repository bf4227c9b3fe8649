"""OpenID Connect providers: where they send people, and what they say of whoever comes back.

Everything here talks to the network and is never called inside a transaction.
"""

from domains.identity.gateways.oidc.codes import Proof, authorization_url, redeem
from domains.identity.gateways.oidc.id_tokens import proven_claims
from domains.identity.gateways.oidc.metadata import providers, title_of

__all__ = ["Proof", "authorization_url", "proven_claims", "providers", "redeem", "title_of"]
