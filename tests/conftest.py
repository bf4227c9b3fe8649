"""What holds for all tests, besides the fixtures of ``kelmah.testing``."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from kelmah.testing.plugin import django_db_setup

__all__ = ["django_db_setup"]  # pytest-django loads after the plugin: without this, its own would win

# Files that share a running system, by how their names begin: two workers would start it twice.
_SHARING: Final = ("tests/faults/split/", "tests/journeys/test_journeys.py", "tests/journeys/test_privacy_curl.py")


class _Together(LoadFileScheduling):
    """``--dist loadfile``, and files that share a system go to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return file.rpartition("/")[0] if file.startswith(_SHARING) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return _Together(config, log) if config.getvalue("dist") == "loadfile" else None
