"""Dead letters on staff's desk: tried again, or given up for a reason, by whoever may; never edited."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from domains.identity.models import Inbox, Outbox, User
from kelmah import clock
from kelmah.ids import new_id
from tests.identity.desk import show_second_factor
from tests.identity.factories import colleague

pytestmark = pytest.mark.domain("identity")

INBOX, OUTBOX = "/admin/identity/inbox/", "/admin/identity/outbox/"


def dead(table: type[Any], **more: Any) -> Any:
    return table.objects.create(
        event_id=new_id(),
        topic="reviews.RatingChanged",
        event_version=1,
        key="k",
        payload={},
        occurred_at=clock.now(),
        attempts=8,
        dead_at=clock.now(),
        last_error="KeyError: 'k'",
        **more,
    )


@pytest.fixture
def letter() -> Any:
    return dead(Inbox, handler="domains.identity.handlers.on_rating_changed", source="reviews")


def act(desk: Client, path: str, action: str, *rows: Any, **more: str) -> str:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return desk.post(path, chosen, follow=True).content.decode()


def test_the_desk_asks_for_a_reason(desk: Client, letter: Any) -> None:
    page = desk.get(INBOX).content.decode()
    assert 'name="reason"' in page
    assert "Give dead letters up, for a reason" in page


def test_a_dead_letter_is_tried_again(desk: Client, letter: Any) -> None:
    assert "1 events will be tried again" in act(desk, INBOX, "try_again", letter)
    letter.refresh_from_db()
    assert (letter.dead_at, letter.attempts, letter.completed_at) == (None, 0, None)


def test_without_a_reason_nothing_is_given_up(desk: Client, letter: Any) -> None:
    assert "Nothing was given up" in act(desk, INBOX, "give_up", letter, reason="  ")
    letter.refresh_from_db()
    assert letter.completed_at is None


def test_what_is_given_up_keeps_the_reason_and_who_gave_it(desk: Client, letter: Any) -> None:
    assert "1 events were given up" in act(desk, INBOX, "give_up", letter, reason="a duplicate")
    letter.refresh_from_db()
    assert letter.completed_at is not None
    assert letter.discarded_reason.startswith("a duplicate (")
    assert str(User.objects.get(email="desk@example.com").pk) in letter.discarded_reason


def test_an_undeliverable_event_leaves_the_outbox(desk: Client) -> None:
    row = dead(Outbox, target="reviews")
    assert "1 events were given up" in act(desk, OUTBOX, "give_up", row, reason="reviews is gone")
    assert not Outbox.objects.filter(id=row.id).exists()


def test_what_is_not_dead_is_left_alone(desk: Client, letter: Any) -> None:
    Inbox.objects.update(dead_at=None)
    assert "0 events were given up" in act(desk, INBOX, "give_up", letter, reason="impatience")
    letter.refresh_from_db()
    assert letter.completed_at is None


def test_nothing_can_be_edited_added_or_deleted(desk: Client, letter: Any) -> None:
    assert desk.get(f"{INBOX}add/").status_code == 403
    assert desk.post(f"{INBOX}{letter.pk}/change/", {"handler": "x"}).status_code == 403
    assert desk.post(f"{INBOX}{letter.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_the_right_see_and_decide_nothing(letter: Any) -> None:
    moderator = colleague("moderator")
    client = Client()
    client.force_login(moderator)
    show_second_factor(client, moderator)
    assert client.get(INBOX).status_code == 403
    act(client, INBOX, "give_up", letter, reason="mischief")
    letter.refresh_from_db()
    assert (letter.completed_at, letter.dead_at is not None) == (None, True)
