"""What files gives back to somebody, and how it forgets them."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from domains.files import rules
from domains.files.actions.exports import keep_part
from domains.files.gateways import storage
from domains.files.models import ExportPart, File, Grant
from kelmah import crypto
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check now; copy, and remove bytes, by a task."""
    with atomic("files"):
        if asked.step == "export":
            enqueue("files.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
            return
        done = answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase)
        if asked.step == "check":
            publish(done)
        else:  # bytes are no part of a transaction: the receipt waits until they are gone
            enqueue(
                "files.finish_erasure",
                request_id=str(asked.request_id),
                user_id=str(asked.user_id),
                step=asked.step,
                counts=dict(done.counts),
            )


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Put everything but the bytes aside; those are added when all is packed. Again is safe."""
    counts = hand_over(_sections(user_id), domain="files", request_id=request_id, user_id=user_id, keep=keep_part)
    with atomic("files"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Nothing here stands against an erasure: what is signed is held by contracts."""
    return []


def finish_erasure(*, request_id: UUID, user_id: UUID, step: str, counts: Mapping[str, int]) -> None:
    """Remove the bytes, then answer. Again is safe."""
    leftovers = File.objects.filter(owner_id=user_id, state__in=["deleted", "failed"]).exclude(storage_key="")
    for file in list(leftovers):
        storage.remove(file.storage_key)
        with atomic("files"):
            File.objects.filter(id=file.id).update(storage_key="")
    with atomic("files"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step=step, holds=[], counts=dict(counts)))


# Private functions


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    mine = File.objects.filter(owner_id=user_id).exclude(kind__in=rules.MADE).order_by("created_at")
    return {
        "files": records_of(mine, without=["storage_key"]),
        "shared_with_me": records_of(Grant.objects.filter(reader_id=user_id)),
        "shared_by_me": records_of(Grant.objects.filter(file__in=mine)),
    }


def _erase(user_id: UUID) -> dict[str, int]:
    """Rows stay, empty: messages and submissions of others name them."""
    mine = File.objects.filter(owner_id=user_id)
    sources = [step.source for step in rules.FILE.transitions if step.name == "erase"]
    # In this order: a file that is ready stays as it was checked until it is deleted.
    deleted = mine.filter(state__in=sources).update(state=rules.FILE.check("erase", "ready"))
    names = mine.exclude(name=ERASED).update(name=ERASED, sha256="")
    counts = {
        "files": deleted,
        "names": names,
        "parts": ExportPart.objects.filter(owner_id=user_id).delete()[0],
        "shares": Grant.objects.filter(reader_id=user_id).delete()[0] + Grant.objects.filter(file__in=mine).delete()[0],
        "traces": forget_traces("files", user_id),
    }
    crypto.shred("files", subject=user_id)
    return counts
