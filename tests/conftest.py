"""What holds for all tests, besides the fixtures of ``kelmah.testing``."""

import pytest

from kelmah.testing.plugin import django_db_setup

__all__ = ["django_db_setup"]  # pytest-django loads after the plugin: without this, its own would win


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With ``--dist loadgroup`` a file stays with one worker, and so do files that share a running system: two workers
    would start it twice.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
