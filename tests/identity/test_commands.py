"""What operators type."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from domains.identity.actions.demo import load_demo
from domains.identity.models import Profile, User
from domains.identity.tasks import forget_old_rows
from kelmah.demo import PASSWORD as DEMO_PASSWORD
from kelmah.demo import PEOPLE
from tests.identity.factories import STAFF_PASSWORD, log_in, sign_up

pytestmark = pytest.mark.domain("identity")


def create_staff(monkeypatch, *arguments: str, password: str = STAFF_PASSWORD) -> str:
    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    said = io.StringIO()
    call_command("create_staff", *arguments, stdout=said)
    return said.getvalue()


def test_staff_are_made_with_a_password_from_standard_input(monkeypatch):
    said = create_staff(monkeypatch, "--email", "Efua@Example.com", "--password-stdin")
    user = User.objects.get()
    assert (user.email, user.display_name, user.role, user.is_superuser) == ("efua@example.com", "Efua", "staff", True)
    assert said == "efua@example.com may log in at /admin/\n"
    assert STAFF_PASSWORD not in said
    assert log_in(user, STAFF_PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "password", "why"),
    [
        (("--email", "efua@example.com", "--password-stdin"), "seven cedis 4u", "at least 15 characters"),
        (("--email", "efua", "--password-stdin"), STAFF_PASSWORD, "not an e-mail address"),
        (("--email", "taken@example.com", "--password-stdin"), STAFF_PASSWORD, "log in instead"),
        (("--email", "efua@example.com", "--name", "a\nb", "--password-stdin"), STAFF_PASSWORD, "hidden characters"),
        (("--email", "efua@example.com"), STAFF_PASSWORD, "use --password-stdin"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nobody_is_made(monkeypatch, arguments, password, why):
    sign_up(email="taken@example.com")
    with pytest.raises(CommandError, match=why):
        create_staff(monkeypatch, *arguments, password=password)
    assert User.objects.count() == 1


def test_the_demo_is_loaded_once_however_often_it_is_asked_for():
    for _ in range(2):
        load_demo()
    assert User.objects.count() == len(PEOPLE)
    assert Profile.objects.filter(place_name__gt="").count() == sum(person.role != "staff" for person in PEOPLE)
    for user in User.objects.all():
        assert log_in(user, DEMO_PASSWORD)


def test_the_daily_task_has_nothing_to_forget_on_the_first_day():
    sign_up()
    assert forget_old_rows() == 0
