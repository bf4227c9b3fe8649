"""Keys that change while processes run."""

import configparser
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from kelmah.rpc import RemoteFailure, key_files
from kelmah.rpc.acquaintances import acquaintances
from kelmah.rpc.errors import RemoteUnavailable
from kelmah.rpc.service import INTERFACES
from kelmah.testing import servers
from kelmah.testing.api_process import api_process
from tests.kernel.rpc.parcels.calls import parcels

DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key_files.key_file.cache_clear()
    key_files.new_folder(tmp_path, known={"parcels": ["parcels", "senders"], "senders": ["senders"]})
    return tmp_path


def names(folder: Path, domain: str, caller: str) -> list[str]:
    return [key_files.name_of(key) for key in key_files.read_keys(folder / f"{domain}.json")[caller]]


def test_a_rotation_adds_then_signs_then_drops_and_everybody_has_the_same(folder: Path) -> None:
    (old,) = names(folder, "senders", "senders")
    key_files.add(folder)
    _, new = names(folder, "senders", "senders")
    assert names(folder, "parcels", "senders") == [old, new]
    key_files.sign(folder)
    assert names(folder, "parcels", "senders") == names(folder, "senders", "senders") == [new, old]
    key_files.drop(folder)
    assert names(folder, "parcels", "senders") == names(folder, "senders", "senders") == [new]


def test_files_are_for_their_owner_only_and_hold_no_strangers(folder: Path) -> None:
    assert (folder / "senders.json").stat().st_mode & 0o777 == 0o600
    assert set(key_files.read_keys(folder / "senders.json")) == {"senders"}


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(folder: Path) -> None:
    view = key_files.KeyFile(folder / "parcels.json")
    (old,) = view.keys_of("senders")
    key_files.add(folder)
    time.sleep(key_files.LOOK_EVERY + 0.1)
    assert len(view.keys_of("senders")) == 2
    (folder / "parcels.json").write_text("{")
    time.sleep(key_files.LOOK_EVERY + 0.1)
    assert view.keys_of("senders")[0] == old
    (folder / "parcels.json").unlink()
    time.sleep(key_files.LOOK_EVERY + 0.1)
    assert view.keys_of("senders")[0] == old


@pytest.mark.parametrize("text", ["[]", '{"senders": "key"}', '{"senders": []}', '{"senders": [""]}'])
def test_what_is_no_list_of_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match="lists of keys by caller"):
        key_files.read_keys(tmp_path / "x.json")


def test_the_command_waits_until_everybody_has_read_and_shows_no_key(folder: Path) -> None:
    output = io.StringIO()
    with pytest.raises(CommandError, match="wait a moment"):
        call_command("keys", "add", folder)
    call_command("keys", "add", folder, now=True, stdout=output)
    secret = key_files.read_keys(folder / "senders.json")["senders"]
    assert "Next: sign" in output.getvalue()
    assert all(key not in output.getvalue() for key in secret)
    assert f"{key_files.name_of(secret[0])} signs, also {key_files.name_of(secret[1])}" in output.getvalue()
    with pytest.raises(CommandError, match="There are keys"):
        call_command("keys", "new", folder)
    with pytest.raises(CommandError, match="no keys in"):
        call_command("keys", "sign", folder / "nowhere")


@pytest.mark.slow
def test_keys_rotate_under_load_and_no_call_fails(folder: Path, settings: Any) -> None:
    settings.INTERNAL_RPC_KEYS_FILE = str(folder / "senders.json")
    provider = {"KELMAH_EXTRA_DOMAINS": "tests.kernel.rpc.parcels", "LOCAL_DOMAINS": "parcels"}
    provider["INTERNAL_RPC_KEYS_FILE"] = str(folder / "parcels.json")
    failed: list[BaseException] = []
    done, over = 0, threading.Event()

    def call() -> None:
        nonlocal done
        while not over.is_set():
            try:
                parcels.same(parcel=None)
                done += 1
            except RemoteFailure as error:
                failed.append(error)

    with api_process(REDIS_URL=servers.test_redis_url(), **provider) as url:
        settings.DOMAIN_URLS = {"parcels": url}
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for step in (key_files.add, key_files.sign, key_files.drop):
            step(folder)
            time.sleep(2.5)
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert done > 100


# --- who may, in all places where it is said ------------------------------------------------------------------------


def test_the_import_contract_and_the_interfaces_name_the_same_callers() -> None:
    acquaintances(DOMAINS)  # imports every interface
    contracts = configparser.ConfigParser()
    contracts.read("importlinter.ini")
    assert disagreements(contracts) == []
    contracts["importlinter:contract:callers-of-payments"]["allowed_importers"] += "\n    domains.reviews"
    assert disagreements(contracts) == ["payments"]


def disagreements(contracts: configparser.ConfigParser) -> list[str]:
    wrong = []
    for domain in DOMAINS:
        importers = contracts[f"importlinter:contract:callers-of-{domain}"]["allowed_importers"].split()
        said = {importer.removeprefix("domains.") for importer in importers if importer.startswith("domains.")}
        interface = INTERFACES.get(domain)
        if said != (set(interface.callers) if interface else {domain}):
            wrong.append(domain)
    return wrong


# --- somebody in between --------------------------------------------------------------------------------------------


@pytest.fixture
def balancer() -> Iterator[str]:
    """It reaches nobody behind it and says so in its own way."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(502)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Bad gateway</h1>")

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_balancer_that_reaches_nobody_is_nobody(balancer: str, settings: Any) -> None:
    settings.DOMAIN_URLS = {"parcels": balancer}
    with pytest.raises(RemoteUnavailable, match="502 from in between"):
        parcels.same(parcel=None)
