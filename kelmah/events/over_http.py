"""To the inbox of a domain in another process: signed batches, ``POST /internal/events``.

Nothing is tried twice here: rows that were not taken stay in the outbox, and the relay comes back to them. A batch that
was taken while its answer got lost is taken for known the next time.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import httpx
import orjson

from kelmah.events.queue import Row
from kelmah.events.receive import Receipt
from kelmah.rpc.breaker import breaker_of
from kelmah.rpc.errors import DeadlineExceeded, RemoteFailure, RemoteUnavailable
from kelmah.rpc.placement import url_of
from kelmah.rpc.pool import CONNECT_SECONDS, client_of
from kelmah.rpc.signing import sign

PATH = "/internal/events"
ANSWER_WITHIN = 10.0  # seconds, for one batch
LARGEST_BATCH = 512_000  # bytes, half of what a process reads


def is_down(target: str) -> bool:
    """Whether an attempt would be refused here already: rows need not be taken for that."""
    return breaker_of(url_of(target)).state == "open"


def send(target: str, source: str, rows: Sequence[Row]) -> Receipt:
    """Bring the rows in order. Raises RemoteFailure: none of them, or only the first ones, may have been taken."""
    taken, unheard = set[UUID](), set[UUID]()
    for batch in _batches(rows):
        answer = _post(target, source, PATH, {"target": target, "source": source, "events": batch})
        taken |= {UUID(event_id) for event_id in answer["taken"]}
        unheard |= {UUID(event_id) for event_id in answer["unheard"]}
        if unheard:  # the next batch may hold what follows it in its key
            break
    return Receipt(frozenset(taken), frozenset(unheard))


def dead_letters_at(target: str, source: str) -> list[dict[str, Any]]:
    """The dead letters that ``target`` holds of what ``source`` told it. Raises RemoteFailure."""
    found: list[dict[str, Any]] = _post(target, source, f"{PATH}/dead", {"target": target, "source": source})["dead"]
    return found


# Private functions


def _batches(rows: Sequence[Row]) -> Iterator[list[orjson.Fragment]]:
    """Of one key, the later batch must not go ahead of the earlier one: they follow each other."""
    batch, size = list[orjson.Fragment](), 0
    for row in rows:
        document = orjson.dumps(_letter(row))
        if batch and size + len(document) > LARGEST_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(orjson.Fragment(document))
        size += len(document)
    if batch:
        yield batch


def _letter(row: Row) -> dict[str, Any]:
    return {
        "event_id": row.event_id,
        "topic": row.topic,
        "event_version": row.event_version,
        "key": row.key,
        "payload": orjson.Fragment(row.payload),
        "occurred_at": row.occurred_at,
        "trace": orjson.Fragment(row.trace),
    }


def _post(target: str, source: str, path: str, document: dict[str, Any]) -> Any:
    url, body = url_of(target), orjson.dumps(document)
    with breaker_of(url).attempt(patient=True):
        headers = sign(path=path, body=body, caller=source, travelling={})
        timeout = httpx.Timeout(ANSWER_WITHIN, connect=CONNECT_SECONDS)
        try:
            answer = client_of(url).post(
                path, content=body, headers={"Content-Type": "application/json", **headers}, timeout=timeout
            )
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise DeadlineExceeded(f"{target} did not take its events in time.") from error
        except httpx.TransportError as error:
            raise RemoteUnavailable(f"{target} can't be reached.") from error
    if answer.status_code != 200:
        raise RemoteFailure(f"{target} answered {answer.status_code}: {answer.text[:200]}")
    return orjson.loads(answer.content)
