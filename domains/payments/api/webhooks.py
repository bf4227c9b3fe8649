"""What gateways tell us."""

from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from domains.payments import actions, rules
from kelmah.http.permissions import Anyone
from kelmah.http.schema import operation
from kelmah.http.views import View


class RawBody(BaseParser):
    """Signatures are over bytes: the body is not parsed."""

    media_type = "*/*"


class GatewayWebhook(View):
    """Where payment providers tell us that something happened."""

    permission_classes = [Anyone]
    authentication_classes = []
    parser_classes = [RawBody]
    idempotency_domain = ""  # the event's own id is the key
    rate_class = "webhook"

    @operation(
        summary="An event of a payment provider",
        description="Signed as the provider signs; the sandbox: `Sandbox-Signature: t=<unix time>,v1=<hex HMAC-SHA256 "
        "of t.body>`. A hint to look, never believed. Repeats are no-ops.",
        request={"application/json": dict},
        response=None,
        status=200,
        errors=[rules.SignatureInvalid, rules.GatewayNotOffered, rules.NotOffered],
    )
    def post(self, request: Request, gateway: str) -> Response:
        actions.receive_webhook(gateway=gateway, headers=request.headers, body=request._request.body)
        return Response(status=200)

    @operation(
        summary="An event of a payment provider that sends it by PUT",
        description="As by POST; MTN Mobile Money sends its callbacks so.",
        request={"application/json": dict},
        response=None,
        status=200,
        errors=[rules.SignatureInvalid, rules.GatewayNotOffered, rules.NotOffered],
    )
    def put(self, request: Request, gateway: str) -> Response:
        return self.post(request, gateway)
