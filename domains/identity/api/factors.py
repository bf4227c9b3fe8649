"""My second factors."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity import queries
from domains.identity.actions import factors, recovery_codes
from domains.identity.api.serializers.factors import (
    AddedOut,
    CodesOut,
    EnrolmentOut,
    FactorOut,
    FactorsOut,
    NameIn,
    OptionsOut,
    PasskeyIn,
    TotpCodeIn,
    TotpIn,
    render_added,
    render_factor,
)
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

FACTOR = {
    "id": "01930d2a-1a00-7a01-8a01-0a1b2c3d4e5f",
    "kind": "totp",
    "name": "Pixel 7",
    "created_at": "2026-11-20T09:00:00Z",
    "last_used_at": None,
    "is_synced": False,
}
CODES = ["7k2m-x0qd-9pzt-4hbv", "…"]
CREDENTIAL = {
    "id": "pXb0…",
    "rawId": "pXb0…",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0…", "attestationObject": "o2Nm…"},
}
OPTIONS = {"challenge": "Zq1Y…", "rpId": "kelmah.example", "userVerification": "required"}


class _Mine(View):
    """What adds or removes a factor: its answers hold secrets, so no Idempotency-Key keeps them."""

    rate_class = "auth"
    needs_fresh_proof = True
    open_to_limited_sessions = True


class MyFactors(View):
    permission_classes = [Authenticated]
    open_to_limited_sessions = True

    @operation(
        summary="My second factors, oldest first",
        response=FactorsOut,
        example_response={"items": [FACTOR], "recovery_codes_left": 10, "is_required": False},
    )
    def get(self, request: Request) -> Response:
        user = queries.account_of(request.user.user_id)
        return Response(
            {
                "items": [render_factor(factor) for factor in of_factors.factors_of(user.id)],
                "recovery_codes_left": of_factors.codes_left(user.id),
                "is_required": of_factors.needs_factor(queries.standing_of(user).roles),
            }
        )


class TotpBegin(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Begin to add an authenticator app",
        description="Shows a secret once; it counts when a code of it is confirmed within ten minutes.",
        request=TotpIn,
        response=EnrolmentOut,
        status=201,
        errors=[rules.TooManyFactors],
        example_request={"name": "Pixel 7"},
        example_response={
            "id": FACTOR["id"],
            "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "uri": "otpauth://totp/Kelmah:ama%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Kelmah",
            "expires_in": 600,
        },
    )
    def post(self, request: Request) -> Response:
        begun = factors.begin_totp(user_id=request.user.user_id, **valid(TotpIn, request.data))
        shown = {
            "id": begun.factor.id,
            "secret": begun.secret,
            "uri": begun.uri,
            "expires_in": int(rules.ENROLLING_LASTS.total_seconds()),
        }
        return Response(shown, status=201)


class TotpConfirm(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Confirm the authenticator app with the code that it shows",
        description="With the first factor come ten recovery codes, shown once. Refresh to get a token that says so.",
        request=TotpCodeIn,
        response=AddedOut,
        status=201,
        errors=[rules.NoEnrolment],
        example_request={"code": "492039"},
        example_response={"factor": FACTOR, "recovery_codes": CODES},
    )
    def post(self, request: Request) -> Response:
        who = request.user
        added = factors.confirm_totp(user_id=who.user_id, session_id=who.session_id, **valid(TotpCodeIn, request.data))
        return Response(render_added(added), status=201)


class PasskeyOptions(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Begin to add a passkey",
        description="Options for `navigator.credentials.create`, good for five minutes and one answer.",
        response=OptionsOut,
        errors=[rules.TooManyFactors],
        example_response={"options": OPTIONS},
    )
    def post(self, request: Request) -> Response:
        return Response({"options": factors.begin_passkey(user_id=request.user.user_id)})


class PasskeyAdd(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Add the passkey that the browser made",
        request=PasskeyIn,
        response=AddedOut,
        status=201,
        errors=[rules.PasskeyRefused, rules.PasskeyKnown, rules.TooManyFactors],
        example_request={"credential": CREDENTIAL, "name": "Laptop"},
        example_response={"factor": FACTOR | {"kind": "passkey", "name": "Laptop"}, "recovery_codes": None},
    )
    def post(self, request: Request) -> Response:
        who = request.user
        added = factors.add_passkey(user_id=who.user_id, session_id=who.session_id, **valid(PasskeyIn, request.data))
        return Response(render_added(added), status=201)


class MyFactor(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Rename a factor",
        request=NameIn,
        response=FactorOut,
        errors=[rules.FactorNotFound],
        example_request={"name": "Old phone"},
        example_response=FACTOR | {"name": "Old phone"},
    )
    def patch(self, request: Request, factor_id: UUID) -> Response:
        factor = factors.rename_factor(user_id=request.user.user_id, factor_id=factor_id, **valid(NameIn, request.data))
        return Response(render_factor(factor))

    @operation(
        summary="Remove a factor",
        description="With the last one go the recovery codes; whoever needs a factor by role keeps the last one.",
        errors=[rules.FactorNotFound, rules.LastFactor],
    )
    def delete(self, request: Request, factor_id: UUID) -> Response:
        factors.remove_factor(user_id=request.user.user_id, factor_id=factor_id)
        return Response(status=204)


class RecoveryCodes(_Mine):
    permission_classes = [Authenticated]

    @operation(
        summary="Make ten new recovery codes",
        description="The old ones are void. Shown once.",
        response=CodesOut,
        status=201,
        errors=[rules.NoFactorYet],
        example_response={"recovery_codes": CODES},
    )
    def post(self, request: Request) -> Response:
        codes = recovery_codes.make_new_codes(user_id=request.user.user_id)
        return Response({"recovery_codes": codes}, status=201)
