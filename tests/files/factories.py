"""Files in every stage, made through the domain's own actions, and bytes of every type."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import factory
from django.core.files.storage import default_storage
from PIL import Image

from domains.files import actions, rules
from domains.files.actions.links import make_link
from domains.files.models import File
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient


def picture(form: str, *, size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(content, form)
    return content.getvalue()


PNG = picture("PNG")
SAMPLES: Mapping[str, bytes] = {
    "image/png": PNG,
    "image/jpeg": picture("JPEG"),
    "image/webp": picture("WEBP"),
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n",
    "text/plain": "Akwaaba! Ɛte sɛn? Two cabinets, 40\u00a0cm, 1\u202f200 cedis \N{WOMAN}\u200d\N{WRENCH}\n".encode()
    * 40,
    "audio/ogg": b"OggS\x00\x02" + bytes(60) + b"OpusHead" + bytes(200),
    "audio/mpeg": b"ID3\x04\x00\x00" + bytes(300),
    "audio/mp4": b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom" + bytes(300),
    "audio/webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm" + bytes(300),
    "video/mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(300),
}


def png_that_claims(width: int, height: int) -> bytes:
    """A few hundred bytes that decode to ``width`` times ``height`` black pixels."""
    row = zlib.compressobj(9)
    pixels = row.compress(bytes(1_000_000)) + row.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class AnnouncementFactory(factory.DictFactory):
    name = factory.Sequence(lambda n: f"sketch {n}.png")
    content_type = "image/png"
    size = len(PNG)
    kind = "chat"


def member(user_id: UUID | None = None) -> Principal:
    return Principal(user_id=user_id or new_id(), roles=frozenset({"worker"}), session_id=new_id())


def announced_file(*, by: Principal, content: bytes = PNG, **announcement: Any) -> File:
    return actions.announce_upload(by=by, **AnnouncementFactory(size=len(content), **announcement))


def uploaded_file(*, by: Principal, content: bytes = PNG, **announcement: Any) -> File:
    file = announced_file(by=by, content=content, **announcement)
    return actions.receive_content(file_id=file.id, source=io.BytesIO(content))


def ready_file(*, by: Principal, content: bytes = PNG, **announcement: Any) -> File:
    file = uploaded_file(by=by, content=content, **announcement)
    return actions.complete_upload(file_id=file.id, by=by, sha256=None)


def failed_file(*, by: Principal) -> File:
    """A text that said it is a picture."""
    file = uploaded_file(by=by, content=SAMPLES["text/plain"])
    try:
        actions.complete_upload(file_id=file.id, by=by, sha256=None)
    except rules.ContentNotAsDeclared:
        return File.objects.get(id=file.id)
    raise AssertionError("the lie was not found")


def stored_keys() -> set[str]:
    """Everything that lies in the storage."""
    found, folders = set(), [""]
    while folders:
        folder = folders.pop()
        if folder and not default_storage.exists(folder):
            continue
        below, names = default_storage.listdir(folder)
        folders += [f"{folder}/{each}".lstrip("/") for each in below]
        found |= {f"{folder}/{name}".lstrip("/") for name in names}
    return found


def send(
    url: str, content: bytes, content_type: str = "image/png", *, headers: Mapping[str, str] | None = None
) -> Answer:
    """PUT raw bytes to an upload link, as nobody in particular."""
    return ApiClient().send("PUT", url, content, headers={"Content-Type": content_type} | dict(headers or {}))


def fetch(url: str, **headers: str) -> Answer:
    """GET an address as a browser without a token would."""
    return ApiClient().send("GET", url, headers=headers)


def upload_link(file: File) -> str:
    token, _ = make_link(purpose="upload", file_id=file.id, lifetime=rules.UPLOAD_LINK)
    return f"/api/v1/files/uploads/{file.id}/content?token={token}"


def complete(api: ApiClient, by: Principal, file: File, body: Any = None, query: str = "") -> Answer:
    return api.as_(by).post(f"/files/uploads/{file.id}/complete{query}", {} if body is None else body)


def file_rows() -> list[dict[str, Any]]:
    """Every file as it is, to see that a refusal changed nothing."""
    return list(File.objects.order_by("id").values())
