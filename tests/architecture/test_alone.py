"""Each domain boots with every other domain's package un-importable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")


def run_alone(domain: str, *command: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "KELMAH_ALONE": domain, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment.pop("LOCAL_DOMAINS", None)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_domain_boots_alone(domain):
    outcome = run_alone(domain, "manage.py", "check")
    assert outcome.returncode == 0, outcome.stderr[-3000:]


@pytest.mark.parametrize("domain", [domain for domain in DOMAINS if domain != "identity"])
def test_a_domain_without_identity_has_no_users_or_sessions(domain):
    code = "import django; django.setup(); from django.apps import apps; print(*sorted(apps.app_configs))"
    installed = run_alone(domain, "-c", f"from kelmah.architecture.alone import wall_in_if_asked as w; w(); {code}")
    assert installed.returncode == 0, installed.stderr[-3000:]
    assert {"auth", "admin", "sessions", "contenttypes"}.isdisjoint(installed.stdout.split())


@pytest.mark.parametrize("how", ["import domains.identity.models", "__import__('domains.identity')"])
def test_reaching_for_another_domain_is_refused_however_it_is_written(how):
    code = f"from kelmah.architecture.alone import wall_in; wall_in('payments'); {how}"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert "OtherDomain" in outcome.stderr


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_domain_passes_its_own_tests_alone(domain):
    options = ("-x", "-q", "-m", "not slow", "-p", "no:cacheprovider")
    outcome = run_alone(domain, "-m", "pytest", f"tests/{domain}", *options)
    assert outcome.returncode == 0, outcome.stdout[-5000:]
