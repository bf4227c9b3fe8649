"""How many sockets a person has, and when they must show a new ticket."""

from dataclasses import dataclass, field
from datetime import timedelta

from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.live.sockets import PER_PERSON, Sockets
from kelmah.live.tickets import Admission
from kelmah.principal import Principal


@dataclass(eq=False)
class Plug:
    """A socket that only remembers what it was told."""

    admission: Admission
    asked_again: bool = False
    asked: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def ask_for_ticket(self, within: int) -> None:
        self.asked.append(within)

    def close_soon(self, code: int, reason: str = "") -> None:
        self.closed.append(code)


def plug(*, minutes: float = 10, user_id=None, session_id=None) -> Plug:
    who = Principal(user_id=user_id or new_id(), session_id=session_id or new_id())
    return Plug(Admission(principal=who, until=kelmah_clock.now() + timedelta(minutes=minutes)))


def test_a_person_has_at_most_twenty_sockets():
    sockets, user_id = Sockets(), new_id()
    mine = [plug(user_id=user_id) for _ in range(PER_PERSON)]
    assert all(sockets.add(socket) for socket in mine)
    assert not sockets.add(plug(user_id=user_id))
    assert sockets.add(plug())
    sockets.remove(mine[0])
    assert sockets.add(plug(user_id=user_id))
    assert len(sockets) == PER_PERSON + 1


def test_one_that_was_never_added_can_be_removed():
    sockets = Sockets()
    sockets.remove(plug())
    assert len(sockets) == 0


def test_a_minute_before_the_tokens_end_a_new_ticket_is_asked_for_once(clock):
    sockets, socket = Sockets(), plug(minutes=10)
    sockets.add(socket)
    sockets.check_admissions()
    assert socket.asked == []
    clock.advance(minutes=9, seconds=10)
    sockets.check_admissions()
    sockets.check_admissions()
    assert len(socket.asked) == 1
    assert 45 <= socket.asked[0] <= 50
    assert socket.closed == []


def test_without_one_the_socket_is_closed_at_the_tokens_end(clock):
    sockets, late, other = Sockets(), plug(minutes=10), plug(minutes=20)
    for socket in (late, other):
        sockets.add(socket)
    clock.advance(minutes=10)
    sockets.check_admissions()
    assert (late.closed, other.closed) == ([4401], [])


def test_an_ended_session_takes_its_sockets_with_it_and_no_others():
    sockets, user_id, session_id = Sockets(), new_id(), new_id()
    ended = [plug(user_id=user_id, session_id=session_id) for _ in range(2)]
    other = plug(user_id=user_id)
    for socket in (*ended, other):
        sockets.add(socket)
    sockets.end_session(session_id)
    assert [socket.closed for socket in (*ended, other)] == [[4401], [4401], []]
