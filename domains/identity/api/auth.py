"""Logging in, and what keeps a session alive."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import actions, rules
from domains.identity.actions import hashing
from domains.identity.api.callers import device_of, ip_of
from domains.identity.api.serializers.accounts import LoginIn, RefreshIn, TokensOut, render_tokens
from domains.identity.rules.factors import SecondFactorRequired
from kelmah.http.errors import TokenInvalid
from kelmah.http.permissions import Anyone, Authenticated
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


class Login(View):
    """No bearer token is looked at here, nor in the next one: a stale one must not keep anybody out."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    def check_room(self) -> None:
        hashing.check_room()

    @operation(
        summary="Log in with an e-mail address or phone number",
        description="Five wrong passwords lock the account for half an hour. All refusals look the same. Whoever has a "
        "second factor gets 401 `second_factor_required` with a `login_token` to send it with.",
        request=LoginIn,
        response=TokensOut,
        errors=[rules.LoginFailed, SecondFactorRequired],
        example_request={"login": "ama@example.com", "password": "seven cedis for kenkey", "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(LoginIn, request.data)
        device = device_of(request, name=wanted.pop("device_name"))
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
        return Response(render_tokens(actions.refresh(**wanted, ip=ip_of(request))))


class Logout(View):
    permission_classes = [Authenticated]
    open_to_limited_sessions = True

    @operation(summary="End this session", description="Its refresh token and its access tokens stop working.")
    def post(self, request: Request) -> Response:
        actions.log_out(session_id=request.user.session_id)
        return Response(status=204)
