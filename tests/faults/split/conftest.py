"""One split for all fault tests; each leaves it as it was."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.narrator import Narrator
from tests.journeys.system import started

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def skew_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By how many seconds the clock of payments' machine is wrong; beside it, what makes it so."""
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is missing: apt-get install gcc libc6-dev"
    file = tmp_path_factory.mktemp("skew") / "payments"
    file.write_text("0")
    library = str(file.with_suffix(".so"))
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, str(HERE / "skew.c"), "-ldl"], check=True)
    return file


@pytest.fixture(scope="session")
def system(skew_file: Path) -> Iterator[System]:
    skewed = {"LD_PRELOAD": str(skew_file.with_suffix(".so")), "SKEW_FILE": str(skew_file)}
    options = [part for name, value in skewed.items() for part in ("--env", f"payments:{name}={value}")]
    limits = "auth=10000/m,write=100000/m,read=100000/m,letters_from=10000/m"
    with started("split", "--no-demo", *options, RATE_LIMITS=limits) as running:
        yield System(running)


@pytest.fixture
def story(system: System) -> Callable[..., FirstPaidJob]:
    """A story whose people try again, as apps do, for ``patience`` seconds."""

    def tell(patience: float = 0.0) -> FirstPaidJob:
        return FirstPaidJob(
            api=system.api,
            live=system.live,
            mailbox=system.running.mailbox,
            narrator=Narrator(quiet=True),
            patience=patience,
        )

    return tell
