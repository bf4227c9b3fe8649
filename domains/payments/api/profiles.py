"""What people leave with gateways over REST: cards for the next time, accounts to be paid to."""

from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import rules
from domains.payments.actions import profiles
from domains.payments.api.serializers.profiles import PayeeIn, PayeeOut, SavedMethodsOut, SavingOut
from kelmah.errors import NotFound, Unavailable
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

_ERRORS = [rules.GatewayNotOffered, rules.NotOffered, rules.ProviderRefused, Unavailable]
SAVED = {"id": "pm_1PgafuB7WZ01zgkW", "brand": "visa", "hint": "4242", "expires": "2030-12"}


class SavedMethods(View):
    permission_classes = [Authenticated]

    @operation(
        summary="The cards that I left with a payment provider",
        response=SavedMethodsOut,
        errors=_ERRORS,
        example_response={"items": [SAVED]},
    )
    def get(self, request: Request, gateway: str) -> Response:
        found = profiles.saved(by=request.user, gateway=gateway)
        items = [{"id": m.ref, "brand": m.brand, "hint": m.hint, "expires": m.expires} for m in found]
        return Response({"items": items})

    @operation(
        summary="Begin to leave a card with a payment provider",
        description="The card's number goes from my app to the provider, never through here.",
        response=SavingOut,
        status=201,
        errors=_ERRORS,
        example_response={"client_secret": "seti_1Pgag7B7WZ01zgkW_secret_QXg2AQLdBx"},
    )
    def post(self, request: Request, gateway: str) -> Response:
        return Response({"client_secret": profiles.begin_saving(by=request.user, gateway=gateway)}, status=201)


class SavedMethodDetail(View):
    permission_classes = [Authenticated]

    @operation(summary="Have a payment provider forget a card of mine", errors=[NotFound, *_ERRORS])
    def delete(self, request: Request, gateway: str, ref: str) -> Response:
        profiles.forget(by=request.user, gateway=gateway, ref=ref)
        return Response(status=204)


class PayeeAccount(View):
    permission_classes = [Can("payments.request_payout")]
    needs_fresh_proof = True

    @operation(
        summary="My account at a payment provider to be paid to, and where I complete it",
        description="Made the first time; then the same account and a fresh address.",
        request=PayeeIn,
        response=PayeeOut,
        status=201,
        errors=_ERRORS,
        example_request={"country": "US"},
        example_response={"account": "acct_1PgafTB7WZ01zgkW", "url": "https://connect.stripe.com/setup/e/acct_1Pg/x"},
    )
    def post(self, request: Request, gateway: str) -> Response:
        country = valid(PayeeIn, request.data)["country"]
        page = profiles.open_payee(by=request.user, gateway=gateway, country=country)
        return Response({"account": page.account, "url": page.url}, status=201)
