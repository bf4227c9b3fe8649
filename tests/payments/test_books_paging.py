"""Red books call somebody: at once, once an hour while it lasts, and when it is over."""

import pytest

from domains.payments import actions
from domains.payments.actions.books import page_books
from domains.payments.models import BooksCheck, Outbox
from kelmah import clock
from kelmah.ids import new_id
from kelmah.outbound import NotSent
from kelmah.outbound.oncall import page
from tests.payments.factories import funded_escrow
from tests.payments.owner import guards_down

pytestmark = [pytest.mark.domain("payments", transaction=True), pytest.mark.breaks_the_books]


@pytest.fixture(autouse=True)
def on_call(settings, tmp_path):
    settings.EMAIL_HOST, settings.SMS_PROVIDER = "", "mailbox"
    settings.MAILBOX_DIR = tmp_path
    settings.ONCALL_EMAIL, settings.ONCALL_PHONE = "oncall@example.com", "+233241234567"
    funded_escrow()
    return tmp_path


def shifted(by: int) -> None:
    with guards_down() as connection:
        connection.execute("UPDATE payments_escrow SET amount_minor = amount_minor + %s", [by])


def pages() -> int:
    """How often somebody was to be called."""
    return Outbox.objects.filter(target="task", topic="payments.page_books").count()


def letters(folder, suffix: str) -> list[str]:
    return [file.read_text() for file in sorted(folder.rglob(f"*.{suffix}"))]


def test_green_books_call_nobody():
    actions.check_books()
    actions.check_books()
    assert pages() == 0


def test_red_books_call_at_once_and_then_once_an_hour(clock):
    shifted(1)
    for minutes in (0, 10, 20, 20, 10, 10):  # after 0, 10, 30, 50, 60, 70 minutes
        clock.advance(minutes=minutes)
        actions.check_books()
    assert pages() == 2


def test_books_that_are_green_again_call_once(clock):
    shifted(1)
    actions.check_books()
    shifted(-1)
    for _ in range(2):
        clock.advance(minutes=10)
        actions.check_books()
    assert pages() == 2


def test_who_is_on_call_reads_what_is_broken_and_where_to_look(on_call):
    shifted(1)
    actions.check_books()
    check = BooksCheck.objects.get()
    page_books(check_id=check.id)
    page_books(check_id=check.id)
    [mail], texts = letters(on_call, "eml"), letters(on_call, "txt")
    assert "every escrow and hold has what has not left it" in mail.replace("=\n", "")
    assert "docs/runbooks/books-red.md" in mail
    assert "payouts are frozen" in texts[0]


def test_a_mail_that_fails_does_not_keep_the_text_back(on_call, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    shifted(1)
    actions.check_books()
    with pytest.raises(NotSent):
        page_books(check_id=BooksCheck.objects.get().id)
    assert len(letters(on_call, "txt")) == 1


def test_with_nobody_on_call_the_log_says_so(settings, capsys):
    settings.ONCALL_EMAIL = settings.ONCALL_PHONE = ""
    page(message_id=new_id(), subject="Red", text="", at=clock.now())
    assert "nobody_is_on_call" in capsys.readouterr().out
