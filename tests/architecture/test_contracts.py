"""Every import contract: kept by the project, kept by a small clean tree, and broken by one line on purpose."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")

# contract -> (the module that breaks it, its code)
BROKEN = {
    "direction": ("kelmah/oops.py", "import domains.identity.rules\n"),
    "domains-independent": ("domains/contracts/queries.py", "import domains.identity.models\n"),
    "anatomy": ("domains/contracts/rules.py", "import domains.contracts.models\n"),
    "rules-are-pure": ("domains/contracts/rules.py", "import django.db\n"),
    "interfaces-are-plain": ("kelmah/interfaces/identity/calls.py", "import django.db\n"),
    "only-actions-publish": ("domains/contracts/handlers.py", "import kelmah.events.publish\n"),
    "only-tests-use-testing": ("domains/contracts/tasks.py", "import kelmah.testing\n"),
    "calls-acyclic": ("domains/identity/actions.py", "import kelmah.interfaces.contracts.calls\n"),
    **{
        f"callers-of-{domain}": (
            "domains/files/actions.py" if domain != "files" else "config/urls.py",  # all domains may call files
            f"import kelmah.interfaces.{domain}.calls\n",
        )
        for domain in DOMAINS
    },
}


def lint(root: Path) -> subprocess.CompletedProcess:
    program = Path(sys.executable).parent / "lint-imports"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [program, "--config", "importlinter.ini", "--no-cache"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clean miniature of the project under the project's own contracts."""
    modules = [
        "config/__init__.py",
        "domains/__init__.py",
        *(f"kelmah/{name}/__init__.py" for name in ("interfaces", "events", "testing", "db", "http")),
        *(f"kelmah/{name}.py" for name in ("__init__", "clock", "events/publish")),
    ]
    for domain in DOMAINS:
        modules += [
            f"domains/{domain}/{name}.py" for name in ("__init__", "apps", "actions", "queries", "models", "rules")
        ]
        modules += [f"domains/{domain}/{name}.py" for name in ("handlers", "tasks", "service")]
        modules += [f"kelmah/interfaces/{domain}/{name}.py" for name in ("__init__", "calls", "events", "types")]
    for module in modules:
        file = tmp_path / module
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "domains/contracts/actions.py").write_text(
        "import kelmah.events.publish\nimport kelmah.interfaces.identity.calls\nimport domains.contracts.queries\n"
    )
    shutil.copytree(ROOT / "kelmah/architecture", tmp_path / "kelmah/architecture")
    shutil.copy(ROOT / "importlinter.ini", tmp_path)
    return tmp_path


def test_the_project_keeps_every_contract():
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout
    assert " 0 broken" in outcome.stdout


def test_no_contract_has_an_exception():
    config = ConfigParser()
    config.read(ROOT / "importlinter.ini")
    assert not [section for section in config.sections() if config.has_option(section, "ignore_imports")]


def test_a_clean_tree_keeps_every_contract(tree):
    outcome = lint(tree)
    assert outcome.returncode == 0, outcome.stdout


def test_every_contract_has_a_broken_example():
    config = ConfigParser()
    config.read(ROOT / "importlinter.ini")
    declared = {section.split(":")[-1] for section in config.sections() if section.startswith("importlinter:contract:")}
    assert declared == set(BROKEN)


@pytest.mark.parametrize("contract", BROKEN)
def test_one_line_breaks_the_contract(tree, contract):
    module, code = BROKEN[contract]
    with (tree / module).open("a") as file:
        file.write(code)
    outcome = lint(tree)
    config = ConfigParser()
    config.read(ROOT / "importlinter.ini")
    name = config[f"importlinter:contract:{contract}"]["name"]
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert f"{name} BROKEN" in outcome.stdout


def test_a_module_that_the_anatomy_does_not_know_breaks_it(tree):
    (tree / "domains/payments/utils.py").write_text("")
    assert "Every domain has the same anatomy BROKEN" in lint(tree).stdout
