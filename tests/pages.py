"""Pages of ``docs/`` whose commands are run as they stand: every ``bash`` block in order, in one shell.

What they say is written below them: sentences that begin with ``It says``, with each line of it in `backticks`.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kelmah.embedded.folders import CLONE

_SLOWEST = 600.0  # seconds


@dataclass(frozen=True)
class Page:
    """``Page("accounts")`` is ``docs/accounts.md``."""

    name: str

    @property
    def text(self) -> str:
        return (CLONE / "docs" / f"{self.name}.md").read_text()

    @property
    def told(self) -> list[str]:
        """What the commands say, by the page."""
        sentences = re.findall(r"^It says (.+?)\.(?:$| [A-Z])", self.text, re.MULTILINE | re.DOTALL)
        return [word for sentence in sentences for each in re.findall(r"`([^`]+)`", sentence) for word in each.split()]

    def said(
        self,
        *,
        cwd: Path,
        meanwhile: Callable[[], object] = lambda: None,
        in_between: Callable[[], object] | None = None,
        logs: bool = False,
        **environment: str,
    ) -> list[str]:
        """What they say now, word by word. Fails when a command does, or complains.

        ``meanwhile`` is done again and again: what a worker would do. ``in_between`` is done once, where the page shows
        what is typed in another terminal (a ``console`` block). ``logs``: what commands log is no complaint.
        """
        with (
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as errors,
            tempfile.TemporaryDirectory() as folder,
        ):
            asked, done = Path(folder) / "asked", Path(folder) / "done"
            waits = f"touch {asked}; until [ -e {done} ]; do sleep 0.1; done"
            parts = re.findall(r"^```(?:bash\n(.*?)|console\n.*?)^```", self.text, re.DOTALL | re.MULTILINE)
            running = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", "\n".join(part or waits for part in parts)],
                env=os.environ | environment,
                cwd=cwd,
                stdout=out,
                stderr=errors,
            )
            until = time.monotonic() + _SLOWEST
            while running.poll() is None and time.monotonic() < until:
                meanwhile()
                if in_between and asked.exists() and not done.exists():
                    in_between()
                    done.touch()
                time.sleep(0.05)
            running.kill()
            running.wait()
            out.seek(0)
            errors.seek(0)
            complaints = errors.read()
            assert running.returncode == 0, out.read() + complaints
            assert logs or not complaints, complaints
            return out.read().split()
