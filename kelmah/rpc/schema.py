"""An interface as a JSON document, for readers and for ``compatibility``."""

import inspect
import json
from typing import Any

from kelmah.rpc.errors import COMMON
from kelmah.rpc.service import Method, Service
from kelmah.rpc.wire import call_adapter, result_adapter

Document = dict[str, Any]


def document_of(interface: type[Service]) -> Document:
    """``takes`` is the JSON Schema of a method's arguments, ``gives`` of ``{"value": ...}``."""
    return {
        "interface": interface.__name__,
        "domain": interface.domain,
        "callers": sorted(interface.callers - {interface.domain}),
        "methods": {name: _method(method) for name, method in sorted(interface.methods.items())},
    }


def text_of(document: Document) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _method(method: Method) -> Document:
    return {
        "description": inspect.getdoc(getattr(method.interface, method.name)) or "",
        "timeout": method.timeout,
        "idempotent": method.idempotent,
        "raises": sorted(set(method.errors) - set(COMMON)),
        "takes": call_adapter(method).json_schema(mode="validation"),
        "gives": result_adapter(method).json_schema(mode="serialization"),
    }
