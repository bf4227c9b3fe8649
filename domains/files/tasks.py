"""Celery entry points of files."""

from uuid import UUID

from celery import shared_task

from domains.files import actions
from domains.files.actions import exports, privacy


@shared_task(name="files.sweep_uploads")
def sweep_uploads() -> int:
    """Give up uploads that nobody completed and delete bytes that nobody will read; returns how many were given up."""
    return actions.sweep_uploads()


@shared_task(name="files.export_person")
def export_person(*, request_id: str, user_id: str) -> None:
    """Put aside a copy of what files itself keeps about somebody. Twice is safe: the same parts are written again."""
    privacy.export_person(request_id=UUID(request_id), user_id=UUID(user_id))


@shared_task(name="files.pack_export", autoretry_for=(OSError,), retry_backoff=5, retry_backoff_max=300, max_retries=10)
def pack_export(*, request_id: str, user_id: str) -> None:
    """Pack everything into one archive. Twice is safe: it is made once."""
    exports.pack(request_id=UUID(request_id), user_id=UUID(user_id))


@shared_task(
    name="files.finish_erasure", autoretry_for=(OSError,), retry_backoff=5, retry_backoff_max=300, max_retries=10
)
def finish_erasure(*, request_id: str, user_id: str, step: str, counts: dict[str, int]) -> None:
    """Remove the bytes of somebody who is erased, then say so. Twice is safe: gone is gone."""
    privacy.finish_erasure(request_id=UUID(request_id), user_id=UUID(user_id), step=step, counts=counts)


@shared_task(name="files.sweep_exports")
def sweep_exports() -> int:
    """Remove copies that are kept no longer; returns how many."""
    return exports.sweep_exports()
