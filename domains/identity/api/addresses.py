"""Where somebody can be reached, as they change it."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import rules
from domains.identity.actions import addresses
from domains.identity.api.auth import USER
from domains.identity.api.callers import ip_of
from domains.identity.api.serializers.accounts import UserOut, render_user
from domains.identity.api.serializers.credentials import ChangeOut, ConfirmChangeIn, EmailIn, PhoneIn, UndoIn
from domains.identity.api.serializers.secrets import render_awaited
from domains.identity.rules.challenges import SecretRefused
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

ID = "01930d2a-0e00-7d44-8d44-6f0d8d4f1b12"
SAME = "The answer is the same when somebody else has this address; then the letter says so."
PROOF = "The old address gets a letter that undoes it for 72 hours."


class _Change(View):
    """Asks for an address, and sends it a secret."""

    rate_class = "auth"
    needs_fresh_proof = True
    column: ClassVar[addresses.Column]

    def begin(self, request: Request, address: str) -> Response:
        awaited = addresses.begin_change(
            user_id=request.user.user_id, column=self.column, address=address, ip=ip_of(request)
        )
        return Response(render_awaited(awaited, name="change_id"), status=202)


class MyEmail(_Change):
    permission_classes = [Authenticated]
    column = "email"

    @operation(
        summary="Ask for another e-mail address, or a first one",
        description=SAME,
        request=EmailIn,
        response=ChangeOut,
        status=202,
        example_request={"email": "ama.mensah@example.com"},
        example_response={"change_id": ID, "sent_to": "email", "expires_in": 86_400},
    )
    def post(self, request: Request) -> Response:
        return self.begin(request, valid(EmailIn, request.data)["email"])


class MyPhone(_Change):
    permission_classes = [Authenticated]
    column = "phone"

    @operation(
        summary="Ask for another phone number, or a first one",
        description=SAME,
        request=PhoneIn,
        response=ChangeOut,
        status=202,
        example_request={"phone": "024 123 4567"},
        example_response={"change_id": ID, "sent_to": "phone", "expires_in": 300},
    )
    def post(self, request: Request) -> Response:
        return self.begin(request, valid(PhoneIn, request.data)["phone"])


class _Confirmation(View):
    """Takes back what was sent there."""

    rate_class = "auth"
    needs_fresh_proof = True

    def confirm(self, request: Request) -> Response:
        user = addresses.confirm_change(user_id=request.user.user_id, **valid(ConfirmChangeIn, request.data))
        return Response(render_user(user))


class ConfirmMyEmail(_Confirmation):
    permission_classes = [Authenticated]

    @operation(
        summary="Bring back the link's secret: the e-mail address is mine",
        description=PROOF,
        request=ConfirmChangeIn,
        response=UserOut,
        errors=[SecretRefused, rules.LoginTaken],
        example_request={"change_id": ID, "secret": "Zq1Y0n2sXk5…"},
        example_response=USER | {"email": "ama.mensah@example.com"},
    )
    def post(self, request: Request) -> Response:
        return self.confirm(request)


class ConfirmMyPhone(_Confirmation):
    permission_classes = [Authenticated]

    @operation(
        summary="Bring back the code: the number is mine",
        description=PROOF,
        request=ConfirmChangeIn,
        response=UserOut,
        errors=[SecretRefused, rules.LoginTaken],
        example_request={"change_id": ID, "secret": "482913"},
        example_response=USER | {"phone": "+233241234567"},
    )
    def post(self, request: Request) -> Response:
        return self.confirm(request)


class UndoChange(View):
    """No bearer token is looked at: whoever needs this has lost theirs."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Undo a change of address that was not mine",
        description="With the secret of the letter to the old address. Later changes are undone, too; every session "
        "ends, nobody knows the password any more, and another letter lets its reader choose a new one.",
        request=UndoIn,
        errors=[SecretRefused, rules.LoginTaken],
        example_request={"undo_id": ID, "secret": "Zq1Y0n2sXk5…"},
    )
    def post(self, request: Request) -> Response:
        addresses.undo_change(**valid(UndoIn, request.data))
        return Response(status=204)
