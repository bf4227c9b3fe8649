"""Letters as files."""

import email
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path

import pytest

from kelmah.ids import new_id
from kelmah.outbound import Mail, NotSent, Sms, mail_gateway, sms_gateway
from kelmah.outbound.mailbox import Mailbox
from kelmah.outbound.smtp import Smtp
from kelmah.outbound.twilio import Twilio

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)
LINK = f"https://app.example.com/sign-up#registration_id={new_id()}&secret={'a' * 43}"


def mail(**changes: str) -> Mail:
    wanted = {"address": "ama@example.com", "name": "Ama", "subject": "Hello", "body": "Welcome."} | changes
    return Mail(message_id=new_id(), at=AT, **wanted)


def read(folder: Path) -> email.message.Message:
    (file,) = folder.rglob("*.eml")
    return email.message_from_bytes(file.read_bytes(), policy=default)


def text(folder: Path) -> str:
    return read(folder).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "address",
    ["../../etc/passwd@example.com", "/etc/x@example.com", "..@example.com", "a\\b@example.com", ".hidden@x.com"],
)
def test_an_address_is_no_path(tmp_path, address):
    folder = Mailbox(tmp_path).folder_of(address)
    assert folder.parent == tmp_path
    assert not folder.name.startswith(".")


def test_a_text_to_a_phone_is_a_file_in_the_numbers_folder(tmp_path):
    Mailbox(tmp_path).send(Sms(message_id=new_id(), number="+233241234567", text="Wo kɔd: 123456", at=AT))
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (file.parent.name, file.suffix, file.read_text()) == ("+233241234567", ".txt", "Wo kɔd: 123456\n")


def test_a_letter_sent_twice_is_one_file(tmp_path):
    letter = mail()
    for _ in range(2):
        Mailbox(tmp_path).send(letter)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_letter_sent_at_once_by_many_threads_is_one_file(tmp_path):
    letter, box = mail(), Mailbox(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: box.send(letter), range(400))) == [None] * 400
    assert read(tmp_path)["Subject"] == "Hello"
    assert [file.suffix for file in tmp_path.rglob("*.*") if file.is_file()] == [".eml"]


def test_a_link_stands_in_the_file_as_it_is(tmp_path):
    Mailbox(tmp_path).send(mail(body=f"Follow this:\n\n{LINK}"))
    (file,) = tmp_path.rglob("*.eml")
    assert f"\r\n{LINK}\r\n" in file.read_bytes().decode()


def test_other_letters_survive_the_journey(tmp_path):
    Mailbox(tmp_path).send(mail(name="Ɔyɛ Kofi", body=f"Yɛ ma wo akwaaba: {LINK}"))
    assert f"Hello Ɔyɛ Kofi,\n\nYɛ ma wo akwaaba: {LINK}\n" in text(tmp_path)


def test_without_a_name_nobody_is_greeted_by_one(tmp_path):
    Mailbox(tmp_path).send(mail(name=""))
    assert text(tmp_path).startswith("Hello,\n")
    assert read(tmp_path)["To"] == "ama@example.com"


@pytest.mark.parametrize("change", [{"name": "Ama\r\nBcc: all@example.com"}, {"address": "a@b.com\nBcc: c@d.com"}])
def test_nobody_writes_headers(tmp_path, change):
    with pytest.raises(NotSent):
        Mailbox(tmp_path).send(mail(**change))
    assert list(tmp_path.rglob("*.eml")) == []


def test_a_subject_is_one_line(tmp_path):
    Mailbox(tmp_path).send(mail(subject="Hello\r\nBcc: all@example.com"))
    assert (read(tmp_path)["Subject"], read(tmp_path)["Bcc"]) == ("Hello Bcc: all@example.com", None)


def test_the_settings_say_which_way_letters_go(settings):
    assert isinstance(mail_gateway(), Mailbox)
    assert isinstance(sms_gateway(), Mailbox)
    settings.EMAIL_HOST, settings.SMS_PROVIDER = "smtp.example.com", "twilio"
    assert isinstance(mail_gateway(), Smtp)
    assert isinstance(sms_gateway(), Twilio)
