"""The definition of an interface: what one domain lets the others ask it.

::

    class Payments(Service, domain="payments", callers=("contracts",)):
        @remote(timeout=2.0, idempotent=True, raises=(EscrowNotFound,))
        def escrow_of(self, *, contract_ids: list[UUID]) -> list[Escrow]: ...

    payments = Payments.connect()

The methods of the interface itself are the client; the methods of a subclass without ``domain=`` are the service.

Calls are questions, and what one domain tells another to do goes by events. Where an answer must come with a change
(``files.share`` lets readers in while it checks who owns a file), doing it twice changes nothing. So every method of a
domain's interface is ``idempotent`` and calls need no idempotency keys; ``tests/kernel/rpc/test_callers.py`` holds
interfaces to that.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, Self, TypeVar, get_type_hints

from kelmah.errors import DomainError
from kelmah.rpc.crossing import check_crossing
from kelmah.rpc.errors import COMMON

Function = TypeVar("Function", bound=Callable[..., Any])

INTERFACES: dict[str, type["Service"]] = {}


def remote(
    *, timeout: float = 2.0, idempotent: bool = False, raises: tuple[type[DomainError], ...] = ()
) -> Callable[[Function], Function]:
    """Offer a method to other domains.

    ``timeout`` is in seconds, for all attempts together; ``idempotent`` allows a second attempt; ``raises`` names the
    errors that reach the caller as themselves, besides those of ``kelmah.errors``.
    """

    def mark(function: Function) -> Function:
        function.__remote__ = _Terms(timeout, idempotent, raises)  # type: ignore[attr-defined]  # a mark, read once
        return function

    return mark


@dataclass(frozen=True)
class _Terms:
    timeout: float
    idempotent: bool
    raises: tuple[type[DomainError], ...]


@dataclass(frozen=True, eq=False)
class Method:
    """One remote method; ``takes`` and ``gives`` are its resolved type hints, ``errors`` what it may raise, by code."""

    interface: type["Service"]
    name: str
    timeout: float
    idempotent: bool
    errors: Mapping[str, type[DomainError]]
    signature: inspect.Signature
    takes: Mapping[str, Any]
    gives: Any

    def __str__(self) -> str:
        return f"{self.interface.domain}.{self.name}"

    @property
    def optional(self) -> frozenset[str]:
        """The parameters with a default."""
        parameters = self.signature.parameters.values()
        return frozenset(parameter.name for parameter in parameters if parameter.default is not parameter.empty)

    @property
    def path(self) -> str:
        return f"/internal/rpc/{self.interface.domain}/{self.name}"


class Service:
    """Base of all interfaces. ``callers`` are the domains that may call, besides the domain itself."""

    domain: ClassVar[str]
    callers: ClassVar[frozenset[str]]
    methods: ClassVar[Mapping[str, Method]]
    replacement: ClassVar[Any] = None

    def __init_subclass__(cls, *, domain: str = "", callers: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not domain:
            _check_implements(cls, cls)
            return
        methods = {name: _method(cls, name, function) for name, function in _declared(cls)}
        cls.domain, cls.callers, cls.methods = domain, frozenset(callers) | {domain}, methods
        for method in cls.methods.values():
            setattr(cls, method.name, _client_of(method))
        known = INTERFACES.setdefault(domain, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(
                f"{cls.__qualname__}: {domain} already has the interface {known.__module__}.{known.__qualname__}"
            )
        INTERFACES[domain] = cls

    @classmethod
    def connect(cls) -> Self:
        """A client; where its calls go is decided per call."""
        return cls()

    @contextmanager
    def replaced_by(self, implementation: Any) -> Iterator[None]:
        """Within this block calls of all threads reach ``implementation``, as if its domain ran here. For tests."""
        interface = INTERFACES[self.domain]
        _check_implements(interface, implementation)
        before, interface.replacement = interface.replacement, implementation
        try:
            yield
        finally:
            interface.replacement = before


def _declared(cls: type[Service]) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in vars(cls).items():
        if name.startswith("_") or not inspect.isfunction(value):
            continue
        if not hasattr(value, "__remote__"):
            raise TypeError(f"{cls.__qualname__}.{name}: an interface has only @remote methods")
        if name in Service.__annotations__ or hasattr(Service, name):
            raise TypeError(f"{cls.__qualname__}.{name}: the name is taken by Service")
        yield name, value


def _method(cls: type[Service], name: str, function: Callable[..., Any]) -> Method:
    where = f"{cls.__qualname__}.{name}"
    terms: _Terms = function.__remote__  # type: ignore[attr-defined]  # set by remote()
    signature = inspect.signature(function)
    try:
        hints = get_type_hints(function)
    except NameError as error:
        raise TypeError(f"{where}: {error.name!r} must be importable where the interface is") from error
    parameters = list(signature.parameters.values())[1:]
    for parameter in parameters:
        if parameter.kind is not parameter.KEYWORD_ONLY:
            raise TypeError(f"{where}: parameter {parameter.name!r} must be keyword-only")
    for wanted in (*(parameter.name for parameter in parameters), "return"):
        if wanted not in hints:
            raise TypeError(f"{where}: {wanted!r} has no annotation")
        check_crossing(hints[wanted], where=f"{where}, {wanted!r}")
    takes = {parameter.name: hints[parameter.name] for parameter in parameters}
    errors = _by_code(where, terms.raises)
    return Method(cls, name, terms.timeout, terms.idempotent, errors, signature, takes, hints["return"])


def _by_code(where: str, raises: tuple[type[DomainError], ...]) -> Mapping[str, type[DomainError]]:
    known = dict(COMMON)
    for error in raises:
        if known.setdefault(error.code, error) is not error:
            raise TypeError(f"{where}: {error.__name__} and {known[error.code].__name__} share the code {error.code!r}")
    return known


def _client_of(method: Method) -> Callable[..., Any]:
    @wraps(method.interface.__dict__[method.name])
    def call(self: Service, **arguments: Any) -> Any:
        from kelmah.rpc.dispatch import dispatch  # Django stays out until somebody calls

        return dispatch(method, arguments, caller_module=sys._getframe(1).f_globals.get("__name__", ""))

    return call


def _check_implements(interface: type[Service], candidate: Any) -> None:
    """Raise TypeError unless ``candidate``, a subclass or any object, has every remote method with its parameters."""
    methods: Mapping[str, Method] | None = getattr(interface, "methods", None)
    if methods is None:
        raise TypeError(f"{interface.__qualname__}: an interface says which domain it speaks for: domain=...")
    for name, method in methods.items():
        where = f"{getattr(candidate, '__qualname__', type(candidate).__qualname__)}.{name}"
        offered = getattr(candidate, name, None)
        if offered is None or getattr(offered, "__func__", offered) is getattr(INTERFACES[interface.domain], name):
            raise TypeError(f"{where} is missing: the interface {interface.domain} promises it")
        parameters = dict(inspect.signature(offered).parameters)
        if isinstance(candidate, type):
            parameters.pop(next(iter(parameters)))
        if sorted(parameters) != sorted(method.takes):
            raise TypeError(f"{where} takes ({', '.join(parameters)}): promised is ({', '.join(method.takes)})")
        for parameter in parameters.values():
            optional = parameter.name in method.optional
            if parameter.kind is not parameter.KEYWORD_ONLY or (optional and parameter.default is parameter.empty):
                raise TypeError(
                    f"{where}: {parameter.name!r} must be keyword-only{', with a default' if optional else ''}"
                )
