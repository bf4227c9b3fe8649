"""The other end of ``over_http``: batches of events, from the domain that published them and nobody else."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from kelmah.errors import DomainError, FieldError
from kelmah.events.dead_letters import dead_letters_from
from kelmah.events.receive import receive, ring
from kelmah.rpc.errors import BadArguments, CallerRefused, UnknownMethod
from kelmah.rpc.signing import verify

logger = logging.getLogger(__name__)

_JsonText = Annotated[str, BeforeValidator(lambda value: orjson.dumps(value).decode())]


@dataclass(frozen=True)
class Letter:
    """One event as it travels."""

    event_id: UUID
    topic: str
    event_version: int
    key: str
    payload: _JsonText
    occurred_at: datetime
    trace: _JsonText


@dataclass(frozen=True)
class Question:
    """Who asks whom."""

    target: str
    source: str


@dataclass(frozen=True)
class Batch(Question):
    """Events of one publisher for one listener, in order."""

    events: list[Letter]


Q = TypeVar("Q", bound=Question)
_BATCH, _QUESTION = TypeAdapter(Batch), TypeAdapter(Question)


@csrf_exempt  # no cookie counts here, only the signature
def events(request: HttpRequest) -> HttpResponse:
    """``POST /internal/events``: into the inbox; the answer says what was taken and what nobody here hears."""
    return _answered(request, _take)


@csrf_exempt
def dead(request: HttpRequest) -> HttpResponse:
    """``POST /internal/events/dead``: what the listener buried of what the caller told it."""
    return _answered(request, _buried)


# Private functions


def _take(request: HttpRequest) -> dict[str, Any]:
    batch = _read(request, _BATCH)
    foreign = next((event.topic for event in batch.events if not event.topic.startswith(f"{batch.source}.")), None)
    if foreign:
        raise CallerRefused(f"{foreign} is not for {batch.source} to tell.")
    receipt = receive(batch.target, batch.source, batch.events)
    ring(batch.target)
    return {"taken": sorted(receipt.taken), "unheard": sorted(receipt.unheard)}


def _buried(request: HttpRequest) -> dict[str, Any]:
    question = _read(request, _QUESTION)
    return {"dead": dead_letters_from(question.source, at=question.target)}


def _read(request: HttpRequest, adapter: TypeAdapter[Q]) -> Q:
    """The question, proven and for a domain of this process. Raises WireRefusal."""
    caller = verify(request)
    try:
        question = adapter.validate_json(request.body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        steps = [("/" + "/".join(map(str, each["loc"])), each["type"], each["msg"]) for each in wrong]
        raise BadArguments(errors=[FieldError(*step) for step in steps]) from error
    if question.source != caller:
        raise CallerRefused(f"{caller} may not speak for {question.source}.")
    if question.target not in settings.LOCAL_DOMAINS:
        raise UnknownMethod(f"{question.target} does not hear here.")
    return question


def _answered(request: HttpRequest, answer: Callable[[HttpRequest], dict[str, Any]]) -> HttpResponse:
    try:
        status, body = 200, orjson.dumps(answer(request))
    except DomainError as error:
        refusal = {"code": error.code, "detail": error.detail, "errors": [field.as_json() for field in error.errors]}
        status, body = error.status, json.dumps(refusal).encode()
    except Exception:
        # The edge of the process: the caller keeps its events and tries again; what went wrong is in our log.
        logger.exception("events were not taken")
        status, body = 500, b'{"code": "events_not_taken", "detail": "The events were not taken.", "errors": []}'
    return HttpResponse(body, status=status, content_type="application/json")
