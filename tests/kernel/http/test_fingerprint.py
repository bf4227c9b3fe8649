"""What makes two requests the same."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request

from kelmah.http.fingerprint import request_fingerprint
from kelmah.http.parsers import JSONParser


def request_with(body: Any, path: str = "/a", **options: Any) -> Request:
    parsers = [JSONParser(), MultiPartParser(), FormParser()]
    plain = RequestFactory().post(path, body, **options)
    return Request(plain, parsers=parsers, parser_context={"request": plain})


def form(content: bytes = b"scan", name: str = "id.png", **fields: Any) -> Request:
    return request_with({"file": SimpleUploadedFile(name, content), **fields})


def json_of(text: str, path: str = "/a") -> Request:
    return request_with(text, path, content_type="application/json")


def test_json_counts_by_value() -> None:
    same = {request_fingerprint(json_of(text)) for text in ('{"a":1,"b":[2,3]}', '{ "b" : [2, 3], "a": 1 }')}
    assert len(same) == 1


@pytest.mark.parametrize("other", ['{"a":2}', '{"a":"1"}', '{"a":1,"b":null}', '{"b":1}', '{"a":[1]}', "{}"])
def test_another_value_is_another_request(other: str) -> None:
    assert request_fingerprint(json_of(other)) != request_fingerprint(json_of('{"a":1}'))


def test_another_path_or_query_is_another_request() -> None:
    prints = {request_fingerprint(json_of("{}", path)) for path in ("/a", "/b", "/a?x=1", "/a?x=2")}
    assert len(prints) == 4


def test_a_form_counts_by_fields_and_contents_and_not_by_its_boundary() -> None:
    boundaries = [
        request_with(
            f'--{name}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--{name}--\r\n'.encode(),
            content_type=f"multipart/form-data; boundary={name}",
        )
        for name in ("one", "two")
    ]
    assert len({request_fingerprint(request) for request in boundaries}) == 1
    others = [form(), form(b"other scan"), form(note="x"), form(note="y"), form(note=["x", "y"])]
    assert len({request_fingerprint(request) for request in others}) == 5


def test_a_file_can_still_be_read_afterwards() -> None:
    request = form(b"scan")
    request_fingerprint(request)
    assert request.data["file"].read() == b"scan"


def test_other_bodies_count_by_their_bytes() -> None:
    def raw(content: bytes) -> bytes:
        return request_fingerprint(request_with(content, content_type="application/octet-stream"))

    assert raw(b"a") == raw(b"a")
    assert raw(b"a") != raw(b"b")
    assert request_fingerprint(request_with(b"", content_type="")) == request_fingerprint(
        request_with(b"", content_type="")
    )
