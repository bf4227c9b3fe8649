"""Logging in through a provider, and which of one's identities open the account."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import rules
from domains.identity.actions import social_flows, social_logins
from domains.identity.api.auth import TOKENS
from domains.identity.api.callers import device_of
from domains.identity.api.serializers.accounts import TokensOut, render_tokens
from domains.identity.api.serializers.social import (
    ComeBackQuery,
    ExchangeIn,
    LinkIn,
    ProvidersOut,
    SocialLoginOut,
    SocialLoginsOut,
    SocialRegisterIn,
    StartedFlowOut,
    StartIn,
    render_provider,
    render_social_login,
    render_started_flow,
)
from domains.identity.queries import social as queries
from domains.identity.rules import social
from domains.identity.rules.factors import SecondFactorRequired
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

SECRET = "9lq3nT0m1Z8sQh5pQy7c2w4uXv6eRk0aBd1fGj3iLoM"  # noqa: S105 - an example
LOGIN = {
    "id": "01930d2a-0b00-7c33-8d33-5e9c7c3f1a03",
    "provider": "google",
    "email": "ama@gmail.com",
    "linked_at": "2026-05-01T09:00:00Z",
}


class SocialProviders(View):
    permission_classes = [Anyone]
    authentication_classes = []

    @operation(
        summary="Through whom one may log in",
        response=ProvidersOut,
        example_response={"items": [{"name": "google", "title": "Google"}]},
    )
    def get(self, request: Request) -> Response:
        return Response({"items": [render_provider(each) for each in social_flows.offered()]})


class SocialStart(View):
    """No bearer token is looked at here, nor in the next three: a stale one must not keep anybody out."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Begin a login through a provider",
        description="Send the browser to the address. It comes back to `redirect_to`, one of those that the operator "
        "allows, with `code`, or with `error`, the code of a problem. To link an identity, begin here too.",
        request=StartIn,
        response=StartedFlowOut,
        status=201,
        errors=[social.RedirectNotAllowed, social.ProviderUnavailable],
        example_request={"redirect_to": "https://app.example.com/auth/social"},
        example_response={
            "authorization_url": "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&…",
            "flow_secret": SECRET,
            "expires_in": 600,
        },
    )
    def post(self, request: Request, provider: str) -> Response:
        flow = social_flows.start(provider=provider, **valid(StartIn, request.data))
        return Response(render_started_flow(flow), status=201)


class SocialCallback(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Come back from a provider",
        description="For browsers that a provider sends. Always sends them on, with `code` or `error` in the query.",
        query=ComeBackQuery,
        status=302,
    )
    def get(self, request: Request, provider: str) -> Response:
        # Whatever came is no reason to keep a person on a page of JSON: what is too long or odd fits no flow.
        said = {name: request.query_params.get(name, "")[: social.LONGEST_CODE] for name in _BROUGHT}
        there = social_flows.come_back(
            provider=provider, state=said["state"], code=said["code"], error=said["error"], issuer=said["iss"]
        )
        return Response(status=302, headers={"Location": there})


class SocialExchange(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Exchange the code of the redirect for tokens",
        description="Within sixty seconds, once, and only with the secret of the flow. Where the identity opens no "
        "account yet, 409 says what is to be done within fifteen minutes: `registration_needed`, `link_needed` (log in "
        "as usual, then `POST /me/social-logins`) or `mail_not_verified` (log in or sign up as usual, then link).",
        request=ExchangeIn,
        response=TokensOut,
        errors=[
            social.SocialFlowInvalid,
            rules.LoginFailed,
            SecondFactorRequired,
            social.RegistrationNeeded,
            social.LinkNeeded,
            social.MailNotVerified,
        ],
        example_request={"code": SECRET[::-1], "flow_secret": SECRET, "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(ExchangeIn, request.data)
        device = device_of(request, name=wanted.pop("device_name"))
        return Response(render_tokens(social_flows.exchange(**wanted, device=device)))


class SocialRegister(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Sign up with an identity nobody has yet",
        description="With the e-mail address that the provider vouches for, without a password, and logged in at once. "
        "Without `display_name` the provider's is taken.",
        request=SocialRegisterIn,
        response=TokensOut,
        status=201,
        errors=[social.SocialFlowInvalid, social.MailNotVerified, social.LinkNeeded, social.AlreadyLinked],
        example_request={"flow_secret": SECRET, "role": "hirer"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(SocialRegisterIn, request.data)
        device = device_of(request, name=wanted.pop("device_name"))
        return Response(render_tokens(social_logins.register(**wanted, device=device)), status=201)


class MySocialLogins(View):
    permission_classes = [Authenticated]
    needs_fresh_proof = True

    @operation(
        summary="Which identities open my account",
        response=SocialLoginsOut,
        example_response={"items": [LOGIN]},
    )
    def get(self, request: Request) -> Response:
        return Response({"items": [render_social_login(each) for each in queries.social_logins(request.user.user_id)]})

    @operation(
        summary="Link an identity to my account",
        description="One per provider. What was proven in a flow begun with `POST /auth/social/{provider}/start`.",
        request=LinkIn,
        response=SocialLoginOut,
        status=201,
        errors=[social.SocialFlowInvalid, social.AlreadyLinked, social.StaffNotLinked],
        example_request={"flow_secret": SECRET, "code": SECRET[::-1]},
        example_response=LOGIN,
    )
    def post(self, request: Request) -> Response:
        made = social_logins.link(user_id=request.user.user_id, **valid(LinkIn, request.data))
        return Response(render_social_login(made), status=201)


class MySocialLogin(View):
    permission_classes = [Authenticated]
    needs_fresh_proof = True

    @operation(
        summary="Unlink an identity",
        description="Never the last way to log in: set a password first.",
        errors=[social.LastWayIn],
    )
    def delete(self, request: Request, login_id: UUID) -> Response:
        social_logins.unlink(user_id=request.user.user_id, login_id=login_id)
        return Response(status=204)


_BROUGHT = ("state", "code", "error", "iss")
