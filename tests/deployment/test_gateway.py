"""nginx as the gateway, for real: what it lets through, to whom, how often, and what it says by itself."""

import os
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import httpx
import pytest
from websockets.sync.client import connect

from domains.files.rules import KINDS, UPLOADED
from kelmah.deployment.nginx import HEALTH, LARGEST_BODY, nginx_command, nginx_conf
from kelmah.deployment.routes import route_table
from kelmah.embedded import scratch
from kelmah.embedded.account import server_account
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.folders import make_folder
from kelmah.embedded.ports import HOST, free_port
from tests.deployment.conftest import ORIGIN, Behind, nginx

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    "route", [route for route in route_table() if route.kind == "api"], ids=lambda route: route.path
)
def test_every_route_leads_to_its_domain(gateway: httpx.Client, route: object) -> None:
    path = route.path.rstrip("/")  # type: ignore[attr-defined]
    for address in (f"{path}/deeper?x=1", *((path,) if path == route.path else ())):  # type: ignore[attr-defined]
        answer = gateway.get(address).json()
        assert answer["name"] == route.domain  # type: ignore[attr-defined]
        assert answer["path"] == address


@pytest.mark.parametrize(
    "address",
    [
        "/internal/rpc/payments/escrow_of",
        "/internal/events",
        "//internal/events",
        "/%69nternal/events",
        "/api/v1/jobs/../../../internal/events",
        "/api/v1/jobs/%2e%2e/%2e%2e/%2e%2e/internal/events",
        "/api/v1/jobs/..%2f..%2f..%2finternal/events",
        "/api/v1/jobsearch",
        "/api/v2/jobs",
        "/",
    ],
)
def test_what_is_not_routed_does_not_exist(gateway: httpx.Client, address: str) -> None:
    host = str(gateway.base_url)
    # curl sends the address as it is written; httpx would tidy it up first.
    command = [
        "curl",
        "-s",
        "--path-as-is",
        "-X",
        "POST",
        "-o",
        "-",
        "-w",
        "\n%{http_code} %{content_type}",
        host + address,
    ]
    body, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    assert status == "404 application/problem+json"
    assert '"code":"not_found"' in body


def test_it_tells_that_it_lives(gateway: httpx.Client) -> None:
    assert gateway.get(HEALTH).json() == {"status": "alive"}


