"""Signing up, logging in, and what keeps a session alive."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import actions, rules
from domains.identity.api.serializers.accounts import LoginIn, RefreshIn, RegisterIn, TokensOut, render_tokens
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
    "user": USER,
    "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.MEUCIQ",
    "refresh_token": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05.Zq1Y0n2sXk5…",
    "token_type": "Bearer",
    "expires_in": 600,
    "session_id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05",
}


class Register(View):
    """No bearer token is looked at here, nor in the next two: a stale one must not keep anybody out."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Sign up as a worker or a hirer",
        description="At least an e-mail address or a phone number. Logs in at once.",
        request=RegisterIn,
        response=TokensOut,
        status=201,
        errors=[rules.LoginTaken],
        example_request={
            "email": "ama@example.com",
            "password": "seven cedis for kenkey",
            "role": "hirer",
            "display_name": "Ama",
        },
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        tokens = actions.register(**valid(RegisterIn, request.data), device=_device(request, name=""))
        return Response(render_tokens(tokens), status=201)


class Login(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Log in with an e-mail address or phone number",
        description="Five wrong passwords lock the account for half an hour. All refusals look the same.",
        request=LoginIn,
        response=TokensOut,
        errors=[rules.LoginFailed],
        example_request={"login": "ama@example.com", "password": "seven cedis for kenkey", "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(LoginIn, request.data)
        device = _device(request, name=wanted.pop("device_name"))
        return Response(render_tokens(actions.log_in(**wanted, device=device)))


class Refresh(View):
    permission_classes = [Anyone]
    authentication_classes = []
    # Nothing to guess in 256 bits: whoever shares an address with a hundred others must stay logged in. No answer is
    # kept for an Idempotency-Key, since it would hold tokens.
    rate_class = "write"
    idempotency_domain = ""

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
        wanted = valid(RefreshIn, request.data)
        return Response(render_tokens(actions.refresh(**wanted, ip=_ip(request))))


class Logout(View):
    @operation(summary="End this session", description="Its refresh token and its access tokens stop working.")
    def post(self, request: Request) -> Response:
        actions.log_out(session_id=request.user.session_id)
        return Response(status=204)


# Private functions


def _device(request: Request, *, name: str) -> actions.Device:
    return actions.Device(name=name, ip=_ip(request), user_agent=_printable(request.headers.get("User-Agent", "")))


def _ip(request: Request) -> str:
    return str(client_address(request._request))


def _printable(text: str) -> str:
    return "".join(each for each in text if rules.is_plain(each))
