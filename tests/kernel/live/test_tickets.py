"""A ticket lets one socket in, once, within thirty seconds, unless its session was ended."""

from datetime import timedelta

import pytest

from kelmah import clock as kelmah_clock
from kelmah.errors import Unavailable
from kelmah.http.denylist import revoke_session
from kelmah.http.store import store
from kelmah.live.tickets import Admission, TicketInvalid, issue_ticket, redeem_ticket


def admission(principal):
    return Admission(principal=principal("worker"), until=kelmah_clock.now() + timedelta(minutes=10))


def test_a_ticket_says_who_comes_and_until_when(principal):
    wanted = admission(principal)
    found = redeem_ticket(issue_ticket(wanted))
    assert found.principal == wanted.principal
    assert abs(found.until - wanted.until) < timedelta(milliseconds=1)


def test_a_ticket_is_good_once(principal):
    ticket = issue_ticket(admission(principal))
    redeem_ticket(ticket)
    with pytest.raises(TicketInvalid):
        redeem_ticket(ticket)


def test_of_eight_sockets_with_one_ticket_one_gets_in(principal, race):
    ticket = issue_ticket(admission(principal))
    outcome = race(lambda: redeem_ticket(ticket), 8)
    assert sum(isinstance(result, Admission) for result in outcome) == 1


def test_a_ticket_is_too_old_after_thirty_seconds(principal, clock):
    ticket = issue_ticket(admission(principal))
    clock.advance(seconds=30)
    with pytest.raises(TicketInvalid):
        redeem_ticket(ticket)


def test_redis_forgets_a_ticket_by_itself(principal):
    issue_ticket(admission(principal))
    keys = list(store().scan_iter("live:ticket:*"))
    assert keys
    assert all(0 < store().ttl(key) <= 30 for key in keys)


def test_an_invented_ticket_lets_nobody_in():
    with pytest.raises(TicketInvalid):
        redeem_ticket("invented")


def test_redis_does_not_hold_what_opens_the_door(principal):
    ticket = issue_ticket(admission(principal))
    assert not any(ticket.encode() in key or ticket.encode() in store().get(key) for key in _tickets())


def test_the_ticket_of_an_ended_session_lets_nobody_in(principal):
    wanted = admission(principal)
    ticket = issue_ticket(wanted)
    revoke_session(wanted.principal.session_id, timedelta(minutes=10))
    with pytest.raises(TicketInvalid):
        redeem_ticket(ticket)


def test_without_redis_there_are_no_tickets(principal, settings):
    wanted = admission(principal)
    ticket = issue_ticket(wanted)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(Unavailable):
        issue_ticket(wanted)
    with pytest.raises(Unavailable):
        redeem_ticket(ticket)


def _tickets():
    return list(store().scan_iter("live:ticket:*"))
