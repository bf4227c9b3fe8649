"""The API of a domain asked over HTTP, in a process that serves this domain alone.

``KELMAH_TEST_API=process KELMAH_ALONE=payments pytest tests/payments/test_api.py`` runs the tests unchanged: requests
of ``api`` go to a process on the run's database, Redis, clock and folder of files; its calls to other domains come
back, signed, to whatever the test replaced them by. What a test writes is committed, and wiped after it.

Nothing of a test reaches into that process: one that changes a setting, counts statements, patches code or makes no
request is marked ``in_process``, left out here, and named at the end of the run. Without the mark it fails.
"""

import inspect
import os
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import pytest

from kelmah.embedded import scratch

# While the plugin loads, so before settings are read: both processes find the same time and the same files.
_folder = scratch.new_folder("api")
os.environ |= {"KELMAH_CLOCK_FILE": str(_folder / "clock"), "KELMAH_FILES_DIR": str(_folder / "files")}

_PATCHES = {"settings", "monkeypatch", "caplog"}
_STDERR = 2  # where pytest catches it, and shows it with the test that failed
_left_out: list[str] = []
_requests = 0


def pytest_configure(config: pytest.Config) -> None:
    if os.environ["KELMAH_TEST_API"] != "process" or "KELMAH_ALONE" not in os.environ:
        raise pytest.UsageError("KELMAH_TEST_API=process wants KELMAH_ALONE=<domain>, and is all that may be asked for")
    if config.getoption("numprocesses", None):
        raise pytest.UsageError("workers of -n would not say what they left out: run this without it")


def pytest_unconfigure() -> None:
    scratch.discard(_folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    inside = [item for item in items if item.get_closest_marker("in_process")]
    _left_out.extend(item.nodeid for item in inside)
    config.hook.pytest_deselected(items=inside)
    items[:] = [item for item in items if item not in inside]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    domain = os.environ["KELMAH_ALONE"]
    terminalreporter.section(f"{domain} in its own process: {_requests} requests, {len(_left_out)} tests left out")
    for nodeid in _left_out:
        terminalreporter.line(f"in_process: {nodeid}")


@pytest.fixture(autouse=True)
def _through_the_process(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that passes without having asked the process anything, or without its patch, has not passed."""
    patched = _PATCHES & set(inspect.signature(request.function).parameters)
    assert not patched, f"mark it in_process: {', '.join(patched)} stays on this side of the wire"
    before = _requests
    yield
    assert _requests > before, "mark it in_process: it made no request"


@pytest.fixture(scope="session", autouse=True)
def _own_process(django_db_setup: None, _redis: None) -> Iterator[None]:
    from django.conf import settings

    from kelmah.testing.api_process import api_process
    from kelmah.testing.client import ApiClient
    from kelmah.testing.databases import where_it_is
    from kelmah.testing.neighbours import neighbours

    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # one client speaks for everybody
    elsewhere = sorted(settings.DOMAINS - set(settings.LOCAL_DOMAINS))
    with neighbours() as url:
        others = ",".join(f"{domain}={url}" for domain in elsewhere)
        with (
            api_process(output=_STDERR, **where_it_is(), REDIS_URL=settings.REDIS_URL, DOMAIN_URLS=others) as address,
            httpx.Client(base_url=address, timeout=30, cookies=no_cookies, event_hooks={"request": [_watch]}) as client,
        ):
            ApiClient.process = client
            yield
            ApiClient.process = None


def _watch(request: httpx.Request) -> None:
    from django.db import connections

    global _requests
    _requests += 1
    counting = any(connection.force_debug_cursor for connection in connections.all(initialized_only=True))
    assert not counting, "mark the test in_process: the statements it counts are made elsewhere"
