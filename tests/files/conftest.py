"""Every test has an empty storage of its own."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from kelmah.principal import Principal
from kelmah.testing.plugin import OWN_PROCESS
from tests.files.factories import member


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    if OWN_PROCESS:  # it keeps the folder that both were started with
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    else:
        settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def kofi() -> Principal:
    return member()


@pytest.fixture
def ama() -> Principal:
    return member()
