"""Signing up, logging in, and what keeps a session alive."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import actions, rules
from domains.identity.api.serializers import (
    LoginIn,
    LoginOut,
    RefreshIn,
    RegisterIn,
    TokensOut,
    render_tokens,
    render_user,
)
from kelmah.errors import Unavailable
from kelmah.http.address import client_address
from kelmah.http.errors import TokenInvalid
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

USER = {
    "id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "role": "hirer",
    "display_name": "Ama",
    "email": "ama@example.com",
    "phone": None,
}
TOKENS = {
    "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.MEUCIQ",
    "refresh_token": "01930d2a0a007b228c224d8b6b2e0f02.Zq1Y0n2sXk5…",
    "token_type": "Bearer",
    "expires_in": 600,
    "session_id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05",
}


class Register(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Sign up as a worker or a hirer",
        description="At least an e-mail address or a phone number. Logs in at once.",
        request=RegisterIn,
        response=LoginOut,
        status=201,
        errors=[rules.LoginTaken, Unavailable],
        example_request={
            "email": "ama@example.com",
            "password": "seven cedis for kenkey",
            "role": "hirer",
            "display_name": "Ama",
        },
        example_response={"user": USER, **TOKENS},
    )
    def post(self, request: Request) -> Response:
        user, tokens = actions.register(**valid(RegisterIn, request.data), device=_device(request, name=""))
        return Response({"user": render_user(user), **render_tokens(tokens)}, status=201)


class Login(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Log in with an e-mail address or phone number",
        description="Five wrong passwords lock the account for half an hour. All refusals look the same.",
        request=LoginIn,
        response=LoginOut,
        errors=[rules.LoginFailed, Unavailable],
        example_request={"login": "ama@example.com", "password": "seven cedis for kenkey", "device_name": "Pixel 7"},
        example_response={"user": USER, **TOKENS},
    )
    def post(self, request: Request) -> Response:
        wanted = valid(LoginIn, request.data)
        user, tokens = actions.log_in(
            login=wanted["login"],
            password=wanted["password"],
            device=_device(request, name=wanted["device_name"]),
        )
        return Response({"user": render_user(user), **render_tokens(tokens)})


class Refresh(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Exchange a refresh token for new tokens",
        description="A refresh token works once. Of parallel calls one wins, the others get 409 for ten seconds; "
        "after that an old token ends the session.",
        request=RefreshIn,
        response=TokensOut,
        errors=[TokenInvalid, rules.TokenReused, rules.RefreshInProgress],
        example_request={"refresh_token": TOKENS["refresh_token"]},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        return Response(render_tokens(actions.refresh(**valid(RefreshIn, request.data))))


class Logout(View):
    rate_class = "auth"

    @operation(summary="End this session", description="Its refresh token and its access tokens stop working.")
    def post(self, request: Request) -> Response:
        actions.log_out(session_id=request.user.session_id)
        return Response(status=204)


# Private functions


def _device(request: Request, *, name: str) -> actions.Device:
    return actions.Device(
        name=name, address=str(client_address(request)), user_agent=request.headers.get("User-Agent", "")
    )
