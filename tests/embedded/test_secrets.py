"""Secrets are made once, kept closed, and give way to the environment."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kelmah.crypto import key_file
from kelmah.embedded import generated_secrets
from kelmah.embedded.environment import environments, without_credentials, write_for_shells
from kelmah.embedded.errors import BrokenData

NAMES = ("SECRET_KEY", "DATABASE_ROLE_PASSWORD", "INTERNAL_RPC_KEY", "JWT_SIGNING_KEY_FILE")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "CRYPTO_KEYS_FILE", "KELMAH_FILES_DIR", "PAYMENTS_DATABASE_URL", "DATABASE_ADMIN_URL"):
        monkeypatch.delenv(name, raising=False)


def test_they_are_the_same_the_second_time(tmp_path: Path) -> None:
    first = generated_secrets.environment(tmp_path)
    key = Path(first["JWT_SIGNING_KEY_FILE"]).read_bytes()
    assert generated_secrets.environment(tmp_path) == first
    assert Path(first["JWT_SIGNING_KEY_FILE"]).read_bytes() == key
    assert len({first[name] for name in NAMES}) == 4


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    generated_secrets.environment(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_the_signing_key_is_es256(tmp_path: Path) -> None:
    pem = Path(generated_secrets.environment(tmp_path)["JWT_SIGNING_KEY_FILE"]).read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"


def test_every_domain_has_keys_of_its_own_and_keeps_them(tmp_path: Path) -> None:
    named = generated_secrets.environment(tmp_path)["CRYPTO_KEYS_FILE"]
    files = {domain: Path(named.replace("{domain}", domain)) for domain in ("identity", "files", "payments")}
    rings = {domain: key_file.read(file) for domain, file in files.items()}
    assert len({ring.index for ring in rings.values()} | {ring.keks[0].key for ring in rings.values()}) == 6
    generated_secrets.environment(tmp_path)
    assert {domain: key_file.read(file) for domain, file in files.items()} == rings


def test_a_variable_that_is_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "mine")
    assert generated_secrets.environment(tmp_path)["SECRET_KEY"] == "mine"


def test_a_damaged_file_is_not_silently_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("\x00\x00garbage")
    with pytest.raises(BrokenData, match=r"secrets\.env"):
        generated_secrets.environment(tmp_path)


def test_processes_never_see_the_administrators_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", "postgresql://boss:hidden@10.0.0.5:5432/pay")
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://boss:hidden@10.0.0.5:5432/kelmah")
    found = environments(
        data=tmp_path,
        database_url="postgresql://boss:hidden@127.0.0.1:5432/kelmah",
        redis_url="redis://r",
        port=8000,
        live_port=8001,
    )
    assert found.processes["DATABASE_URL"] == "postgresql://127.0.0.1:5432/kelmah"
    assert found.processes["PAYMENTS_DATABASE_URL"] == "postgresql://10.0.0.5:5432/pay"
    assert not any("hidden" in value for value in found.processes.values())
    assert found.setup["DATABASE_URL"] == "postgresql://boss:hidden@127.0.0.1:5432/kelmah"


def test_a_url_without_credentials_stays_as_it_is() -> None:
    assert without_credentials("postgresql://db.internal/kelmah?sslmode=require") == (
        "postgresql://db.internal/kelmah?sslmode=require"
    )


def test_a_shell_that_reads_the_file_meets_the_running_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", "postgresql://boss:hidden@127.0.0.1:5432/kelmah_restored")
    found = environments(
        data=tmp_path,
        database_url='postgresql://boss:it\'s "hidden"@127.0.0.1:5432/kelmah',
        redis_url="redis://:a$b@r",
        port=8000,
        live_port=8001,
    )
    write_for_shells(found, data=tmp_path, programs=tmp_path / "bin")
    file = tmp_path / "environment"
    script = f'set -a; . "{file}"; set +a; env -0'
    said = subprocess.run(["bash", "-euc", script], env={"PATH": "/bin"}, capture_output=True, text=True, check=True)
    told = dict(line.split("=", 1) for line in said.stdout.split("\0") if line)
    assert {name: told[name] for name in found.own} == {name: found.processes[name] for name in found.own}
    assert told["PAYMENTS_DATABASE_URL"] == "postgresql://127.0.0.1:5432/kelmah_restored"
    assert told["ADMIN_URL"] == found.setup["DATABASE_URL"]
    assert told["PATH"] == f"{tmp_path}/bin:/bin"
    assert file.stat().st_mode & 0o077 == 0
    write_for_shells(
        found, data=tmp_path, programs=None
    )  # the administrator of another server is nobody's to write down
    assert "hidden" not in file.read_text()
