"""Which tests have one domain ask another: nothing else can differ when every call goes over the wire.

In the folder that ``KELMAH_TEST_CALLS_IN`` names, ``KELMAH_TEST_CALLS=note`` notes the tests that pass without such a
call, and ``KELMAH_TEST_CALLS=only`` leaves those out. A test that nobody has noted is run.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("KELMAH_TEST_CALLS_IN", ""))
MODE = os.environ.get("KELMAH_TEST_CALLS", "") if FOLDER.name else ""
JOURNAL = FOLDER / f"{os.getpid()}.jsonl"

if MODE == "note":
    os.environ["RPC_JOURNAL"] = str(FOLDER)  # before anything reads the settings


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Setting up and tearing down count, too."""
    before = _asked()
    outcome = yield
    if MODE == "note" and _asked() == before:
        with (FOLDER / f"{os.getpid()}.quiet").open("a") as quiet:
            quiet.write(f"{item.nodeid}\n")
    return outcome


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MODE == "only":
        quiet = {line for file in FOLDER.glob("*.quiet") for line in file.read_text().splitlines()}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in quiet])
        items[:] = [item for item in items if item.nodeid not in quiet]


def _asked() -> int:
    return JOURNAL.stat().st_size if JOURNAL.exists() else 0
