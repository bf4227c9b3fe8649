"""People, a table of their secrets, and key files of the test's own."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kelmah import clock, crypto
from kelmah.crypto import data_keys, key_file
from kelmah.db import atomic
from tests.probe.models import Secret


@pytest.fixture(autouse=True)
def _no_key_kept() -> None:
    data_keys._kept = data_keys._Kept()


@pytest.fixture
def keys(tmp_path: Path, settings: Any) -> Path:
    """A key file of this test, which processes and commands use."""
    path = tmp_path / "probe.json"
    key_file.write_new(path, now=clock.now())
    settings.CRYPTO_KEYS_FILE = str(tmp_path / "{domain}.json")
    return path


def place_of(row: int) -> str:
    return f"probe.secret.text:{row}"


def store(owner: UUID, text: bytes) -> int:
    """As an action would."""
    with atomic("probe"):
        row = Secret.objects.create(owner_id=owner)
        row.text = crypto.seal("probe", subject=owner, place=place_of(row.pk), data=text)
        row.save()
    return int(row.pk)


def read(owner: UUID, row: int) -> bytes:
    sealed = bytes(Secret.objects.get(pk=row).text)
    return crypto.unseal("probe", subject=owner, place=place_of(row), sealed=sealed)
