"""Who may knock: calls made by hand against the real route, each with one thing wrong."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client

from kelmah.ids import new_id
from kelmah.rpc import key_files, signing
from kelmah.rpc.wire import encode_arguments
from tests.kernel.rpc.parcels.calls import Parcels

PATH = "/internal/rpc/parcels/note_of"
BODY = b'{"args":{"parcel":null}}'

pytestmark = pytest.mark.usefixtures("loopback")


def _signed(*, path: str = PATH, body: bytes = BODY, caller: str = "senders", **travelling: str) -> dict[str, str]:
    named = {f"Kelmah-{name.capitalize()}": value for name, value in travelling.items()}
    return signing.sign(path=path, body=body, caller=caller, travelling=named)


def _post(headers: dict[str, str], *, path: str = PATH, body: bytes = BODY) -> tuple[int, Any]:
    response = Client().post(path, body, content_type="application/json", headers=headers)
    assert response.headers["Content-Type"] == "application/json"
    answer = response.json()
    return response.status_code, answer.get("code", answer.get("value"))


def test_a_call_that_is_right_in_everything_is_served() -> None:
    assert _post(_signed()) == (200, "the default of the service")


def _changed(headers: dict[str, str], **parts: str) -> dict[str, str]:
    """The same proof with some of its parts exchanged."""
    names = ("caller", "stamp", "nonce", "signature")
    proof = dict(zip(names, headers[signing.PROOF].split(" "), strict=True)) | parts
    return headers | {signing.PROOF: " ".join(proof[name] for name in names)}


def test_an_unsigned_call_is_refused() -> None:
    assert _post({}) == (401, "rpc_bad_signature")


def test_a_replayed_call_is_refused() -> None:
    headers = _signed()
    assert _post(headers)[0] == 200
    assert _post(headers) == (401, "rpc_bad_signature")


def test_a_replayed_call_with_another_nonce_is_refused() -> None:
    assert _post(_changed(_signed(), nonce="0" * 32)) == (401, "rpc_bad_signature")


def test_a_tampered_body_is_refused() -> None:
    assert _post(_signed(), body=BODY.replace(b"null", b"none"))[0] == 401


def test_a_signature_for_another_method_is_refused() -> None:
    assert _post(_signed(path="/internal/rpc/parcels/same")) == (401, "rpc_bad_signature")


@pytest.mark.parametrize("changed", [{"Kelmah-Deadline": "999999"}, {"Kelmah-Rehearsal": ""}])
def test_a_changed_header_that_changes_the_call_is_refused(changed: dict[str, str]) -> None:
    headers = _signed(deadline="500", rehearsal="yes")
    assert _post(headers | changed) == (401, "rpc_bad_signature")
    assert _post(headers)[0] == 200


def test_an_added_header_makes_no_call_a_rehearsal() -> None:
    path, body = "/internal/rpc/parcels/circumstances", b'{"args":{}}'
    headers = _signed(path=path, body=body) | {"Kelmah-Rehearsal": ""}
    response = Client().post(path, body, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["value"]["rehearsing"]) == (200, False)


@pytest.mark.parametrize("seconds", [-61, 62])  # a stamp has whole seconds: 61 ahead may be 60 when it is read
def test_a_call_older_or_newer_than_a_minute_is_refused(seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    then = time.time() + seconds
    with monkeypatch.context() as patch:
        patch.setattr(signing.time, "time", lambda: then)
        headers = _signed()
    assert _post(headers) == (401, "rpc_bad_signature")


def test_business_time_does_not_age_a_call(clock) -> None:
    headers = _signed()
    clock.advance(days=14)
    assert _post(headers)[0] == 200


def test_an_old_key_is_accepted_while_keys_rotate(settings) -> None:
    settings.INTERNAL_RPC_KEY = ["old"]
    by_the_old, again_by_the_old = _signed(), _signed()
    settings.INTERNAL_RPC_KEY = ["new", "old"]
    by_the_new = _signed()
    assert _post(by_the_old)[0] == 200
    settings.INTERNAL_RPC_KEY = ["new"]
    assert _post(by_the_new)[0] == 200
    assert _post(again_by_the_old) == (401, "rpc_bad_signature")


@pytest.fixture
def key_folder(settings, tmp_path: Path) -> Path:
    """Files as a deployment has them; this process reads that of parcels."""
    key_files.key_file.cache_clear()
    key_files.new_folder(tmp_path, known={"parcels": ["senders", "strangers"], "senders": ["senders"]})
    settings.INTERNAL_RPC_KEYS_FILE = str(tmp_path / "parcels.json")
    return tmp_path


def test_a_caller_with_keys_of_its_own_is_not_known_by_the_common_key(settings, key_folder: Path) -> None:
    settings.INTERNAL_RPC_KEYS_FILE = ""
    by_the_common = _signed()
    settings.INTERNAL_RPC_KEYS_FILE = str(key_folder / "parcels.json")
    assert _post(by_the_common) == (401, "rpc_bad_signature")
    assert _post(_signed())[0] == 200


def test_an_empty_key_is_no_key(settings) -> None:
    settings.INTERNAL_RPC_KEY = ["new", ""]
    for key in ("", signing._mac("", b"senders")):
        stamp, nonce = str(int(time.time())), str(new_id())
        forged = signing._mac(key, signing._text("POST", PATH, "senders", stamp, nonce, {}, BODY))
        assert _post({signing.PROOF: f"senders {stamp} {nonce} {forged}"}) == (401, "rpc_bad_signature")


def test_without_a_key_nothing_is_sent(settings) -> None:
    settings.INTERNAL_RPC_KEY = []
    with pytest.raises(LookupError, match="no key of 'senders'"):
        _signed()


def test_one_domain_can_not_sign_as_another(key_folder: Path) -> None:
    assert _post(_changed(_signed(caller="strangers"), caller="senders")) == (401, "rpc_bad_signature")


def test_a_proven_caller_that_is_not_on_the_list_is_refused() -> None:
    assert _post(_signed(caller="strangers")) == (403, "rpc_caller_refused")


@pytest.mark.parametrize("caller", ["", "nobody\nelse", "ünknown"])
def test_a_strange_caller_is_refused(caller: str) -> None:
    assert _post({signing.PROOF: f"{caller} ² x {'ÿ' * 64}"}) == (401, "rpc_bad_signature")


@pytest.mark.parametrize("proof", ["", "senders", "a b c d e", "    "])
def test_what_is_no_proof_is_refused(proof: str) -> None:
    assert _post({signing.PROOF: proof}) == (401, "rpc_bad_signature")


def test_a_changed_caller_is_refused() -> None:
    assert _post(_changed(_signed(), caller="parcels")) == (401, "rpc_bad_signature")


def test_without_the_memory_of_nonces_nothing_is_served(settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    assert _post(_signed()) == (503, "rpc_replay_guard_down")


def test_a_connection_to_the_memory_of_nonces_that_was_cut_costs_no_call(settings) -> None:
    assert _post(_signed())[0] == 200
    mine = signing._memory(settings.REDIS_URL, os.getpid(), threading.get_ident()).client_id()
    with redis.Redis.from_url(settings.REDIS_URL) as other:
        assert other.client_kill_filter(_id=str(mine)) == 1
    headers = _signed()
    assert _post(headers)[0] == 200
    assert _post(headers) == (401, "rpc_bad_signature")


@pytest.mark.parametrize(
    "path", ["/internal/rpc/parcels/nothing", "/internal/rpc/parcels/connect", "/internal/rpc/nowhere/x"]
)
def test_what_is_not_served_here_is_not_found(path: str) -> None:
    assert _post(_signed(path=path), path=path) == (404, "rpc_unknown_method")
    assert _post({}, path=path) == (401, "rpc_bad_signature")


def test_a_domain_whose_service_left_is_not_found(settings, loopback: Parcels) -> None:
    type(loopback).replacement, kept = None, type(loopback).replacement
    try:
        assert _post(_signed()) == (404, "rpc_unknown_method")
    finally:
        type(loopback).replacement = kept


@pytest.mark.parametrize(
    "change",
    [
        lambda args: args.update(colour="red"),
        lambda args: args.pop("parcel"),
        lambda args: args.update(note=5),
        lambda args: args.update(parcel={"id": "none"}),
    ],
)
def test_arguments_that_are_not_those_of_the_interface_are_refused(change: Callable[[dict[str, Any]], object]) -> None:
    call = json.loads(BODY)
    change(call["args"])
    body = json.dumps(call).encode()
    assert _post(_signed(body=body), body=body) == (400, "rpc_bad_arguments")


def test_an_unknown_field_inside_an_argument_is_refused_and_named(parcel) -> None:
    call = json.loads(encode_arguments(Parcels.methods["note_of"], {"parcel": parcel}))
    call["args"]["parcel"]["items"][0]["colour"] = "red"
    body = json.dumps(call).encode()
    response = Client().post(PATH, body, content_type="application/json", headers=_signed(body=body))
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == ["/args/parcel/items/0/colour"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"args":{"parcel":null},"more":1}', b"\xff"])
def test_a_body_that_is_no_call_is_refused(body: bytes) -> None:
    assert _post(_signed(body=body), body=body) == (400, "rpc_bad_arguments")


def test_a_call_whose_caller_stopped_waiting_is_not_begun() -> None:
    assert _post(_signed(deadline="0")) == (504, "deadline_exceeded")
    assert _post(_signed(deadline="soon")) == (400, "rpc_bad_arguments")


def test_a_body_too_large_to_read_is_refused(settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert _post(_signed()) == (413, "rpc_body_too_large")


def test_only_post_is_a_call() -> None:
    response = Client().get(PATH, headers=_signed())
    assert (response.status_code, response.json()["code"]) == (405, "rpc_not_posted")


def test_a_bug_is_answered_with_an_id_and_nothing_else() -> None:
    path = "/internal/rpc/parcels/bug"
    body = b'{"args":{}}'
    response = Client().post(path, body, content_type="application/json", headers=_signed(path=path, body=body))
    assert response.status_code == 500
    assert response.json()["code"] == "rpc_internal_error"
    assert response.json()["data"] == {"request_id": response.headers["X-Request-ID"]}
    assert "secret" not in response.text
