"""Each domain boots with every other domain's package un-importable."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kelmah.deployment.routes import find_route, route_table

ROOT = Path(__file__).resolve().parents[2]
DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")
EXTRACTED = DOMAINS[1:]


def run_alone(domain: str, *command: str, **more: str) -> subprocess.CompletedProcess:
    own = {"KELMAH_ALONE": domain, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment = os.environ | own | more
    # The Redis of this process is not for two workers at once: they would share buckets of rate limits.
    for inherited in ("LOCAL_DOMAINS", "KELMAH_TEST_REDIS_URL"):
        environment.pop(inherited, None)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_domain_boots_alone(domain):
    outcome = run_alone(domain, "manage.py", "check")
    assert outcome.returncode == 0, outcome.stderr[-3000:]


@pytest.mark.parametrize("domain", EXTRACTED)
def test_a_domain_alone_has_its_own_things_and_nobody_elses(domain):
    outcome = run_alone(domain, "-m", "tests.architecture.what_boots")
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    found = json.loads(outcome.stdout)
    assert found["domains"] == [domain]
    assert found["databases"] == {"default": "kelmah_nobody", domain: f"kelmah_{domain}"}
    assert {label for label, alias in found["models"].items() if alias in found["databases"]} == {domain}
    assert set(found["models"].values()) == {domain, "identity"}  # Django's own, whose database is not here
    assert "sessions" not in found["models"]
    assert found["tasks"]
    assert all(name.startswith(f"{domain}.") for name in found["tasks"])
    assert set(found["beat"]) <= set(found["tasks"])
    assert found["desks"] == [domain]
    for address in found["addresses"]:
        route = find_route(route_table(), address)
        shared = route is not None and not address.startswith(("/api/v1/", f"/admin/{domain}/"))
        assert shared or address.startswith("/internal/") or (route and route.domain == domain), address
    assert any(address.startswith("/api/v1/") for address in found["addresses"])


@pytest.mark.parametrize("how", ["import domains.identity.models", "__import__('domains.identity')"])
def test_reaching_for_another_domain_is_refused_however_it_is_written(how):
    code = f"from kelmah.architecture.alone import wall_in; wall_in('payments'); {how}"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert "OtherDomain" in outcome.stderr


@pytest.mark.slow
@pytest.mark.quiet  # it runs the domain's tests two at a time
@pytest.mark.timeout(900)
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_domain_passes_its_own_tests_alone(domain):
    # Its API tests are run against a process that is alone: the step `api` of scripts/check.py, which lets most of what
    # the domain does be done there. Of the others, where somebody noted them, those in which it asks another domain.
    options = ("-x", "-q", "-n", "2", "-m", "not slow", "-p", "no:cacheprovider", "--ignore-glob=**/test_api*.py")
    outcome = run_alone(domain, "-m", "pytest", f"tests/{domain}", *options, KELMAH_TEST_CALLS="only")
    asks_nobody = outcome.returncode == pytest.ExitCode.NO_TESTS_COLLECTED and "KELMAH_TEST_CALLS_IN" in os.environ
    assert outcome.returncode == 0 or asks_nobody, outcome.stdout[-5000:]


@pytest.mark.slow
@pytest.mark.parametrize("domain", EXTRACTED)
def test_the_desk_of_the_domain_opens_alone(domain):
    outcome = run_alone(domain, "-m", "pytest", "tests/kernel/staff/alone", "-q", "-p", "no:cacheprovider")
    assert outcome.returncode == 0, outcome.stdout[-5000:]
    assert "skipped" not in outcome.stdout
