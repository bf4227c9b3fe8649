"""The list of callers that the server checks is the list that the import contracts allow."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from kelmah.management.commands.interfaces import interfaces_on_the_shelf

CONTRACTS = ConfigParser()
CONTRACTS.read(Path(__file__).resolve().parents[3] / "importlinter.ini")


@pytest.mark.parametrize("interface", list(interfaces_on_the_shelf()), ids=lambda interface: interface.domain)
def test_callers_are_those_of_the_import_contract(interface) -> None:
    allowed = CONTRACTS[f"importlinter:contract:callers-of-{interface.domain}"]["allowed_importers"].split()
    assert {f"domains.{caller}" for caller in interface.callers} == set(allowed)


def test_every_contract_has_its_calls_on_the_shelf() -> None:
    guarded = {section.rsplit("callers-of-", 1)[1] for section in CONTRACTS.sections() if "callers-of-" in section}
    assert {interface.domain for interface in interfaces_on_the_shelf()} <= guarded
