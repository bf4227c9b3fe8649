"""Loaded by pytest (``-p kelmah.testing.plugin``).

``@pytest.mark.domain("payments")`` opens these domains' databases to a test and rolls back after it;
``transaction=True`` lets it commit, for races and processes, and wipes the tables after it. ``domain("*")`` means all.

``KELMAH_ALONE=payments`` runs tests with every other domain un-importable; ``KELMAH_TEST_API=process`` besides sends
requests of ``api`` to a process that serves this domain alone (``kelmah.testing.own_process``), except for tests that
are marked ``in_process``.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from kelmah.architecture.alone import wall_in_if_asked

wall_in_if_asked()  # before anything imports a domain

OWN_PROCESS = bool(os.environ.get("KELMAH_TEST_API"))

pytest_plugins = ["kelmah.testing.crossing", "kelmah.testing.fixtures", "kelmah.testing.servers"]
if OWN_PROCESS:
    pytest_plugins.append("kelmah.testing.own_process")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "domain(*names, transaction=False): the domains a test may touch; '*' for all")
    config.addinivalue_line("markers", "slow: starts real processes; run by .ci/run after the default tests")
    config.addinivalue_line("markers", "quiet: slow, and fills the machine or looks at times: nothing runs beside it")
    config.addinivalue_line("markers", "in_process: reaches into the process that answers, or asks it nothing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from django.conf import settings

    for item in items:
        mark = item.get_closest_marker("domain")
        if mark is None:
            continue
        names = list(settings.LOCAL_DOMAINS) if "*" in mark.args else list(mark.args)
        commits = OWN_PROCESS or mark.kwargs.get("transaction", False)
        item.add_marker(pytest.mark.django_db(transaction=commits, databases=names))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """One database per test process on the embedded server, migrated alias by alias.

    Django's runner counts aliases of one database as one and would migrate only the first.
    """
    from kelmah.testing import databases

    with django_db_blocker.unblock(), databases.prepared():
        yield
