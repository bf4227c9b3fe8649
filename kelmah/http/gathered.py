"""Public pages that speak for all domains, also where each runs on its own: the parts are asked of their processes.

``/internal/…`` gives a process's own part, the address without it the whole.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import httpx
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

ANSWER_WITHIN = 3.0  # seconds; a schema is built on first demand
BELIEVE_FOR = 300.0
BELIEVE_PART_FOR = 10.0  # seconds, while somebody is missing


class Gathered:
    """An OpenAPI document made of everybody's; kept for a while, since nobody's changes before the next release."""

    def __init__(self) -> None:
        self._whole: dict[str, Any] | None = None
        self._until = 0.0
        self._lock = Lock()

    def with_others(self, own: dict[str, Any]) -> dict[str, Any]:
        """``own`` and the documents of the other domains; ``x-missing`` names those that did not answer."""
        with self._lock:
            if self._whole is None or time.monotonic() > self._until:
                parts = dict(ask_others("/internal/schema"))
                documents = {domain: answer.json() for domain, answer in parts.items() if answer}
                missing = sorted(parts.keys() - documents.keys())
                self._whole = merged(own, documents.values()) | ({"x-missing": missing} if missing else {})
                self._until = time.monotonic() + (BELIEVE_PART_FOR if missing else BELIEVE_FOR)
            return self._whole


def merged(own: dict[str, Any], others: Any) -> dict[str, Any]:
    """One document with the paths and components of all."""
    whole = {**own, "paths": dict(own["paths"]), "components": {k: dict(v) for k, v in own["components"].items()}}
    for document in others:
        whole["paths"] |= document["paths"]
        for kind, known in document["components"].items():
            whole["components"][kind] = {**known, **whole["components"].get(kind, {})}
    return whole


def ask_others(path: str) -> Iterator[tuple[str, httpx.Response | None]]:
    """What every domain of another process answers, or None; all are asked at once."""
    elsewhere = {name: url for name, url in settings.DOMAIN_URLS.items() if name not in settings.LOCAL_DOMAINS}
    if not elsewhere:
        return
    with ThreadPoolExecutor(max_workers=len(elsewhere)) as threads:
        questions = {name: threads.submit(_ask, url.rstrip("/") + path) for name, url in elsewhere.items()}
        for name, question in questions.items():
            yield name, question.result()


def _ask(url: str) -> httpx.Response | None:
    try:
        answer = httpx.get(url, timeout=ANSWER_WITHIN, follow_redirects=False)
    except httpx.HTTPError as error:
        log.warning("part_missing", url=url, error=type(error).__name__)
        return None
    return answer if answer.status_code == 200 else None
