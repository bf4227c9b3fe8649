"""What interfaces say of themselves: callers that the import contracts allow, methods that may run twice."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from kelmah.management.commands.interfaces import interfaces_on_the_shelf

CALLERS_OF = "importlinter:contract:callers-of-"


@pytest.fixture
def contracts() -> ConfigParser:
    parser = ConfigParser()
    parser.read(Path(__file__).resolve().parents[3] / "importlinter.ini")
    return parser


def disagreements(contracts: ConfigParser) -> list[str]:
    """Domains whose interface lets in others than the import contract does."""
    said = {interface.domain: {f"domains.{caller}" for caller in interface.callers} for interface in shelf()}
    allowed = {
        section.removeprefix(CALLERS_OF): set(contracts[section]["allowed_importers"].split())
        for section in contracts.sections()
        if section.startswith(CALLERS_OF)
    }
    # A domain without calls is its own only importer.
    return sorted(
        domain
        for domain in said.keys() | allowed.keys()
        if allowed.get(domain) != said.get(domain, {f"domains.{domain}"})
    )


def shelf() -> list:
    return list(interfaces_on_the_shelf())


def test_the_import_contracts_and_the_interfaces_name_the_same_callers(contracts: ConfigParser) -> None:
    assert len(shelf()) >= 5
    assert disagreements(contracts) == []


def test_a_difference_between_them_is_found(contracts: ConfigParser) -> None:
    contracts[f"{CALLERS_OF}payments"]["allowed_importers"] += "\n    domains.reviews"
    contracts[f"{CALLERS_OF}messaging"]["allowed_importers"] += "\n    domains.reviews"
    contracts[f"{CALLERS_OF}files"]["allowed_importers"] = "domains.files"
    contracts.remove_section(f"{CALLERS_OF}identity")
    assert disagreements(contracts) == ["files", "identity", "messaging", "payments"]


@pytest.mark.parametrize("interface", shelf(), ids=lambda interface: interface.domain)
def test_every_method_may_run_twice(interface) -> None:
    assert [str(method) for method in interface.methods.values() if not method.idempotent] == []
