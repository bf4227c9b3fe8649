"""docs/api.md keeps up with the code."""

from pathlib import Path

import pytest

from kelmah import errors, money
from kelmah.errors import DomainError
from kelmah.http import errors as edge

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()
KERNEL = [
    error
    for module in (errors, edge, money)
    for error in vars(module).values()
    if isinstance(error, type) and issubclass(error, DomainError) and error.__module__ == module.__name__
]
KERNEL.remove(DomainError)


@pytest.mark.parametrize("error", KERNEL, ids=lambda error: error.code)
def test_every_code_of_the_kernel_is_listed_with_its_status(error: type[DomainError]) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| {error.status} |")]
    assert f"`{error.code}`" in line


def test_the_codes_of_the_kernel_are_unique() -> None:
    codes = [error.code for error in KERNEL]
    assert sorted(codes) == sorted(set(codes))
