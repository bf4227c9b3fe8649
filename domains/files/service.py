"""The public service of files."""

from uuid import UUID

from domains.files import actions, queries
from domains.files.actions import exports, links
from domains.files.models import File
from kelmah.interfaces.files.calls import Files
from kelmah.interfaces.files.types import FileInfo


class FilesService(Files):
    def infos(self, *, ids: list[UUID]) -> list[FileInfo]:
        return [_info(file) for file in queries.ready_files(ids)]

    def share(self, *, ids: list[UUID], owner_id: UUID, reader_ids: list[UUID], context: str) -> list[FileInfo]:
        shared = actions.share_files(ids=ids, owner_id=owner_id, reader_ids=reader_ids, context=context)
        return [_info(file) for file in shared]

    def reading_link(self, *, file_id: UUID, owner_id: UUID) -> str:
        return links.download_path(queries.ready_file_of(owner_id=owner_id, file_id=file_id).id)

    def keep_export_part(self, *, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
        exports.keep_part(request_id=request_id, owner_id=owner_id, name=name, content=content)


def _info(file: File) -> FileInfo:
    return FileInfo(
        file_id=file.id,
        owner_id=file.owner_id,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        kind=file.kind,
    )
