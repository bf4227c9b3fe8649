"""All sockets of this process: how many a person has, whose token ends soon, whose session was ended."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from kelmah import clock
from kelmah.live.tickets import Admission

PER_PERSON: Final = 20
UNWELCOME: Final = 4401
_ASK_AHEAD: Final = timedelta(seconds=60)


class Socket(Protocol):
    """One open connection of somebody known."""

    admission: Admission
    asked_again: bool

    def ask_for_ticket(self, within: int) -> None: ...

    def close_soon(self, code: int, reason: str = "") -> None: ...


class Sockets:
    """Touched by the event loop's thread only."""

    def __init__(self) -> None:
        self._of: defaultdict[UUID, set[Socket]] = defaultdict(set)

    def __iter__(self) -> Iterator[Socket]:
        return (socket for sockets in tuple(self._of.values()) for socket in tuple(sockets))

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def add(self, socket: Socket) -> bool:
        """Count it among its owner's; False when they have too many."""
        mine = self._of[socket.admission.principal.user_id]
        if len(mine) >= PER_PERSON:
            return False
        mine.add(socket)
        return True

    def remove(self, socket: Socket) -> None:
        """Harmless when it was never added."""
        user_id = socket.admission.principal.user_id
        self._of[user_id].discard(socket)
        if not self._of[user_id]:
            del self._of[user_id]

    def check_admissions(self) -> None:
        """Ask those for a new ticket whose token ends soon; close those who did not bring one."""
        now = clock.now()
        for socket in self:
            left = socket.admission.until - now
            if left <= timedelta():
                socket.close_soon(UNWELCOME, "the token has ended: come back with a new ticket")
            elif left <= _ASK_AHEAD and not socket.asked_again:
                socket.asked_again = True
                socket.ask_for_ticket(int(left.total_seconds()))

    def end_session(self, session_id: UUID) -> None:
        """Close every socket of a login session that was ended."""
        for socket in self:
            if socket.admission.principal.session_id == session_id:
                socket.close_soon(UNWELCOME, "the session was ended")
