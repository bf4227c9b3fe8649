"""Which operating-system user runs the embedded servers.

PostgreSQL refuses to run as root, so root lends the servers an account without rights; everybody else runs them as
themselves.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

from kelmah.embedded.errors import EmbeddedError, NoPermission

_CANDIDATES = ("kelmah", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """A user to run a server as. ``lent`` is true when it is not the user who runs this process."""

    name: str
    uid: int
    gid: int
    lent: bool

    def check_can_enter(self, folder: Path) -> None:
        """Raises NoPermission when this account can't reach ``folder``, whichever parent stands in the way."""
        entered = subprocess.run(
            ["/bin/sh", "-c", 'cd "$1" 2>/dev/null', "sh", str(folder)], cwd="/", check=False, **self.popen_arguments()
        )
        if entered.returncode != 0:
            raise NoPermission(path=folder, account=self.name, action="enter")

    def take(self, path: Path) -> None:
        """Hand the file or folder over to this account."""
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def give_back(self, path: Path) -> None:
        """Undo ``take``."""
        if self.lent:
            os.chown(path, os.geteuid(), os.getegid())

    def popen_arguments(self) -> "RunAs":
        """What ``subprocess`` needs to run a command as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.lent else RunAs()


class RunAs(TypedDict, total=False):
    """Keyword arguments of ``subprocess.run`` and ``Popen``."""

    user: int
    group: int
    extra_groups: list[int]


@cache
def server_account() -> Account:
    """The account for embedded servers of this process. Raises EmbeddedError when root finds none to lend."""
    if os.geteuid() != 0:
        return Account(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid(), lent=False)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, lent=True)
        if _can_become(account):
            return account
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root and none of the users {', '.join(_CANDIDATES)} can run it: "
        "create one (useradd --system kelmah), or run this as an ordinary user."
    )


def _can_become(account: Account) -> bool:
    # In a container with mapped user ids an account may be listed and yet not exist for the kernel.
    try:
        subprocess.run(["/bin/sh", "-c", ":"], cwd="/", check=True, **account.popen_arguments())
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return True


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"
