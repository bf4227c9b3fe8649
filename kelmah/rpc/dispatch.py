"""One call: refused inside a transaction, held to its callers and its deadline, then sent where its domain is."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings

from kelmah.db import in_atomic
from kelmah.domain import DomainConfig
from kelmah.rpc import journal, loopback, over_http
from kelmah.rpc.deadline import within
from kelmah.rpc.errors import CallerNotAllowed, CallInsideTransaction
from kelmah.rpc.placement import implementation_of, is_local
from kelmah.rpc.service import Method, Service
from kelmah.rpc.wire import decode_answer, encode_arguments

Send = Callable[[Method, bytes, str], tuple[int, bytes]]


def dispatch(method: Method, arguments: Mapping[str, Any], *, caller_module: str) -> Any:
    """The same refusals in every transport, so that local code can't rely on what remote can't give."""
    if (holder := in_atomic()) is not None:
        raise CallInsideTransaction(f"{method} was called inside atomic({holder!r}): ask before the transaction")
    interface = method.interface
    caller = _caller(caller_module, interface)
    if caller not in interface.callers:
        raise CallerNotAllowed(f"{caller} may not call {method}: add it to callers= and to the import contract")
    transport: str = settings.RPC_TRANSPORT if is_local(interface) else "remote"
    with within(method.timeout), journal.entry(method, caller=caller, transport=transport):
        if transport == "remote":
            return _through(over_http.send, method, arguments, caller)
        if transport == "loopback":
            return _through(loopback.send, method, arguments, caller)
        return getattr(implementation_of(interface), method.name)(**arguments)


def _caller(module: str, interface: type[Service]) -> str:
    """The domain in whose package the calling line stands: what the import contract checks, too.

    A line outside all domains (a test, a shell, a thread pool given the bare method) speaks for the only domain of this
    process, or, where several live together, for the domain it calls. Between processes it is the key that counts.
    """
    if domain := _domain_of(module):
        return domain
    local = settings.LOCAL_DOMAINS
    return next(iter(local)) if len(local) == 1 else interface.domain


@cache
def _domain_of(module: str) -> str:
    """Of the package that a module is in, or "": asked for every call, and always the same."""
    config = apps.get_containing_app_config(module)
    return config.domain if isinstance(config, DomainConfig) else ""


def _through(send: Send, method: Method, arguments: Mapping[str, Any], caller: str) -> Any:
    status, answer = send(method, encode_arguments(method, arguments), caller)
    return decode_answer(method, status, answer)
