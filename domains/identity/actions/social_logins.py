"""What a proven identity is good for: an account of its own, or another way into the one somebody has."""

from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError

from domains.identity import rules
from domains.identity.actions.accounts import make_member
from domains.identity.actions.login import finish_login, settled
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import Device, IssuedTokens
from domains.identity.actions.social_flows import end_flow, knows_secret
from domains.identity.gateways import oidc
from domains.identity.models import SocialFlow, SocialLogin, User
from domains.identity.queries import lock_user
from domains.identity.queries import social as queries
from domains.identity.rules import social
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import DomainError, FieldError, InvalidInput
from kelmah.ids import new_id

_MEANING: dict[str, type[DomainError]] = {
    "identity_user_email_key": social.LinkNeeded,
    "social_login_of_one_account": social.AlreadyLinked,
    "social_login_once_per_provider": social.AlreadyLinked,
}


def register(
    *,
    flow_secret: str,
    role: str,
    display_name: str = "",
    locale: str = "en",
    zone: str = rules.HOME_ZONE,
    device: Device,
) -> IssuedTokens:
    """A new worker or hirer with the address that the provider vouches for and without a password, logged in.

    ``display_name`` may be empty when the provider has said a good one. Raises SocialFlowInvalid, MailNotVerified,
    LinkNeeded, AlreadyLinked, InvalidInput.
    """
    if role not in rules.ROLES_TO_CHOOSE:
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", "Choose worker or hirer.")])
    try:
        with atomic("identity"):
            flow = queries.lock_flow(state="exchanged", secret_hash=social.hash_of(flow_secret))
            if not flow.email_verified:
                raise social.MailNotVerified()
            name = rules.clean_display_name(display_name or flow.name)
            user = make_member(
                email=flow.email,
                password=make_password(None),
                role=role,
                display_name=name,
                locale=locale,
                zone=zone,
            )
            _link(user, flow)
            end_flow(flow, "finish")
            outcome = finish_login(user, device, amr=(social.AMR,))
    except IntegrityError as error:
        raise _meaning(error) from None
    return settled(outcome)


def link(*, user_id: UUID, flow_secret: str, code: str = "", device_name: str = "") -> SocialLogin:
    """Another way into the caller's own account, which they have just proven to be theirs.

    ``code`` is the one of the redirect, or empty after its exchange. Raises SocialFlowInvalid, AlreadyLinked,
    StaffNotLinked.
    """
    try:
        with atomic("identity"):
            flow = _proven_flow(flow_secret, code)
            user = lock_user(user_id)  # two links of one provider at once, or an end of the account
            if user.is_staff:
                raise social.StaffNotLinked()
            made = _link(user, flow)
            end_flow(flow, "finish")
            tell(user.id, "login_linked", device=device_name, detail=oidc.title_of(made.provider))
            return made
    except IntegrityError as error:
        raise _meaning(error) from None


def unlink(*, user_id: UUID, login_id: UUID) -> None:
    """Raises NotFound; LastWayIn when nothing else opens the account."""
    with atomic("identity"):
        user = lock_user(user_id)  # of two that are unlinked at once one must stay
        login = queries.own_social_login(user_id, login_id)
        if not user.has_usable_password() and queries.social_logins(user_id).count() == 1:
            raise social.LastWayIn()
        login.delete()
        tell(user_id, "login_unlinked", detail=oidc.title_of(login.provider))


# Private functions


def _proven_flow(flow_secret: str, code: str) -> SocialFlow:
    if not code:
        return queries.lock_flow(state="exchanged", secret_hash=social.hash_of(flow_secret))
    flow = queries.lock_flow(state="proven", code_hash=social.hash_of(code))
    if not knows_secret(flow, flow_secret):
        raise social.SocialFlowInvalid()
    return flow


def _link(user: User, flow: SocialFlow) -> SocialLogin:
    return SocialLogin.objects.create(
        id=new_id(),
        user=user,
        provider=flow.provider,
        subject=flow.subject,
        email=flow.email,
        linked_at=clock.now(),
    )


def _meaning(error: IntegrityError) -> Exception:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return _MEANING[name]() if name in _MEANING else error
