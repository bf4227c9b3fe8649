"""Keys change while everything stays readable, half way too."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from kelmah import clock, crypto
from kelmah.crypto import data_keys, key_file, kms, rotation
from kelmah.crypto.kms import kms_of
from kelmah.ids import new_id
from tests.kernel.crypto.conftest import place_of, read, store
from tests.probe.models import DataKey, Secret

pytestmark = pytest.mark.domain("probe")


@pytest.fixture(autouse=True)
def _always_look(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kms, "LOOK_EVERY", 0.0)


def crypto_command(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("crypto", *words, domain=["probe"], stdout=out, **options)
    return out.getvalue()


def forget() -> None:
    data_keys._kept = data_keys._Kept()


def test_a_new_kek_wraps_new_keys_and_the_old_one_still_unwraps(keys: Path) -> None:
    old, new = new_id(), new_id()
    row = store(old, b"before")
    crypto_command("new-kek")
    after = store(new, b"after")
    forget()
    assert (read(old, row), read(new, after)) == (b"before", b"after")
    first, second = DataKey.objects.order_by("id")
    ring = key_file.read(keys)
    assert [second.kek, first.kek] == [kek.name for kek in ring.keks]


def test_a_kek_whose_time_has_not_come_wraps_nothing(keys: Path) -> None:
    crypto_command("new-kek", wraps_in=600)
    store(new_id(), b"x")
    fresh, old = key_file.read(keys).keks
    assert DataKey.objects.get().kek == old.name
    clock.advance(seconds=601)
    assert kms_of("probe").wrapping() == fresh.name


def test_rewrapping_stops_anywhere_and_goes_on(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {new_id(): b"%d" % number for number in range(7)}
    rows = {owner: store(owner, text) for owner, text in people.items()}
    sealed = list(Secret.objects.order_by("id").values_list("text", flat=True))
    old = kms_of("probe").wrapping()
    crypto_command("new-kek")
    usual, calls = rotation._rewrap, []

    def power_cut(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 6:
            raise KeyboardInterrupt
        usual(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rotation, "_rewrap", power_cut)
        rotation.rewrap("probe", batch=4)
    assert rotation.keys_by_kek("probe")[old] == 3
    forget()
    assert {owner: read(owner, row) for owner, row in rows.items()} == people  # half way
    assert "3 data keys" in crypto_command("rewrap")
    assert list(rotation.keys_by_kek("probe").values()) == [7]
    crypto_command("drop-kek", old)
    forget()
    assert {owner: read(owner, row) for owner, row in rows.items()} == people
    assert list(Secret.objects.order_by("id").values_list("text", flat=True)) == sealed  # only keys were touched


def test_a_kek_that_is_needed_or_wraps_is_not_dropped(keys: Path) -> None:
    store(new_id(), b"x")
    only = kms_of("probe").wrapping()
    with pytest.raises(CommandError, match="new-kek first"):
        crypto_command("drop-kek", only)
    crypto_command("new-kek")
    with pytest.raises(CommandError, match="rewrap first"):
        crypto_command("drop-kek", only)
    crypto_command("rewrap")
    crypto_command("drop-kek", only)
    with pytest.raises(CommandError, match="no key"):
        crypto_command("drop-kek", only)


def test_a_missing_kek_is_an_error_that_says_so_and_never_an_empty_value(keys: Path, tmp_path: Path) -> None:
    owner = new_id()
    row = store(owner, b"mine")
    keys.rename(tmp_path / "away")
    key_file.write_new(keys, now=clock.now())
    forget()
    with pytest.raises(crypto.KeysUnavailable) as refused:
        read(owner, row)
    assert refused.value.retry_after == 30
    assert "MISSING: 1 data keys" in crypto_command("show")
    with pytest.raises(CommandError, match="1 can't be read"):
        crypto_command("rewrap")
    (tmp_path / "away").replace(keys)
    assert read(owner, row) == b"mine"


@pytest.mark.parametrize("text", ["", "{}", "garbage", '{"keks": [], "index": ""}', '{"keks": [{"key": "c2hvcnQ="}]}'])
def test_a_damaged_file_leaves_the_last_good_one_in_force(keys: Path, text: str) -> None:
    owner = new_id()
    row = store(owner, b"mine")
    keys.write_text(text)
    forget()
    assert read(owner, row) == b"mine"
    with pytest.raises(ValueError, match=r"probe\.json"):
        key_file.read(keys)


def test_without_a_file_nothing_is_sealed(settings: Any, tmp_path: Path) -> None:
    settings.CRYPTO_KEYS_FILE = str(tmp_path / "nowhere.json")
    with pytest.raises(crypto.KeysUnavailable):
        store(new_id(), b"x")
    assert not DataKey.objects.exists()


def test_production_does_not_start_without_its_keys(settings: Any, tmp_path: Path) -> None:
    settings.CRYPTO_KEYS_FILE, settings.CRYPTO_KEYS_REQUIRED = str(tmp_path / "{domain}.json"), True
    with pytest.raises(SystemExit, match="CRYPTO_KEYS_FILE"):
        kms.refuse_to_start_without_keys("identity")
    key_file.write_new(tmp_path / "identity.json", now=clock.now())
    kms.refuse_to_start_without_keys("identity")


def test_values_are_sealed_anew_under_newer_keys_and_read_half_way(keys: Path) -> None:
    people = {new_id(): b"%d" % number for number in range(7)}
    rows = {owner: store(owner, text) for owner, text in people.items()}
    gone, *others = people
    crypto.shred("probe", subject=gone)
    clock.advance(days=400)
    young = new_id()
    store(young, b"young")
    before = dict(Secret.objects.values_list("owner_id", "text"))
    assert rotation.renew("probe", before=clock.now() - timedelta(days=365)) == 6
    lazily = others[0]
    Secret.objects.filter(owner_id=lazily).delete()
    rows[lazily] = store(lazily, people[lazily])  # written meanwhile: under the newer key at once
    forget()
    assert {owner: read(owner, rows[owner]) for owner in others} == {owner: people[owner] for owner in others}
    assert "5 values sealed anew" in crypto_command("reencrypt", keys_older_than=365)
    assert "0 values" in crypto_command("reencrypt")
    after = dict(Secret.objects.values_list("owner_id", "text"))
    assert {owner for owner in before if bytes(before[owner]) == bytes(after[owner])} == {gone, young}
    forget()
    assert {owner: read(owner, rows[owner]) for owner in others} == {owner: people[owner] for owner in others}


def test_what_somebody_writes_during_reencryption_stays(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = new_id()
    row = store(owner, b"old")
    data_keys.renew("probe", subject=owner)
    usual = rotation.unseal

    def slowly(domain: str, **of: Any) -> bytes:
        found = usual(domain, **of)
        written = crypto.seal(domain, subject=owner, place=place_of(row), data=b"newer")
        Secret.objects.filter(pk=row).update(text=written)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "unseal", slowly)
        assert rotation.reencrypt("probe").changed == 0
    assert read(owner, row) == b"newer"


def test_a_damaged_cell_is_named_and_the_rest_goes_on(keys: Path) -> None:
    owner = new_id()
    bad, good = store(owner, b"bad"), store(owner, b"good")
    Secret.objects.filter(pk=bad).update(text=bytes(Secret.objects.get(pk=good).text))
    data_keys.renew("probe", subject=owner)
    with pytest.raises(CommandError, match="1 can't be read"):
        crypto_command("reencrypt")
    assert read(owner, good) == b"good"


def test_no_command_shows_a_key(keys: Path, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    store(new_id(), b"x")
    said = crypto_command("new-kek") + crypto_command("rewrap") + crypto_command("show") + caplog.text
    said += "".join(capsys.readouterr())
    for word in keys.read_text().split('"'):
        assert len(word) < 40 or word not in said
    for kek in key_file.read(keys).keks:
        assert kek.name in said
        assert kek.key.hex() not in said
        assert str(kek.key) not in repr(kek)


def test_new_makes_a_file_per_domain_and_never_another_over_it(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("crypto", "new", str(tmp_path / "made"), stdout=out)
    made = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert {"identity.json", "files.json"} <= set(made)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "made").iterdir()} == {0o600}
    assert len({key_file.read(path).index for path in (tmp_path / "made").iterdir()}) == len(made)
    with pytest.raises(CommandError, match="exists"):
        call_command("crypto", "new", str(tmp_path / "made"), stdout=out)
