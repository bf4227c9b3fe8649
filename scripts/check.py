"""What `make test` and `.ci/run` do, in order; the first failure ends it.

scripts/check.py          style, types, contracts, system checks, tests
scripts/check.py slow     tests with whole systems and killed processes, benchmark smoke
scripts/check.py NAME…    only the steps of these names
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # reads only the report our own pytest wrote

CLONE = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Step:
    name: str
    what: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    return python("-m", "pytest", *arguments)


DOMAINS = ("identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files")
TEST = (
    Step("format", "formatting", (str(BIN / "ruff"), "format", "--check", ".")),
    Step("lint", "lint", (str(BIN / "ruff"), "check", ".")),
    Step("types", "types", (str(BIN / "mypy"),)),
    Step("imports", "import contracts", (str(BIN / "lint-imports"), "--config", "importlinter.ini")),
    Step("system", "system checks", python("manage.py", "check", "--fail-level", "WARNING")),
    Step("migrations", "migrations match the models", python("manage.py", "makemigrations", "--check", "--dry-run")),
    Step(
        "openapi",
        "OpenAPI schema",
        python("manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
    ),
    Step("documents", "generated documents are fresh", python("manage.py", "verify")),
    Step(
        "tests",
        "tests",
        pytest("-n", "2", "-m", "not slow", "--ignore=tests/faults", "tests"),
        (("KELMAH_TEST_CALLS", "note"),),
    ),
)
SLOW = (
    Step(
        "slow",
        "tests that start whole systems, two files at once",
        pytest("-n", "2", "--dist", "loadfile", "-m", "slow and not quiet", "--ignore=tests/faults", "tests"),
    ),
    Step(
        "quiet", "those that want the machine for themselves", pytest("-m", "quiet", "--ignore=tests/faults", "tests")
    ),
    Step(
        "loopback",
        "tests with every call between domains going over the wire",
        pytest("-n", "2", "-m", "not slow", *(f"tests/{domain}" for domain in DOMAINS)),
        (("RPC_TRANSPORT", "loopback"), ("KELMAH_TEST_CALLS", "only")),
    ),
    *(
        Step(
            "api",
            f"API tests of {domain} against a process that serves it alone",
            pytest(*sorted(str(file.relative_to(CLONE)) for file in CLONE.glob(f"tests/{domain}/test_api*.py"))),
            (("KELMAH_TEST_API", "process"), ("KELMAH_ALONE", domain)),
        )
        for domain in DOMAINS
    ),
    Step(
        "faults",
        "kill tests with real processes, two files at once",
        pytest("-n", "2", "--dist", "loadfile", "tests/faults"),
    ),
    Step("benchmarks", "benchmark smoke", python("-m", "tests.benchmarks", "--smoke")),
)


def main(arguments: list[str]) -> None:
    chosen: tuple[Step, ...] = SLOW if arguments == ["slow"] else TEST
    if arguments and arguments != ["slow"]:
        chosen = tuple(step for step in (*TEST, *SLOW) if step.name in arguments)
        if set(arguments) - {step.name for step in chosen}:
            raise SystemExit(
                f"Unknown step; there are: {', '.join(dict.fromkeys(step.name for step in (*TEST, *SLOW)))}"
            )
    began = time.monotonic()
    for number, step in enumerate(chosen, start=1):
        run(step, f"[{number}/{len(chosen)}]")
    print(f"\nAll {len(chosen)} steps passed in {time.monotonic() - began:.0f} s", flush=True)


def run(step: Step, position: str) -> None:
    print(f"\n=== {position} {step.what}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kelmah-check-") as scratch:
        report = Path(scratch) / "report.xml"
        command = (
            (*step.command, f"--junitxml={report}", "-rsx", "--durations=15")
            if "pytest" in step.command
            else step.command
        )
        # System checks, migrations and the schema are those of the settings that tests run with.
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"} | dict(step.environment)
        status = subprocess.run(command, cwd=CLONE, env=env, check=False).returncode
        problem = f"exit status {status}" if status else skipped(report)
    seconds = time.monotonic() - began
    if problem:
        raise SystemExit(
            f"=== {position} {step.what}: FAILED after {seconds:.0f} s ({problem}); again: make test STEPS={step.name}"
        )
    print(f"=== {position} {step.what}: passed in {seconds:.1f} s", flush=True)


def skipped(report: Path) -> str:
    """A run that passes by skipping has not passed."""
    if not report.exists():
        return ""
    skips = [skip.get("message", "") for skip in ElementTree.parse(report).iter("skipped")]  # noqa: S314
    # Public data sets do not come along: what needs them says so.
    count = sum("KELMAH_DATA" not in message for message in skips)
    return f"{count} tests were skipped" if count else ""


if __name__ == "__main__":
    main(sys.argv[1:])
