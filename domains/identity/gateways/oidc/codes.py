"""The authorization code flow with PKCE (RFC 6749, 4.1; RFC 7636)."""

from dataclasses import dataclass

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from domains.identity.gateways.oidc.fetching import ask
from domains.identity.gateways.oidc.metadata import metadata_of
from domains.identity.rules import social


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What only the browser that we sent to the provider can bring back, and what only we can add to it."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


def authorization_url(provider: social.Provider, proof: Proof) -> str:
    """Where to send the browser. Raises ProviderUnavailable."""
    pkce = {"code_challenge": create_s256_code_challenge(proof.verifier), "code_challenge_method": "S256"}
    return str(
        prepare_grant_uri(
            metadata_of(provider).authorization_endpoint,
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=proof.redirect_uri,
            scope=provider.scopes,
            state=proof.state,
            nonce=proof.nonce,
            **(pkce if provider.pkce else {}),
        )
    )


def redeem(provider: social.Provider, proof: Proof, *, code: str) -> tuple[str, str]:
    """The ID token and the access token for a code, unread. Raises ProviderUnavailable, ProviderRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": proof.redirect_uri,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    }
    if provider.pkce:
        form["code_verifier"] = proof.verifier
    answer = ask(provider, metadata_of(provider).token_endpoint, form=form)
    id_token, access_token = answer.body.get("id_token"), answer.body.get("access_token", "")
    if not answer.ok or not isinstance(id_token, str) or not isinstance(access_token, str):
        raise social.ProviderRefused()
    return id_token, access_token
