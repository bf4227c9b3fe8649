"""One domain alone: every other domain's package is made un-importable, as after extraction.

Import contracts see what is written in an import statement. This sees what is imported, however it is written.
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class OtherDomain(ImportError):
    """A domain that runs alone reached for another one's code."""


class _Wall(MetaPathFinder):
    def __init__(self, domain: str) -> None:
        self.own = f"domains.{domain}"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith("domains.") and fullname != self.own and not fullname.startswith(f"{self.own}."):
            raise OtherDomain(f"{fullname} is not here: ask kelmah.interfaces.{fullname.split('.')[1]}", name=fullname)
        return None


def wall_in(domain: str) -> None:
    """From now on this process can import no domain but this one."""
    os.environ["LOCAL_DOMAINS"] = domain
    if not any(isinstance(finder, _Wall) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Wall(domain))


def wall_in_if_asked() -> None:
    """``KELMAH_ALONE=payments`` walls the process in; every process asks when it reads its settings."""
    if domain := os.environ.get("KELMAH_ALONE"):
        wall_in(domain)
