"""Signing up."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import rules
from domains.identity.actions import registration
from domains.identity.api.auth import TOKENS
from domains.identity.api.callers import device_of, ip_of
from domains.identity.api.serializers.accounts import TokensOut, render_tokens
from domains.identity.api.serializers.registration import (
    ConfirmRegistrationIn,
    RegisterIn,
    RegistrationIn,
    RegistrationOut,
)
from domains.identity.api.serializers.secrets import render_awaited
from domains.identity.rules.challenges import NothingAwaited, SecretRefused
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

ID = "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04"
AWAITED = {"registration_id": ID, "sent_to": "email", "expires_in": 86400}


class Register(View):
    """No bearer token is looked at here, nor in the next two: a stale one must not keep anybody out."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Sign up as a worker or a hirer",
        description="With an e-mail address or a phone number, to which a link or a code goes. The answer is the same "
        "when there is an account already; then the letter says so.",
        request=RegisterIn,
        response=RegistrationOut,
        status=202,
        example_request={
            "email": "ama@example.com",
            "password": "seven cedis for kenkey",
            "role": "hirer",
            "display_name": "Ama",
        },
        example_response=AWAITED,
    )
    def post(self, request: Request) -> Response:
        awaited = registration.begin_registration(**valid(RegisterIn, request.data), ip=ip_of(request))
        return Response(render_awaited(awaited, name="registration_id"), status=202)


class ResendRegistration(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Send the link or code of a sign-up again",
        description="A new one, with which the earlier one ends.",
        request=RegistrationIn,
        response=RegistrationOut,
        status=202,
        errors=[NothingAwaited],
        example_request={"registration_id": ID},
        example_response=AWAITED,
    )
    def post(self, request: Request) -> Response:
        awaited = registration.send_registration_again(**valid(RegistrationIn, request.data), ip=ip_of(request))
        return Response(render_awaited(awaited, name="registration_id"), status=202)


class ConfirmRegistration(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Bring back the link's secret or the code: the account begins, logged in",
        description="Three wrong secrets end it; ask for another then.",
        request=ConfirmRegistrationIn,
        response=TokensOut,
        status=201,
        errors=[SecretRefused, rules.LoginTaken],
        example_request={"registration_id": ID, "secret": "Zq1Y0n2sXk5…", "device_name": "Pixel 7"},
        example_response=TOKENS,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(ConfirmRegistrationIn, request.data)
        device = device_of(request, name=wanted.pop("device_name"))
        return Response(render_tokens(registration.confirm_registration(**wanted, device=device)), status=201)
