"""docs/payments-tests.md names files and tests that exist, in order of rows."""

import ast
import re

import pytest

from kelmah.embedded.folders import CLONE

PAGE = (CLONE / "docs" / "payments-tests.md").read_text()
ROWS = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))


def test_rows_are_in_order():
    assert sorted(ROWS) == ROWS
    assert set(ROWS) <= set(range(1, 37))


@pytest.mark.parametrize("name", NAMED)
def test_what_a_row_names_exists(name):
    file, _, test = name.partition("::")
    tree = ast.parse((CLONE / file).read_text())
    written = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert test in written if test else any(each.startswith("test_") for each in written)