def test_two_copies_share_the_work(gateway: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        copies = [each.json()["copy"] for each in threads.map(gateway.get, ["/api/v1/jobs"] * 200)]
    assert 40 < copies.count("a") < 160


def test_the_process_behind_learns_who_asks(gateway: httpx.Client) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9"}
    seen = gateway.get("/api/v1/me", headers=headers | {"X-Request-ID": "client-chose-it"}).json()["headers"]
    assert seen["x-forwarded-for"] == f"203.0.113.9, {HOST}"  # only the last entry, which is ours, is believed
    assert seen["x-forwarded-proto"] == "http"
    assert "forwarded" not in seen
    assert seen["x-request-id"] == "client-chose-it"
    assert seen["host"] == gateway.base_url.netloc.decode()


def test_a_harmful_request_id_is_replaced(gateway: httpx.Client) -> None:
    seen = gateway.get("/api/v1/me", headers={"X-Request-ID": 'a"b'}).json()["headers"]
    assert len(seen["x-request-id"]) == 32


def test_the_largest_upload_passes_and_a_larger_one_does_not(gateway: httpx.Client) -> None:
    assert max(KINDS[name].limit for name in UPLOADED) == LARGEST_BODY
    assert gateway.put("/api/v1/files/uploads/1/content", content=bytes(LARGEST_BODY)).json()["size"] == LARGEST_BODY
    larger = HTTPConnection(gateway.base_url.netloc.decode(), timeout=10)
    larger.putrequest("PUT", "/api/v1/files/uploads/1/content")
    larger.putheader("Content-Length", str(LARGEST_BODY + 1))
    larger.endheaders()
    refused = larger.getresponse()  # before a byte of it was sent
    assert refused.status == 413
    assert b'"code":"body_too_large"' in refused.read()


def test_half_requests_reach_no_domain_and_keep_nobody_waiting(gateway: httpx.Client, behind: Behind) -> None:
    place = gateway.base_url
    head = f"POST /api/v1/auth/half-{free_port()} HTTP/1.1\r\nHost: {place.netloc.decode()}\r\nContent-"
    with ExitStack() as slow:
        for number in range(200):
            line = slow.enter_context(socket.create_connection((place.host, place.port or 80)))
            # Half of them stop within the headers, half after the first byte of a body.
            line.sendall((head if number % 2 else f"{head}Length: 100\r\n\r\n{{").encode())
        times = []
        for _ in range(50):
            began = time.monotonic()
            assert gateway.get("/api/v1/jobs").status_code == 200
            times.append(time.monotonic() - began)
    assert sorted(times)[47] < 0.5
    assert behind.hits(head.split()[1].rpartition("/")[2]) == []


# A copy that breaks off, dies, or is gone


def test_a_read_goes_on_to_the_next_copy(gateway: httpx.Client, behind: Behind) -> None:
    assert gateway.get("/api/v1/jobs/breaks-off").status_code == 200
    assert behind.hits("breaks-off") == ["GET", "GET"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_that_was_read_is_never_sent_twice(
    gateway: httpx.Client, behind: Behind, method: str, headers: dict[str, str]
) -> None:
    (behind.folder / "breaks-off").unlink(missing_ok=True)
    answer = gateway.request(method, "/api/v1/jobs/breaks-off", content=b"{}", headers=headers)
    assert behind.hits("breaks-off") == [method]
    assert answer.status_code == 502
    assert_problem(answer, "bad_gateway", retry_after="2")


def test_what_a_domain_refuses_is_its_own_word(gateway: httpx.Client, behind: Behind) -> None:
    for _ in range(10):
        answer = gateway.get("/api/v1/wallet/refuses")
        assert answer.status_code == 503
        assert answer.json()["code"] == "domain_says_so"
    assert len(behind.hits("refuses")) == 10  # asked once each, and no copy was taken for dead


def test_nobody_notices_a_killed_copy(behind: Behind) -> None:
    with behind.gateway() as client:
        stop, failed = Event(), list[str]()

        def read_on() -> None:
            with httpx.Client(base_url=client.base_url) as reader:
                while not stop.is_set():
                    answer = reader.get("/api/v1/jobs")
                    failed.extend([answer.text] if answer.status_code != 200 else [])

        with ThreadPoolExecutor(4) as threads:
            readers = [threads.submit(read_on) for _ in range(4)]
            try:
                behind.kill("b")
                # Reads in flight went on to the other copy; writes after the kill reach nobody dead.
                writes = [client.post("/api/v1/jobs", content=b"{}") for _ in range(200)]
            finally:
                stop.set()
                for reader in readers:
                    reader.result(timeout=20)
                behind.start("b")
    assert [answer.text for answer in writes if answer.status_code != 200] + failed == []
    assert {answer.json()["copy"] for answer in writes} == {"a"}


def test_a_copy_that_returns_gets_work_again(behind: Behind) -> None:
    with behind.gateway() as client:
        behind.kill("b")
        client.get("/api/v1/jobs")
        behind.start("b")
        seen: set[str] = set()
        for _ in range(2000):
            seen.add(client.get("/api/v1/jobs").json()["copy"])
            if seen == {"a", "b"}:
                return
        pytest.fail("the copy that came back was left alone")


def test_a_domain_without_any_copy_is_unavailable_and_the_others_are_not(behind: Behind) -> None:
    nobody = {("payments", "api"): [f"{HOST}:{free_port()}", f"{HOST}:{free_port()}"]}
    alive = behind.upstreams
    behind.upstreams = alive | nobody
    try:
        with behind.gateway() as client:
            for _ in range(5):
                answer = client.post("/api/v1/wallet/deposits", content=b"{}", headers={"Origin": ORIGIN})
                assert answer.status_code == 503
                assert_problem(answer, "unavailable", retry_after="2")
                assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
                assert client.get("/api/v1/jobs").status_code == 200
    finally:
        behind.upstreams = alive


def assert_problem(answer: httpx.Response, code: str, *, retry_after: str) -> None:
    """The shape of ``kelmah.http.problems``."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == retry_after
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "data"}
    assert body["type"] == f"/problems/{code}"
    assert body["code"] == code
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["X-Request-ID"]


# Limits, CORS, sockets, TLS, accounts


def test_too_many_requests_of_one_address_are_refused_as_the_api_refuses(behind: Behind) -> None:
    with behind.gateway(requests_per_second=1, burst=3) as client:
        answers = [client.get("/api/v1/jobs") for _ in range(8)]
        assert [answer.status_code for answer in answers[:4]] == [200] * 4
        assert answers[-1].status_code == 429
        assert_problem(answers[-1], "too_many_requests", retry_after="1")


def test_a_page_of_a_known_origin_may_ask_and_see(gateway: httpx.Client) -> None:
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    preflight = gateway.options("/api/v1/jobs/1", headers=asks)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"]
    assert all(name in allowed for name in ("Authorization", "If-Match", "Idempotency-Key", "Content-Type"))
    answer = gateway.get("/api/v1/jobs", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert all(name in exposed for name in ("ETag", "Link", "Retry-After", "RateLimit", "X-Request-ID"))
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null"])
def test_a_page_of_an_unknown_origin_may_not(gateway: httpx.Client, origin: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (gateway.options("/api/v1/jobs", headers=asks), gateway.get("/api/v1/jobs", headers=asks)):
        assert not any(name.startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/", "*", 'https://a" 1; "'])
def test_an_origin_that_is_none_is_refused_when_the_file_is_written(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        nginx_conf(routes=(), upstreams={}, listen="127.0.0.1:1", folder=Path("/x"), origins=[origin])


def test_a_route_that_leads_nowhere_is_refused_when_the_file_is_written() -> None:
    with pytest.raises(ValueError, match=r"no address for .*payments \(api\)"):
        nginx_conf(routes=route_table(), upstreams={}, listen="127.0.0.1:1", folder=Path("/x"))


def test_a_socket_passes(gateway: httpx.Client) -> None:
    with connect(f"ws://{gateway.base_url.netloc.decode()}/ws?ticket=1", subprotocols=None) as socket:
        for word in ("one", "two"):
            socket.send(word)
            assert socket.recv(timeout=5) == f"/ws?ticket=1 {word}"


def test_only_sockets_may_change_the_protocol(gateway: httpx.Client) -> None:
    asks = {"Connection": "Upgrade", "Upgrade": "h2c"}
    seen = gateway.get("/api/v1/jobs", headers=asks).json()["headers"]
    assert "upgrade" not in seen
    assert seen.get("connection", "") == ""


def test_tls_ends_here(behind: Behind, tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    files = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*make, *files], check=True, capture_output=True)
    with behind.gateway(certificate=(chain, key)) as client:
        assert client.get("/api/v1/me").json()["headers"]["x-forwarded-proto"] == "https"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(client.base_url)  # nobody signed it, and so a strict client sees that this really is TLS


def test_it_runs_without_rights(behind: Behind) -> None:
    account = server_account()
    folder, port = scratch.new_folder("gateway"), free_port()
    own = make_folder(folder / "own", owner=account)
    text = nginx_conf(routes=behind.routes, upstreams=behind.upstreams, listen=f"{HOST}:{port}", folder=own)
    (folder / "nginx.conf").write_text(text)
    (own / "nginx.conf").symlink_to(folder / "nginx.conf")
    (folder / "nginx.conf").chmod(0o644)
    (own / "output").touch()
    with nginx(own, port=port, account=account):
        pid = int((own / "nginx.pid").read_text())
        assert os.stat(f"/proc/{pid}").st_uid == account.uid
        assert httpx.get(f"http://{HOST}:{port}/api/v1/jobs").status_code == 200
    scratch.discard(folder)


def test_without_nginx_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    with pytest.raises(EmbeddedError, match="apt-get install nginx-light"):
        nginx_command(folder=Path("/x"))
