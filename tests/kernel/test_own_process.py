"""Tests over HTTP against a domain's own process: what can't reach it fails aloud, and is never merely left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CLONE = Path(__file__).resolve().parents[2]

SUITE = """
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.reviews.models import ReviewWindow
from kelmah.interfaces.identity.calls import identity
from tests.reviews.factories import FakePeople, as_hirer, both_written, name_of, open_window

pytestmark = pytest.mark.domain("reviews")


def test_what_is_written_here_is_read_there_and_a_call_comes_back(api):
    review, _ = both_written()
    with identity.replaced_by(FakePeople()):
        answer = api.as_(as_hirer(review.window)).get(f"/reviews/{review.id}")
    assert answer.json["author_name"] == name_of(review.author_id)
    assert answer.raw.http_version  # came over the wire


def test_nothing_is_left_of_the_test_before(api):
    assert not ReviewWindow.objects.exists()
    api.anonymous.get("/reviews/open")


def test_time_passes_on_both_sides(api, clock):
    window = open_window()
    clock.advance(days=15)
    mine = api.as_(as_hirer(window))  # a token of that day
    assert mine.get("/reviews/open").json["items"] == []


def test_time_is_real_again(api):
    assert len(api.as_(as_hirer(open_window())).get("/reviews/open").json["items"]) == 1


def test_another_domain_is_not_served(api):
    assert api.anonymous.get("/wallet").status == 404


@pytest.mark.in_process
def test_left_out():
    raise AssertionError


def test_asks_nobody():
    open_window()


def test_patches(api, settings):
    api.anonymous.get("/reviews/open")


def test_counts(api):
    with CaptureQueriesContext(connections["reviews"]):
        api.anonymous.get("/reviews/open")
"""


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "LOCAL_DOMAINS"} | {"COLUMNS": "200"}
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(CLONE),
        "-c",
        "pyproject.toml",
    )
    return subprocess.run(
        [*command, *options], cwd=CLONE, env=env | environment, capture_output=True, text=True, check=False
    )


def test_a_suite_against_its_own_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((CLONE / "tests" / "conftest.py").read_text())
    (tmp_path / "test_suite.py").write_text(SUITE)
    outcome = run(str(tmp_path), "-rfE", KELMAH_TEST_API="process", KELMAH_ALONE="reviews")
    said = outcome.stdout
    assert outcome.returncode == pytest.ExitCode.TESTS_FAILED, said[-3000:]
    for problem in (
        "ERROR test_suite.py::test_asks_nobody - AssertionError: mark it in_process: it made no request",
        "ERROR test_suite.py::test_patches - AssertionError: mark it in_process: settings",
        "FAILED test_suite.py::test_counts - AssertionError: mark the test in_process",
    ):
        assert problem in said, said[-3000:]
    assert "in_process: test_suite.py::test_left_out" in said
    assert "1 failed, 6 passed, 1 deselected, 2 errors" in said, said[-3000:]


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({"KELMAH_TEST_API": "process"}, ()),
        ({"KELMAH_TEST_API": "yes", "KELMAH_ALONE": "reviews"}, ()),
        ({"KELMAH_TEST_API": "process", "KELMAH_ALONE": "reviews"}, ("-n", "2")),
    ],
    ids=["no domain", "no such mode", "workers"],
)
def test_half_an_order_is_refused(environment: dict[str, str], options: tuple[str, ...]) -> None:
    outcome = run(*options, "tests/reviews/test_api.py", **environment)
    assert outcome.returncode == pytest.ExitCode.USAGE_ERROR, outcome.stdout
