"""What only a network does: hosts that are gone, services that are busy, answers that come too late."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from kelmah.embedded.ports import free_port
from kelmah.errors import Unavailable
from kelmah.http.request_id import on_behalf_of
from kelmah.ids import new_id
from kelmah.rpc import DeadlineExceeded, RemoteFailure, RemoteUnavailable
from kelmah.rpc.breaker import CircuitOpen
from kelmah.rpc.deadline import within
from kelmah.rpc.signing import PROOF, sign
from tests.kernel.rpc.parcels.calls import Parcels, parcels
from tests.kernel.rpc.parcels.types import Parcel


def test_an_idempotent_call_is_repeated_while_the_service_is_busy(over_http: Parcels) -> None:
    assert over_http.patient(key=str(new_id()), refusals=2) == 3


def test_an_idempotent_call_gives_up_with_the_error_of_the_service(over_http: Parcels) -> None:
    key = str(new_id())
    with pytest.raises(Unavailable, match="Not yet"):
        over_http.patient(key=key, refusals=9)
    assert over_http.attempts(key=key) == 3


def test_another_call_is_never_repeated(over_http: Parcels) -> None:
    key = str(new_id())
    with pytest.raises(Unavailable):
        over_http.impatient(key=key, refusals=1)
    assert over_http.attempts(key=key) == 1


def test_no_attempt_is_made_that_the_deadline_leaves_no_time_for(over_http: Parcels) -> None:
    over_http.forget()  # the first call of a process takes longer
    key = str(new_id())
    # Less than the two pauses before a third attempt. On a busy machine even one attempt may take that long.
    with within(0.14), pytest.raises((Unavailable, DeadlineExceeded)):
        over_http.patient(key=key, refusals=9)
    assert over_http.attempts(key=key) < 3


def test_an_answer_that_comes_too_late_is_not_waited_for(over_http: Parcels) -> None:
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        over_http.nap(seconds=2.0)
    assert time.monotonic() - started < 1.0


def test_a_host_that_is_gone_is_unavailable(settings) -> None:
    settings.DOMAIN_URLS = {"parcels": f"http://127.0.0.1:{free_port()}"}
    with pytest.raises(RemoteUnavailable) as caught:
        parcels.same(parcel=None)
    assert caught.value.status == 503


def test_a_connection_cut_in_the_middle_is_repeated_only_for_idempotent_calls(settings) -> None:
    with _hanging_up() as (port, connections):
        settings.DOMAIN_URLS = {"parcels": f"http://127.0.0.1:{port}"}
        with pytest.raises(RemoteUnavailable):
            parcels.same(parcel=None)
        assert len(connections) == 3
        with pytest.raises(RemoteUnavailable):
            parcels.forget()
        assert len(connections) == 4


def test_an_answer_that_is_no_json_is_a_remote_failure(settings) -> None:
    with _hanging_up(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as (port, _):
        settings.DOMAIN_URLS = {"parcels": f"http://127.0.0.1:{port}"}
        with pytest.raises(RemoteFailure, match="answered 200"):
            parcels.forget()


@pytest.mark.parametrize("status", [b"502 Bad Gateway", b"503 Service Unavailable", b"504 Gateway Timeout"])
@pytest.mark.parametrize("said", [b"<h1>Sorry</h1>", b'{"message": "no healthy upstream"}'])
def test_a_balancer_that_reaches_nobody_is_as_good_as_nobody(settings, status: bytes, said: bytes) -> None:
    answer = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    settings.RPC_BREAKER_FAILURES, settings.RPC_BREAKER_SECONDS = 4, 60
    with _hanging_up(answer % (status, len(said), said)) as (port, requests):
        settings.DOMAIN_URLS = {"parcels": f"http://127.0.0.1:{port}"}
        with pytest.raises(RemoteUnavailable, match="from in between"):
            parcels.same(parcel=None)
        assert len(requests) == 3
        with pytest.raises(RemoteUnavailable, match="from in between"):
            parcels.forget()  # may not run twice
        assert len(requests) == 4
        with pytest.raises(CircuitOpen):
            parcels.same(parcel=None)
        assert len(requests) == 4


def test_a_caller_with_the_key_of_another_is_refused(provider_url: str) -> None:
    path, body = Parcels.methods["forget"].path, b'{"args":{}}'
    proof = sign(path=path, body=body, caller="strangers", travelling={})[PROOF]
    forged = httpx.post(provider_url + path, content=body, headers={PROOF: proof.replace("strangers", "senders")})
    assert (forged.status_code, forged.json()["code"]) == (401, "rpc_bad_signature")


def test_a_domain_that_is_nowhere_is_named(settings) -> None:
    settings.DOMAIN_URLS = {}
    with pytest.raises(LookupError, match="DOMAIN_URLS must say where, as parcels="):
        parcels.forget()


def test_where_a_call_goes_is_decided_anew_for_every_call(settings, over_http: Parcels, provider_url: str) -> None:
    settings.DOMAIN_URLS = {"parcels": f"http://127.0.0.1:{free_port()}"}
    with pytest.raises(RemoteUnavailable):
        over_http.forget()
    settings.DOMAIN_URLS = {"parcels": provider_url}
    assert over_http.forget() is None


def test_threads_share_the_connections_of_a_process(over_http: Parcels) -> None:
    results: list[int] = []

    def ask() -> None:
        results.extend(over_http.circumstances().process for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(results) == 40
    assert len(set(results)) == 1


def test_every_attempt_is_logged_with_its_outcome_and_nothing_that_was_said(
    monkeypatch: pytest.MonkeyPatch, over_http: Parcels, parcel: Parcel
) -> None:
    lines = LogCapture()
    logger = structlog.wrap_logger(None, processors=[structlog.contextvars.merge_contextvars, lines])
    monkeypatch.setattr("kelmah.rpc.over_http.log", logger)
    with on_behalf_of("request-of-ama"):
        over_http.same(parcel=parcel)
        with pytest.raises(Unavailable):
            over_http.impatient(key="k" * 40, refusals=1)
        with pytest.raises(DeadlineExceeded):
            over_http.nap(seconds=2.0)
    assert [(line["method"], line["outcome"]) for line in lines.entries] == [
        ("parcels.same", "200"),
        ("parcels.impatient", "503"),
        ("parcels.nap", "deadline_exceeded"),
    ]
    assert all(line["request_id"] == "request-of-ama" and line["caller"] == "senders" for line in lines.entries)
    assert lines.entries[2]["milliseconds"] >= 250
    assert "clock" not in str(lines.entries)


@contextmanager
def _hanging_up(answer: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a call, answers with these bytes, and closes the connection."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(65_536))
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)
