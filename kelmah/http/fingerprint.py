"""Telling a repeated request from another one that reuses its key."""

import hashlib
from collections.abc import Iterator
from typing import cast

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.request import Request


def request_fingerprint(request: Request) -> bytes:
    """SHA-256 over method, path, query and the meaning of the body.

    JSON counts by value (spacing and order of members don't matter); of a form, each field and the contents of each
    file, since the boundary differs every time; of anything else, the bytes.
    """
    digest = hashlib.sha256()
    for part in _parts(request):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _parts(request: Request) -> Iterator[bytes]:
    yield (request.method or "").encode()
    yield request.get_full_path().encode()
    kind = request.content_type.partition(";")[0]
    if kind == "application/json":
        yield orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    elif kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        form = cast(QueryDict, request.data)
        for name in sorted(form):
            for value in form.getlist(name):
                yield name.encode()
                yield _file_digest(value) if isinstance(value, UploadedFile) else str(value).encode()
    else:
        yield request.body


def _file_digest(file: UploadedFile) -> bytes:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()
