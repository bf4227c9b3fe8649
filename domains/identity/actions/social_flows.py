"""Going to a provider and coming back: from the button to a proven identity, and from there to a session.

What a flow needs later is in no table. State, secret and code are kept as hashes; PKCE's verifier and the nonce are
derived from the state, which only the browser brings back, and the process's own secret: whoever reads the rows can
neither redeem a code nor make an ID token fit.
"""

import base64
import hmac
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.crypto import salted_hmac

from domains.identity import rules
from domains.identity.actions.login import finish_login, settled
from domains.identity.actions.second_factor import Owed
from domains.identity.actions.sessions import Device, IssuedTokens
from domains.identity.gateways import oidc
from domains.identity.models import SocialFlow, User
from domains.identity.queries import lock_user
from domains.identity.queries import social as queries
from domains.identity.rules import social
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import DomainError, NotFound
from kelmah.ids import new_id

log = structlog.get_logger(__name__)

_REFUSALS = (
    social.SocialFlowInvalid,
    social.ProviderRefused,
    social.ProviderUnavailable,
    social.IdentityNotProven,
)


@dataclass(frozen=True, kw_only=True)
class StartedFlow:
    """Where to send the browser, and the secret without which nobody gets anything out of what it brings back."""

    authorization_url: str
    flow_secret: str
    expires_in: int


def offered() -> list[social.Provider]:
    """Through whom one may log in."""
    return list(oidc.providers().values())


def start(*, provider: str, redirect_to: str = "") -> StartedFlow:
    """Begin a login through a provider. Raises NotFound, RedirectNotAllowed, ProviderUnavailable."""
    asked = provider_named(provider)
    target = social.check_redirect(redirect_to, allowed=settings.SOCIAL_REDIRECTS)
    (state, state_hash), (secret, secret_hash) = social.new_secret(), social.new_secret()
    url = oidc.authorization_url(asked, _proof(asked, state))
    now = clock.now()
    with atomic("identity"):
        SocialFlow.objects.create(
            id=new_id(),
            provider=asked.name,
            state_hash=state_hash,
            secret_hash=secret_hash,
            redirect_to=target,
            created_at=now,
            expires_at=now + social.FLOW_LIFETIME,
        )
    return StartedFlow(authorization_url=url, flow_secret=secret, expires_in=int(social.FLOW_LIFETIME.total_seconds()))


def come_back(*, provider: str, state: str, code: str = "", error: str = "", issuer: str = "") -> str:
    """Where to send the browser that a provider sent us: to where the flow was begun, with a code for sixty seconds or
    the code of a problem. ``issuer`` is RFC 9207's ``iss``. Raises NotFound.

    Two short transactions with the provider's answers between them: the state is spent before anything is asked, so
    that of two who bring it one goes on, and a crash between the two costs a new start.
    """
    asked = provider_named(provider)
    flow = _claim(state)
    if flow is None:
        return social.way_back(settings.SOCIAL_REDIRECTS[0], error=social.SocialFlowInvalid.code)
    try:
        if flow.provider != asked.name or issuer not in ("", asked.issuer):
            raise social.SocialFlowInvalid()  # somebody mixes up two providers to get at the code of one
        identity = _ask(asked, _proof(asked, state), code="" if error else code)
        return social.way_back(flow.redirect_to, code=_prove(flow.id, identity))
    except _REFUSALS as refusal:
        log.info("social_login_refused", provider=asked.name, code=refusal.code, reason=repr(refusal.__cause__))
        _fail(flow.id)
        return social.way_back(flow.redirect_to, error=refusal.code)


def exchange(*, code: str, flow_secret: str, device: Device) -> IssuedTokens:
    """A session for whoever began the flow, if its identity is linked to an account.

    Otherwise the flow stays open for fifteen minutes, for its secret alone: RegistrationNeeded, LinkNeeded,
    MailNotVerified say what for. Raises SocialFlowInvalid, LoginFailed (the account isn't active), and as ``settled``.
    """
    with atomic("identity"):
        flow = queries.lock_flow(state="proven", code_hash=social.hash_of(code))  # of two exchanges one finds it
        outcome = _outcome(flow, flow_secret, device)
    if isinstance(outcome, DomainError):
        raise outcome  # after the commit: what it says has happened
    return settled(outcome)


