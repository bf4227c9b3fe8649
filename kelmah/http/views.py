"""The base of every REST view: what happens to each request before and after a domain's own few lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar

import structlog
from django.apps import apps
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kelmah.db import rehearsal
from kelmah.domain import DomainConfig
from kelmah.errors import DomainError, FieldError, InvalidInput
from kelmah.http import idempotency
from kelmah.http.authentication import caller_of
from kelmah.http.delegation import SAFE, check_delegation, mark_delegation, scope_of
from kelmah.http.errors import DryRunNotSupported, IdempotencyKeyRequired, LengthRequired
from kelmah.http.freshness import check_freshness
from kelmah.http.schema import operation_of
from kelmah.http.throttling import Allowance, LimitReached, take_from_limit
from kelmah.principal import Principal


@contextmanager
def dry_run(request: Request) -> Iterator[bool]:
    """Around a view's one call of an action: with ``?dry_run=true`` all guards run and nothing is written.

    Yields whether it is a rehearsal. The view answers as usual; ``Kelmah-Dry-Run: true`` is added.
    """
    rehearsing = asks_for_dry_run(request)
    with rehearsal() if rehearsing else nullcontext():
        yield rehearsing


def asks_for_dry_run(request: Request) -> bool:
    """Whether ``?dry_run=true``, or a key in test mode. Raises InvalidInput for anything but true and false."""
    values = request.query_params.getlist("dry_run")
    if values not in ([], ["true"], ["false"]):
        detail = "dry_run is true or false."
        raise InvalidInput(errors=[FieldError(pointer="/dry_run", code="invalid_choice", detail=detail)])
    caller = caller_of(request)
    return values == ["true"] or (caller is not None and caller.test_mode)


class View(APIView):
    """A resource. One class per resource, one ``@operation`` method per HTTP method.

    ``rate_class``: auth, write, read, search or upload; by default read for safe methods, else write.
    ``idempotency_domain``: whose transactions are the effect of a POST; by default the domain the view belongs to, and
    none for ``auth`` routes, since their answers carry secrets that must not be kept. ``""`` switches it off, for other
    views whose answers hold secrets.
    ``idempotency_required``: POSTs without ``Idempotency-Key`` are refused (whatever moves money).
    ``needs_fresh_proof``: whatever changes something here is refused with 403 ``step_up_required`` unless the caller
    proved who they are within ten minutes.
    ``open_to_limited_sessions``: also for those whose role needs a second factor that they have not shown.
    ``for_staff``: what only staff may do.
    ``key_scope``: what an API key needs here, ``""`` where none comes in; by default see ``delegation.scope_of``.
    ``refuses_impersonation``: True also refuses staff who would only look here as somebody else, False lets them act;
    by default they look.
    """

    rate_class: ClassVar[str | None] = None
    idempotency_domain: ClassVar[str | None] = None
    idempotency_required: ClassVar[bool] = False
    needs_fresh_proof: ClassVar[bool] = False
    open_to_limited_sessions: ClassVar[bool] = False
    for_staff: ClassVar[bool] = False
    key_scope: ClassVar[str | None] = None
    refuses_impersonation: ClassVar[bool | None] = None
    reads_bytes: ClassVar[bool] = False  # with raw_body, which knows chunks; Django takes them for an empty body

    format_kwarg: str | None = None  # no address ends in .json or .xml
    _allowance: Allowance | None = None
    _rehearsed = False

    @classmethod
    def domain(cls) -> str | None:
        """The domain whose package this view lives in."""
        config = apps.get_containing_app_config(cls.__module__)
        return config.domain if isinstance(config, DomainConfig) else None

    @classmethod
    def domain_of_effects(cls) -> str | None:
        """The domain that keeps this view's idempotency keys; None when keys mean nothing here."""
        if cls.idempotency_domain is not None:
            return cls.idempotency_domain or None
        return None if cls.rate_class == "auth" else cls.domain()

    @classmethod
    def is_privileged(cls) -> bool:
        """Whether a token that may have died must not get through, although nobody can be asked whether it did."""
        return cls.rate_class == "auth" or cls.idempotency_required or cls.for_staff or cls.needs_fresh_proof

    @classmethod
    def key_scope_of(cls, method: str | None) -> str | None:
        """The scope that a program's key needs for the method; None where no key comes in."""
        return scope_of(cls, method)

    @classmethod
    def refuses_impersonation_of(cls, method: str | None) -> bool:
        """Whether staff who impersonate may not do this."""
        return method not in SAFE if cls.refuses_impersonation is None else cls.refuses_impersonation

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        claim: idempotency.Claim | None = None
        try:
            self.initial(self.request, *args, **kwargs)
            handler = self._handler(self.request)
            claim = self._claim(self.request)
            response = self._carry_out(claim, handler)
        except Exception as error:
            response = self._refusal(error, claim)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        if claim and not claim.answered:
            if isinstance(self.response, Response):
                self.response.render()
            claim.settle(self.response)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        user, refusal = _identified(request)
        structlog.contextvars.bind_contextvars(
            domain=self.domain(),
            user_id=str(user.user_id) if user else None,
            impersonated_by=str(user.impersonated_by) if user and user.impersonated_by else None,
        )
        self.check_room()
        # Counted even when refused below: guessing tokens and probing for rights is not free.
        self._allowance = take_from_limit(request, self._rate_class(request), user)
        if refusal:
            raise refusal
        check_delegation(request, self)
        self.check_permissions(request)
        check_freshness(request, self)
        if not (self.reads_bytes or request.META.get("CONTENT_LENGTH")) and "HTTP_TRANSFER_ENCODING" in request.META:
            raise LengthRequired

    def check_room(self) -> None:
        """For views whose work has a queue. Raises Unavailable when it is full, before anything is counted, read or
        looked up: in a storm refusals are what there is most of, and nobody has used up what they were refused."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self._allowance.headers() if self._allowance else {}).items():
            response.headers[name] = value
        if self._rehearsed:
            response.headers["Kelmah-Dry-Run"] = "true"
        mark_delegation(request, response)
        return response

    def _rate_class(self, request: Request) -> str:
        return self.rate_class or ("read" if request.method in SAFE else "write")

    def _handler(self, request: Request) -> Callable[..., HttpResponseBase]:
        name = (request.method or "").lower()
        handler = getattr(self, name, None) if name in self.http_method_names else None
        return handler or self.http_method_not_allowed

    def _claim(self, request: Request) -> idempotency.Claim | None:
        domain = self.domain_of_effects()
        if request.method != "POST" or not domain:
            return None
        rehearsing = asks_for_dry_run(request)
        if "Idempotency-Key" not in request.headers:
            if self.idempotency_required and not rehearsing:
                raise IdempotencyKeyRequired
            return None
        if rehearsing:
            idempotency.key_of(request)  # as it would be refused in earnest
            return None
        return idempotency.claim(request, domain=domain, user=caller_of(request))

    def _carry_out(self, claim: idempotency.Claim | None, handler: Callable[..., HttpResponseBase]) -> HttpResponseBase:
        if claim and claim.answered:
            return claim.replay()
        with claim.marking_effects() if claim else nullcontext(), self._rehearsal(handler):
            return handler(self.request, *self.args, **self.kwargs)

    @contextmanager
    def _rehearsal(self, handler: Callable[..., HttpResponseBase]) -> Iterator[None]:
        """A dry run must not be carried out because a view forgot about it: refused, or rehearsed as a whole."""
        refuses = handler == self.http_method_not_allowed
        if refuses or self.request.method in SAFE or not asks_for_dry_run(self.request):
            yield
            return
        operation = operation_of(handler)
        if operation is None or not operation.dry_run:
            raise DryRunNotSupported
        self._rehearsed = True
        with rehearsal():
            yield

    def _refusal(self, error: Exception, claim: idempotency.Claim | None) -> HttpResponseBase:
        if isinstance(error, LimitReached):
            self._allowance = error.allowance
        try:
            return self.handle_exception(error)
        except Exception:
            if claim:
                claim.release()
            raise


def _identified(request: Request) -> tuple[Principal | None, DomainError | None]:
    """The caller, or why the token is refused; never both."""
    try:
        return caller_of(request), None
    except DomainError as refusal:
        # Else REST framework asks, and fails, again at every later look.
        request.user = request.auth = None  # type: ignore[assignment]  # our UNAUTHENTICATED_USER
        return None, refusal
