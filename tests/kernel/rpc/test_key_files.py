"""Keys that change while processes run."""

import io
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from kelmah import secret_files
from kelmah.rpc import RemoteFailure, key_files
from kelmah.testing import servers
from kelmah.testing.api_process import api_process
from tests.kernel.rpc.parcels.calls import parcels


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


@pytest.mark.parametrize("taken", [(), ("add",), ("add", "sign"), ("add", "sign", "drop")])
def test_a_step_out_of_turn_is_refused_and_changes_nothing(folder: Path, taken: tuple[str, ...]) -> None:
    for step in taken:
        getattr(key_files, step)(folder)
    before = names(folder, "parcels", "senders")
    turn = {"": "add", "add": "sign", "sign": "drop", "drop": "add"}[taken[-1] if taken else ""]
    for step in {"add", "sign", "drop"} - {turn}:
        with pytest.raises(CommandError, match=f"now {turn}"):
            call_command("keys", step, folder, now=True)
    assert names(folder, "parcels", "senders") == before


@pytest.mark.parametrize("interrupted", ["add", "sign", "drop"])
def test_a_step_that_was_interrupted_is_taken_again(folder: Path, interrupted: str) -> None:
    for step in ("add", "sign", "drop"):
        if step == interrupted:
            one_file_only(folder, step)
        getattr(key_files, step)(folder)
    assert names(folder, "parcels", "senders") == names(folder, "senders", "senders")
    assert len(names(folder, "parcels", "senders")) == 1


def one_file_only(folder: Path, step: str) -> None:
    """As a crash between two files leaves it."""
    before = {path: path.read_bytes() for path in (folder / "senders.json", folder / "rotation") if path.exists()}
    getattr(key_files, step)(folder)
    (folder / "rotation").unlink()
    for path, content in before.items():
        path.write_bytes(content)


def test_files_are_for_their_owner_only_and_hold_no_strangers(folder: Path) -> None:
    assert (folder / "senders.json").stat().st_mode & 0o777 == 0o600
    assert set(key_files.read_keys(folder / "senders.json")) == {"senders"}


def test_new_files_hold_their_own_key_those_of_callers_and_of_who_tells_them_events(tmp_path: Path) -> None:
    output = io.StringIO()
    call_command("keys", "new", tmp_path, stdout=output)
    keys = {file.stem: key_files.read_keys(file) for file in tmp_path.glob("*.json")}
    assert set(keys["payments"]) == {"payments", "contracts", "identity"}
    assert set(keys["files"]) == set(keys) - {"probe", "probes"}  # all hand it parts of people's copies
    assert set(keys["reviews"]) == {"reviews", "contracts", "identity"}  # which tells it that a contract ended
    assert keys["payments"]["contracts"] == keys["files"]["contracts"] == keys["contracts"]["contracts"]
    assert not any(key in output.getvalue() for held in keys.values() for of_one in held.values() for key in of_one)


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(folder: Path) -> None:
    view = key_files.KeyFile(folder / "parcels.json")
    (old,) = view.keys_of("senders")
    key_files.add(folder)
    time.sleep(secret_files.LOOK_EVERY + 0.1)
    assert len(view.keys_of("senders")) == 2
    (folder / "parcels.json").write_text("{")
    time.sleep(secret_files.LOOK_EVERY + 0.1)
    assert view.keys_of("senders")[0] == old
    (folder / "parcels.json").unlink()
    time.sleep(secret_files.LOOK_EVERY + 0.1)
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