def provider_named(name: str) -> social.Provider:
    """Raises NotFound for one that is not offered."""
    found = oidc.providers().get(name)
    if found is None:
        raise NotFound("This provider is not offered here.")
    return found


def knows_secret(flow: SocialFlow, flow_secret: str) -> bool:
    return hmac.compare_digest(bytes(flow.secret_hash), social.hash_of(flow_secret))


def end_flow(flow: SocialFlow, step: str) -> None:
    """Nothing of the person stays behind. Inside the caller's transaction."""
    flow.state, flow.code_hash = social.SOCIAL_FLOW.check(step, flow.state), None
    flow.subject = flow.email = flow.name = ""
    flow.email_verified = False
    flow.save(update_fields=["state", "code_hash", "subject", "email", "name", "email_verified"])


# Private functions


def _proof(provider: social.Provider, state: str) -> oidc.Proof:
    return oidc.Proof(
        state=state,
        nonce=_derived("nonce", state),
        verifier=_derived("verifier", state),
        redirect_uri=f"{settings.JWT_ISSUER}/api/v1/auth/social/{provider.name}/callback",
    )


def _derived(what: str, state: str) -> str:
    digest = salted_hmac(f"kelmah.identity.social.{what}", state, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _claim(state: str) -> SocialFlow | None:
    try:
        with atomic("identity"):
            flow = queries.lock_flow(state="started", state_hash=social.hash_of(state))
            flow.state = social.SOCIAL_FLOW.check("ask", flow.state)
            flow.save(update_fields=["state"])
            return flow
    except social.SocialFlowInvalid:
        return None


def _ask(provider: social.Provider, proof: oidc.Proof, *, code: str) -> social.SocialIdentity:
    if not code:
        raise social.ProviderRefused()
    id_token, access_token = oidc.redeem(provider, proof, code=code)
    claims = oidc.proven_claims(provider, id_token=id_token, access_token=access_token, nonce=proof.nonce)
    return social.identity_of(claims)


def _fail(flow_id: UUID) -> None:
    with atomic("identity"):
        if (flow := queries.lock_asked_flow(flow_id)) is not None:
            end_flow(flow, "fail")


def _prove(flow_id: UUID, identity: social.SocialIdentity) -> str:
    code, code_hash = social.new_secret()
    with atomic("identity"):
        if (flow := queries.lock_asked_flow(flow_id)) is None:
            raise social.SocialFlowInvalid()
        flow.state, flow.code_hash = social.SOCIAL_FLOW.check("prove", flow.state), code_hash
        flow.subject, flow.name = identity.subject, identity.name
        flow.email, flow.email_verified = identity.email, identity.email_verified
        flow.expires_at = clock.now() + social.CODE_LIFETIME
        flow.save()
    return code


def _outcome(flow: SocialFlow, flow_secret: str, device: Device) -> IssuedTokens | Owed | DomainError:
    if not knows_secret(flow, flow_secret):
        end_flow(flow, "burn")  # the code was seen by somebody else
        return social.SocialFlowInvalid()
    user = _owner(flow)
    if user is None:
        return _hold(flow)
    end_flow(flow, "finish")
    if not user.may_log_in:
        return rules.LoginFailed()
    user.last_login = clock.now()
    user.save(update_fields=["last_login"])
    return finish_login(user, device, amr=(social.AMR,))


def _owner(flow: SocialFlow) -> User | None:
    """Whose account the identity opens, locked."""
    user_id = queries.account_of_identity(flow.provider, flow.subject)
    user = lock_user(user_id) if user_id else None
    # It may have been unlinked while we waited for the row.
    return user if user and queries.account_of_identity(flow.provider, flow.subject) == user.id else None


def _hold(flow: SocialFlow) -> DomainError:
    """Keep what was proven for the next step, which the answer names."""
    flow.state, flow.code_hash = social.SOCIAL_FLOW.check("exchange", flow.state), None
    flow.expires_at = clock.now() + social.CHOICE_LIFETIME
    flow.save(update_fields=["state", "code_hash", "expires_at"])
    if not flow.email_verified:
        return social.MailNotVerified()
    if queries.is_address_taken(flow.email):
        return social.LinkNeeded(data={"email": flow.email})
    return social.RegistrationNeeded(data={"email": flow.email, "display_name": flow.name})
