"""Requests about people's data at the desk."""

import pytest
from django.test import Client

from domains.identity.models import Erasure
from kelmah.interfaces.privacy import Hold
from tests.identity.desk import show_second_factor
from tests.identity.factories import colleague, sign_up
from tests.identity.privacy import answer_all, asked_for, checked

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def desk():
    client, user = Client(), colleague("compliance")
    client.force_login(user)
    show_second_factor(client, user)
    return client


@pytest.fixture
def held():
    erasure = checked(asked_for(sign_up().user.id))
    answer_all(erasure, "check", but="payments", holds=[Hold(reason="money_in_wallet", count=1)])
    return Erasure.objects.get(id=erasure.id)


def test_the_desk_shows_progress_reasons_and_receipts(desk, held):
    listed = desk.get("/admin/identity/erasure/").content.decode()
    assert "check 5/6" in listed
    page = desk.get(f"/admin/identity/erasure/{held.id}/change/").content.decode()
    assert "money_in_wallet (1)" in page
    assert "contracts" in page


def test_what_is_late_is_found(desk, held, clock):
    assert str(held.id) not in desk.get("/admin/identity/erasure/?late=yes").content.decode()
    clock.advance(days=17)
    assert str(held.id) in desk.get("/admin/identity/erasure/?late=yes").content.decode()


def test_a_held_one_is_checked_again_at_once(desk, held):
    chosen = {"action": "recheck", "_selected_action": [str(held.id)]}
    page = desk.post("/admin/identity/erasure/", chosen, follow=True).content.decode()
    assert "asked again" in page
    held.refresh_from_db()
    assert held.state == "checking"


def test_copies_are_listed_and_not_read(desk):
    assert desk.get("/admin/identity/dataexport/").status_code == 200
