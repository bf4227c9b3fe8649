"""The public half of the key ring, for every process that verifies tokens. Mounted by identity."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from kelmah.http.keys import public_ring


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """``/.well-known/jwks.json`` (RFC 7517). Public."""
    response = JsonResponse({"keys": public_ring()})
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
