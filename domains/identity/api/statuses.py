"""Switching an account off, and opening its lock."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import accounts, unlocking
from domains.identity.api.serializers.credentials import UnlockIn
from domains.identity.rules.challenges import SecretRefused
from kelmah.errors import InvalidTransition
from kelmah.http.permissions import Anyone, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class DeactivateMe(View):
    permission_classes = [Can("identity.deactivate_account")]
    needs_fresh_proof = True

    @operation(
        summary="Switch my account off",
        description="Others no longer find me, letters stop, and every session ends. Logging in switches it on again. "
        "What was agreed stays agreed.",
        errors=[InvalidTransition],
    )
    def post(self, request: Request) -> Response:
        accounts.deactivate_account(user_id=request.user.user_id)
        return Response(status=204)


class Unlock(View):
    """No bearer token is looked at: whoever needs this has none."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Open an account that is locked after too many wrong passwords",
        description="With the secret of the letter that was sent then. It opens by itself after 30 minutes.",
        request=UnlockIn,
        errors=[SecretRefused],
        example_request={"unlock_id": "01930d2a-0d00-7d44-8d44-6f0d8d4f1b13", "secret": "Zq1Y0n2sXk5…"},
    )
    def post(self, request: Request) -> Response:
        unlocking.unlock(**valid(UnlockIn, request.data))
        return Response(status=204)
