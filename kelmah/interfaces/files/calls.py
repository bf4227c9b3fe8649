"""What other domains may ask files."""

from abc import abstractmethod
from uuid import UUID

from kelmah.errors import NotFound, Unprocessable
from kelmah.interfaces.files.types import FileInfo
from kelmah.rpc import Service, remote


class FileNotAttachable(Unprocessable):
    """A file is unknown, not yet ready, or somebody else's."""

    code, title = "file_not_attachable", "A file can't be attached: it is unknown, not ready or not yours"


class Files(
    Service, domain="files", callers=("messaging", "contracts", "identity", "marketplace", "payments", "reviews")
):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def infos(self, *, ids: list[UUID]) -> list[FileInfo]:
        """Names and sizes of these files, in no order; unknown or unready ones are left out."""

    @remote(timeout=2.0, idempotent=True, raises=(FileNotAttachable,))
    @abstractmethod
    def share(self, *, ids: list[UUID], owner_id: UUID, reader_ids: list[UUID], context: str) -> list[FileInfo]:
        """Let ``reader_ids`` download the owner's ready files; ``context`` says where they were attached
        (``conversation:<id>``, ``milestone:<id>``). Doing it twice changes nothing. All or none.

        Raises FileNotAttachable.
        """

    @remote(timeout=2.0, idempotent=True, raises=(NotFound,))
    @abstractmethod
    def reading_link(self, *, file_id: UUID, owner_id: UUID) -> str:
        """The path of a link to the bytes of the owner's ready file, good for 60 seconds for whoever has it.

        Whoever asks says by that that the reader may read it, and keeps record of who read what. Raises NotFound.
        """

    @remote(timeout=5.0, idempotent=True)
    @abstractmethod
    def keep_export_part(self, *, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
        """A part of the copy of somebody's data: ``name`` is ``<domain>/<section>.json``, ``content`` JSON of at most
        200,000 characters and some. Sealed for its owner until it is packed. The same name again replaces it."""


files = Files.connect()
