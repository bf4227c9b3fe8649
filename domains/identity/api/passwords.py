"""New passwords."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import rules
from domains.identity.actions import passwords
from domains.identity.api.callers import ip_of
from domains.identity.api.serializers.credentials import ForgottenIn, NewPasswordIn, ResetIn, ResetOut
from domains.identity.api.serializers.secrets import render_awaited
from domains.identity.rules.challenges import SecretRefused
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

ID = "01930d2a-0d00-7d44-8d44-6f0d8d4f1b11"


class ForgottenPassword(View):
    """No bearer token is looked at here, nor in the next one: a stale one must not keep anybody out."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Ask for a letter with which to choose a new password",
        description="A link to an e-mail address (1 hour) or a code to a phone (5 minutes). The answer is the same "
        "when nobody has this address; then no letter is sent.",
        request=ForgottenIn,
        response=ResetOut,
        status=202,
        example_request={"email": "ama@example.com"},
        example_response={"reset_id": ID, "sent_to": "email", "expires_in": 3600},
    )
    def post(self, request: Request) -> Response:
        awaited = passwords.begin_reset(**valid(ForgottenIn, request.data), ip=ip_of(request))
        return Response(render_awaited(awaited, name="reset_id"), status=202)


class ResetPassword(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Choose a new password with what the letter says",
        description="Every session ends; log in afterwards. A password that is too weak leaves the secret good.",
        request=ResetIn,
        errors=[SecretRefused],
        example_request={"reset_id": ID, "secret": "Zq1Y0n2sXk5…", "password": "nine red fishing boats"},
    )
    def post(self, request: Request) -> Response:
        passwords.reset_password(**valid(ResetIn, request.data))
        return Response(status=204)


class MyPassword(View):
    permission_classes = [Authenticated]
    rate_class = "auth"

    @operation(
        summary="Choose another password",
        description="All other sessions end, and the person is told.",
        request=NewPasswordIn,
        errors=[rules.OwnPasswordWrong],
        example_request={"current_password": "seven cedis for kenkey", "password": "nine red fishing boats"},
    )
    def post(self, request: Request) -> Response:
        passwords.change_password(
            user_id=request.user.user_id,
            session_id=request.user.session_id,
            **valid(NewPasswordIn, request.data),
        )
        return Response(status=204)
