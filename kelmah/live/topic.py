"""The frames of one numbered topic, in order and each once, whatever order they come in."""

from typing import Final

_EARLY: Final = 1_000  # frames kept while an earlier one is missing; what is thrown away is read from the database


class Line:
    """``head`` is the number of the last frame that was let through; None until somebody knows where the line stands.

    Numbers have no gaps, so a frame that is not next is either old or early.
    """

    def __init__(self) -> None:
        self.head: int | None = None
        self._early: dict[int, str] = {}
        self._highest = 0

    @property
    def waits(self) -> bool:
        """Whether a number was heard of that can't be let through yet."""
        return self.head is not None and self._highest > self.head

    def begin(self, head: int) -> list[tuple[int, str]]:
        """The line stands at ``head``, as the database says; what came early and is next is let through.

        Does nothing once the line has begun.
        """
        if self.head is not None:
            return []
        self.head = head
        self._early = {seq: frame for seq, frame in self._early.items() if seq > head}
        return self._next_ones()

    def heard_of(self, seq: int) -> None:
        """Somebody says that ``seq`` exists."""
        self._highest = max(self._highest, seq)

    def give_up(self) -> None:
        """The database knows nothing above ``head``: what was heard of does not exist."""
        self._highest = self.head or 0
        self._early.clear()

    def take(self, seq: int, frame: str) -> list[tuple[int, str]]:
        """What may go out now, in order: this frame and those that waited for it; nothing when it is old or early."""
        if self.head is not None and seq <= self.head:
            return []
        self.heard_of(seq)
        if self.head is not None and seq == self.head + 1:
            self.head = seq
            return [(seq, frame), *self._next_ones()] if self._early else [(seq, frame)]
        if len(self._early) < _EARLY:
            self._early[seq] = frame
        return []

    def _next_ones(self) -> list[tuple[int, str]]:
        released: list[tuple[int, str]] = []
        assert self.head is not None  # noqa: S101 - for the type checker: begun by every caller
        while (frame := self._early.pop(self.head + 1, None)) is not None:
            self.head += 1
            released.append((self.head, frame))
        return released
