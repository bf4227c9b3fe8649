"""When every second factor is lost."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import factor_resets
from domains.identity.api.serializers.factors import FactorResetIn, FactorResetOut, render_reset
from domains.identity.queries import factor_resets as queries
from domains.identity.rules import factor_resets as rules
from domains.identity.rules.factors import LoginTokenInvalid
from kelmah.http.permissions import Anyone, Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

RESET = {"state": "open", "asked_at": "2026-11-20T09:00:00Z", "due_at": None}


class AskForReset(View):
    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "auth"

    @operation(
        summary="Ask staff to remove my second factors: I lost them all",
        description="With the `login_token` that came after the right password. Two of staff agree, then three days "
        "pass; whoever shows a second factor stops it. The owner of the account hears of every step.",
        request=FactorResetIn,
        response=FactorResetOut,
        status=202,
        errors=[LoginTokenInvalid, rules.NoFactorToReset],
        example_request={"login_token": "Zq1Y0n2sXk5…"},
        example_response=RESET,
    )
    def post(self, request: Request) -> Response:
        return Response(render_reset(factor_resets.ask(**valid(FactorResetIn, request.data))), status=202)


class MyFactorReset(View):
    permission_classes = [Authenticated]
    open_to_limited_sessions = True

    @operation(
        summary="The request to remove my second factors, while it is under way",
        response=FactorResetOut,
        errors=[rules.ResetNotFound],
        example_response=RESET | {"state": "waiting", "due_at": "2026-11-24T09:00:00Z"},
    )
    def get(self, request: Request) -> Response:
        return Response(render_reset(queries.living_of(request.user.user_id)))

    @operation(summary="Stop it", description="From any session of mine.", errors=[rules.ResetNotFound])
    def delete(self, request: Request) -> Response:
        factor_resets.withdraw(user_id=request.user.user_id)
        return Response(status=204)
