"""Second steps of logins, passkeys alone, and proving again who is there."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import passkey_login, second_factor, step_up
from domains.identity.api.auth import TOKENS
from domains.identity.api.callers import device_of
from domains.identity.api.factors import OPTIONS
from domains.identity.api.serializers.accounts import TokensOut, render_tokens
from domains.identity.api.serializers.factors import (
    OptionsOut,
    PasskeyLoginIn,
    SecondFactorIn,
    SteppedUpOut,
    StepUpIn,
    proof_in,
)
from domains.identity.rules import factors as rules
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

USE = {
    "id": "pXb0…",
    "rawId": "pXb0…",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0…", "authenticatorData": "SZYN…", "signature": "MEUC…", "userHandle": "AZMN…"},
}


class _OpenToAll(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"


class LoginSecondFactor(_OpenToAll):
    @operation(
        summary="Finish a login with the second factor",
        description="The `login_token` came with 401 `second_factor_required`; it works once, within five minutes and "
        "five tries. Five wrong proofs lock the second factors of the account for half an hour.",
        request=SecondFactorIn,
        response=TokensOut,
        errors=[rules.SecondFactorFailed, rules.LoginTokenInvalid],
        example_request={"login_token": "Zq1Y0n2sXk5…", "totp": "492039", "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(SecondFactorIn, request.data)
        tokens = second_factor.complete_login(
            login_token=wanted["login_token"],
            proof=proof_in(wanted),
            device=device_of(request, name=wanted["device_name"]),
        )
        return Response(render_tokens(tokens))


class PasskeyLoginOptions(_OpenToAll):
    @operation(
        summary="Begin to log in by a passkey alone",
        description="Options for `navigator.credentials.get`, good for five minutes and one answer.",
        response=OptionsOut,
        example_response={"options": OPTIONS},
    )
    def post(self, request: Request) -> Response:
        return Response({"options": passkey_login.login_options()})


class PasskeyLogin(_OpenToAll):
    @operation(
        summary="Log in by a passkey alone",
        request=PasskeyLoginIn,
        response=TokensOut,
        errors=[rules.SecondFactorFailed],
        example_request={"credential": USE, "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(PasskeyLoginIn, request.data)
        device = device_of(request, name=wanted["device_name"])
        return Response(render_tokens(passkey_login.log_in_by_passkey(credential=wanted["credential"], device=device)))


class StepUp(View):
    permission_classes = [Authenticated]
    rate_class = "auth"
    open_to_limited_sessions = True

    @operation(
        summary="Prove again who I am",
        description="By any of my second factors; by the password only without any. The new access token is fresh for "
        "ten minutes; the refresh token stays.",
        request=StepUpIn,
        response=SteppedUpOut,
        errors=[rules.ProofRefused, rules.StrongerProofNeeded],
        example_request={"totp": "492039"},
        example_response={
            "access_token": TOKENS["access_token"],
            "token_type": "Bearer",
            "expires_in": 600,
            "fresh_at": "2026-11-20T09:00:00Z",
        },
    )
    def post(self, request: Request) -> Response:
        proof = proof_in(valid(StepUpIn, request.data))
        done = step_up.step_up(user_id=request.user.user_id, session_id=request.user.session_id, proof=proof)
        return Response(
            {
                "access_token": done.access_token,
                "token_type": "Bearer",
                "expires_in": done.expires_in,
                "fresh_at": done.fresh_at,
            }
        )


class StepUpOptions(View):
    permission_classes = [Authenticated]
    rate_class = "auth"
    open_to_limited_sessions = True

    @operation(
        summary="Begin to prove it by a passkey",
        description="Options for `navigator.credentials.get`, good for five minutes and one answer.",
        response=OptionsOut,
        errors=[rules.ProofRefused],
        example_response={"options": OPTIONS},
    )
    def post(self, request: Request) -> Response:
        return Response({"options": step_up.passkey_options(user_id=request.user.user_id)})
