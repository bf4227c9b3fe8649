"""docs/security-tests.md names tests that exist, and leaves no case out."""

import ast
import re
from functools import cache

import pytest
from django.conf import settings

from kelmah.embedded.folders import CLONE

PAGE = (CLONE / "docs" / "security-tests.md").read_text()
CASES = {int(number): cell for number, cell in re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)}
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::[\w*]+)`", PAGE)))
NO_ROUTE = re.compile(r"no route yet \((\w+)\)")
PLANNED = {"audit"}  # domains that are not there yet


@cache
def written_in(file: str) -> frozenset[str]:
    tree = ast.parse((CLONE / "tests" / file).read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return frozenset(name for name in names if name.startswith("test_"))


def test_every_case_is_there_once():
    assert sorted(CASES) == list(range(1, 76))
    assert len(re.findall(r"^\| \d+ \|", PAGE, re.MULTILINE)) == 75


@pytest.mark.parametrize("number", range(1, 76))
def test_a_case_has_a_test_or_no_route(number):
    missing = NO_ROUTE.fullmatch(CASES[number])
    if missing is None:
        assert re.fullmatch(r"`[\w/]+\.py::[\w*]+`(, `[\w/]+\.py::[\w*]+`)*", CASES[number])
    else:
        assert missing[1] in {*settings.DOMAINS, *PLANNED}


@pytest.mark.parametrize("name", NAMED)
def test_the_named_test_exists(name):
    file, _, test = name.partition("::")
    assert test in written_in(file) if test != "*" else written_in(file)
