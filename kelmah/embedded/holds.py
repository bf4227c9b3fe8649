"""Processes that somebody keeps down on purpose, to see how the others do without: one file for each, by its name."""

from collections.abc import Sequence
from pathlib import Path

from kelmah.embedded.folders import make_folder
from kelmah.embedded.keeper import Keeper
from kelmah.embedded.plan import Member


class Holds:
    """The folder of names, and the keeper that obeys it. A name is a process's or a domain's."""

    def __init__(self, folder: Path, members: Sequence[Member], keeper: Keeper) -> None:
        self._folder, self._members, self._keeper = make_folder(folder), members, keeper
        self._held: set[str] = set()
        for left in self._folder.iterdir():  # of a run before this one
            left.unlink()

    def obey(self) -> None:
        """Take down who was newly named, start who no longer is."""
        named = {file.name for file in self._folder.iterdir()}
        wanted = {member.process.name for member in self._members if {member.process.name, member.domain} & named}
        if wanted != self._held:
            self._keeper.take_down(wanted - self._held)
            self._keeper.let_up(self._held - wanted)
            self._held = wanted
