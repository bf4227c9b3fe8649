"""The other end of the wire, ``POST /internal/rpc/<domain>/<method>``, for proven callers of the local domains."""

import json
import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from kelmah.errors import DomainError
from kelmah.http.request_id import current_request_id
from kelmah.rpc.errors import CallerRefused, UnknownMethod
from kelmah.rpc.placement import implementation_of, local_interface
from kelmah.rpc.service import Method
from kelmah.rpc.signing import verify
from kelmah.rpc.travel import arriving
from kelmah.rpc.wire import decode_arguments, encode_error, encode_result

logger = logging.getLogger(__name__)


@csrf_exempt  # no cookie counts here, only the signature
def serve(request: HttpRequest, domain: str, method: str) -> HttpResponse:
    """Every answer is JSON, failures included."""
    try:
        status, body = _answer(request, domain, method)
    except Exception:
        # The edge of the process: the caller learns an id to look for, never what went wrong inside.
        logger.exception("%s.%s failed", domain, method)
        failure = {"code": "rpc_internal_error", "detail": "The call failed.", "errors": []}
        status, body = 500, json.dumps(failure | {"data": {"request_id": current_request_id()}}).encode()
    return HttpResponse(body, status=status, content_type="application/json")


def _answer(request: HttpRequest, domain: str, name: str) -> tuple[int, bytes]:
    try:
        method = _method_called(request, domain, name)
        arguments = decode_arguments(method, request.body)
        with arriving(request.headers, method):
            value = getattr(implementation_of(method.interface), name)(**arguments)
        return 200, encode_result(method, value)
    except DomainError as error:
        return error.status, encode_error(error)


def _method_called(request: HttpRequest, domain: str, name: str) -> Method:
    caller = verify(request)
    interface = local_interface(domain)
    if interface is None or name not in interface.methods:
        raise UnknownMethod(f"{domain}.{name} is not served here.")
    if caller not in interface.callers:
        raise CallerRefused(f"{caller} may not call {domain}.")
    return interface.methods[name]
