"""Uploads and downloads through the real server: what Django's test client can't show."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from domains.files.models import File
from kelmah.principal import Principal
from kelmah.testing.api_process import api_process
from kelmah.testing.client import access_token
from kelmah.testing.databases import where_it_is
from tests.files.factories import AnnouncementFactory, stored_keys

pytestmark = [pytest.mark.slow, pytest.mark.domain("files", transaction=True)]

TEXT = ("Two cabinets, forty centimetres, and a door.\n" * 60_000).encode()  # 2.7 MB: more than JSON may have


@pytest.fixture
def server(storage: Path) -> Iterator[str]:
    """One worker of granian that serves files alone, on the test's database and storage."""
    with api_process(
        **where_it_is(),
        LOCAL_DOMAINS="files",
        REDIS_URL=os.environ["KELMAH_TEST_REDIS_URL"],
        KELMAH_FILES_DIR=str(storage),
    ) as url:
        yield url


@pytest.fixture
def web(server: str, kofi: Principal) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {access_token(kofi)}"}
    with httpx.Client(base_url=server, headers=headers, timeout=20) as client:
        yield client


def announce(web: httpx.Client, size: int = len(TEXT)) -> tuple[str, str]:
    body = AnnouncementFactory(content_type="text/plain", size=size, name="long.txt")
    answer = web.post("/api/v1/files/uploads", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["file_id"], answer.json()["upload"]["url"]


def until(condition, what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def pieces(content: bytes) -> Iterator[bytes]:
    return (content[start : start + 7_777] for start in range(0, len(content), 7_777))


@pytest.mark.parametrize("how", [bytes, pieces], ids=["content-length", "chunked"])
def test_bytes_beyond_the_limit_of_json_arrive_whole_and_leave_again(web, how):
    file_id, url = announce(web)
    assert httpx.put(f"{web.base_url}{url}", content=how(TEXT)).status_code == 204
    digest = hashlib.sha256(TEXT).hexdigest()
    assert web.post(f"/api/v1/files/uploads/{file_id}/complete", json={"sha256": digest}).json()["state"] == "ready"
    got = web.get(f"/api/v1/files/{file_id}/download", follow_redirects=True, headers={"Accept": "text/plain"})
    assert (got.status_code, got.content == TEXT) == (200, True)
    assert got.headers["content-disposition"] == 'attachment; filename="long.txt"'


@pytest.mark.parametrize("how", [bytes, pieces], ids=["content-length", "chunked"])
@pytest.mark.parametrize("size", [len(TEXT) - 1, len(TEXT) + 1], ids=["more than announced", "less than announced"])
def test_another_size_is_refused_however_it_is_sent(web, how, size):
    file_id, url = announce(web, size=size)
    answer = httpx.put(f"{web.base_url}{url}", content=how(TEXT))
    assert (answer.status_code, answer.json()["code"]) == (422, "size_not_as_announced")
    assert stored_keys() == set()
    assert web.get(f"/api/v1/files/{file_id}").json()["state"] == "pending"


@pytest.mark.parametrize(
    "head",
    [f"Content-Length: {len(TEXT)}\r\n\r\n".encode(), b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"],
    ids=["content-length", "chunked"],
)
def test_a_phone_that_loses_the_network_leaves_nothing(web, head):
    file_id, url = announce(web)
    address = urlsplit(str(web.base_url))
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(f"PUT {url} HTTP/1.1\r\nHost: {address.hostname}\r\n".encode() + head + b"0123456789")
        until(stored_keys, "the server began to store")
    until(lambda: not stored_keys(), "the server forgets the beginning")
    assert File.objects.get(id=file_id).state == "pending"
    assert httpx.put(f"{web.base_url}{url}", content=TEXT).status_code == 204
