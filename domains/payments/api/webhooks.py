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


class SandboxWebhook(View):
    """Where the sandbox provider tells us that something happened."""

    permission_classes = [Anyone]
    authentication_classes = []
    parser_classes = [RawBody]
    idempotency_domain = ""  # the event's own id is the key
    rate_class = "webhook"

    @operation(
        summary="A signed event of the sandbox provider",
        description="`Sandbox-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of t.body>`. Repeats are no-ops.",
        request={"application/json": dict},
        response=None,
        status=200,
        errors=[rules.SignatureInvalid, rules.GatewayNotOffered],
    )
    def post(self, request: Request) -> Response:
        actions.receive_webhook(gateway="sandbox", headers=request.headers, body=request._request.body)
        return Response(status=200)
