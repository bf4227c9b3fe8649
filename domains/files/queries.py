"""Reads of files."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from domains.files import rules
from domains.files.models import File, Grant
from kelmah.errors import NotFound
from kelmah.principal import Principal


def access_file(*, file_id: UUID, by: Principal) -> File:
    """A file for its owner, or, when ready, for those it was shared with. Raises NotFound."""
    shared = Exists(Grant.objects.filter(file=OuterRef("id"), reader_id=by.user_id))
    file = File.objects.filter(Q(owner_id=by.user_id) | Q(shared, state="ready"), id=file_id).first()
    if file is None or file.state == "deleted" or file.kind in rules.MADE:
        raise NotFound("You have no such file.")
    return file


def access_upload(*, file_id: UUID, by: Principal) -> File:
    """A file for its owner alone. Raises NotFound."""
    file = File.objects.filter(id=file_id, owner_id=by.user_id).exclude(state="deleted").first()
    if file is None:
        raise NotFound("You have no such upload.")
    return file


def lock_file(file_id: UUID) -> File:
    """The file's row, locked until the transaction ends. Raises NotFound."""
    file = File.objects.select_for_update().filter(id=file_id).first()
    if file is None:
        raise NotFound("There is no such file.")
    return file


def ready_files(ids: Sequence[UUID]) -> list[File]:
    return list(File.objects.filter(id__in=ids, state="ready"))


def ready_file_of(*, owner_id: UUID, file_id: UUID) -> File:
    """Raises NotFound."""
    file = File.objects.filter(id=file_id, owner_id=owner_id, state="ready").first()
    if file is None:
        raise NotFound("They have no such file that is ready.")
    return file


def files_of(owner_id: UUID) -> QuerySet[File]:
    """What somebody has uploaded or announced, except what was given up."""
    return File.objects.filter(owner_id=owner_id, kind__in=rules.UPLOADED).exclude(state="deleted")


def file_to_send(file_id: UUID) -> File:
    """A ready file, for whoever holds a link to it. Raises NotFound."""
    file = File.objects.filter(id=file_id, state="ready").first()
    if file is None:
        raise NotFound("There is no such file.")
    return file


def leftovers() -> QuerySet[File]:
    """Files that will never be read and whose bytes are still there."""
    return File.objects.filter(state__in=["failed", "deleted"]).exclude(storage_key="")
