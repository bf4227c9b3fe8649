"""Is this process alive, and can it serve? For supervisors and load balancers."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from threading import Lock
from typing import Any

import psycopg
from django.db import connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from kelmah.domain import local_domains
from kelmah.http import store

ANSWER_WITHIN = 0.2  # seconds

_lock = Lock()
_asking: dict[str, "Future[bool]"] = {}
_threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="health")


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nobody else: a slow database must not get the process killed."""
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database of every local domain answers within 200 ms, else 503.

    Without Redis the process is slower and careful, but serves: reported, not failing.
    """
    questions = {config.domain: _ask(config.domain) for config in local_domains()}
    databases = {domain: "ok" if _answers(question) else "down" for domain, question in questions.items()}
    is_ready = "down" not in databases.values()
    body = {
        "status": "ready" if is_ready else "not_ready",
        "databases": databases,
        "redis": "ok" if store.is_up() else "degraded",
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def database_answers(parameters: dict[str, Any]) -> bool:
    """One statement over a new connection: a pool that is merely busy is no reason to send the process away."""
    try:
        with psycopg.connect(**parameters) as connection:
            connection.execute("SELECT 1")
        return True
    except psycopg.Error:
        return False


def _ask(domain: str) -> "Future[bool]":
    """Start asking, unless the last question to this database is still open: a dead server must not eat the threads."""
    with _lock:
        question = _asking.get(domain)
        if question is None or question.done():
            question = _asking[domain] = _threads.submit(database_answers, _parameters(domain))
        return question


def _answers(question: "Future[bool]") -> bool:
    try:
        return question.result(timeout=ANSWER_WITHIN)
    except TooLate:
        return False


def _parameters(domain: str) -> dict[str, Any]:
    settings = connections[domain].settings_dict
    return {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "connect_timeout": 2,
        "application_name": "kelmah:health",
    }
