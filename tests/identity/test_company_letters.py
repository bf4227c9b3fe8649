"""Letters that invite into a company: what they say, and to whom."""

import email
from email.policy import default
from urllib.parse import parse_qs, urlsplit

import pytest

from domains.identity import tasks
from domains.identity.actions import company_letters, invitations
from domains.identity.models import CompanyInvitation
from domains.identity.rules import companies as rules
from kelmah.errors import InvalidInput
from kelmah.outbound import NotSent
from tests.identity.companies import founded, invited
from tests.identity.factories import sign_up

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def mailbox(tmp_path, settings):
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return tmp_path / "mailbox"


@pytest.fixture
def owner():
    return sign_up(role="hirer", display_name="Ama Serwaa")


def letters(mailbox) -> list:
    return [email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(mailbox.rglob("*.eml"))]


def token_in(letter) -> str:
    link = next(line for line in letter.get_content().splitlines() if line.startswith("http"))
    return parse_qs(urlsplit(link).fragment)["token"][0]


def test_the_letter_leads_a_stranger_into_the_company(owner, mailbox):
    invitation = invited(founded(owner, name="Osu Tiles"), by=owner, email="esi@example.com", role="finance")
    tasks.send_company_invitation(str(invitation.id))
    (letter,) = letters(mailbox)
    assert letter["To"] == "esi@example.com"
    text = letter.get_content()
    assert "Ama Serwaa invites you to “Osu Tiles”" in text
    assert "one who pays" in text
    esi = sign_up(role="worker", email="other@example.com")
    assert invitations.accept(user_id=esi.user.id, token=token_in(letter)).role == "finance"


def test_of_two_letters_the_last_is_good(owner, mailbox):
    invitation = invited(founded(owner), by=owner, email="esi@example.com")
    for _ in range(2):
        company_letters.send_invitation(invitation_id=invitation.id)
    works = [
        CompanyInvitation.objects.filter(token_hash=rules.hash_of_token(token_in(letter))).exists()
        for letter in letters(mailbox)
    ]
    assert sorted(works) == [False, True]


def test_whoever_has_an_account_reads_in_their_language(owner, mailbox):
    esi = sign_up(role="hirer", locale="fr", display_name="Esi")
    invitation = invited(founded(owner), by=owner, email=esi.user.email)
    company_letters.send_invitation(invitation_id=invitation.id)
    (letter,) = letters(mailbox)
    assert letter.get_content().startswith("Bonjour Esi,")


def test_nothing_leaves_for_an_invitation_that_is_over(owner, mailbox, clock):
    company_id = founded(owner)
    gone = invited(company_id, by=owner, email="esi@example.com")
    invitations.withdraw(company_id=company_id, invitation_id=gone.id, by_id=owner.user.id, expected_version=None)
    late = invited(company_id, by=owner, email="kofi@example.com")
    clock.advance(days=7)
    for invitation in (gone, late):
        company_letters.send_invitation(invitation_id=invitation.id)
    assert letters(mailbox) == []


def test_an_outage_is_said_so_that_the_task_tries_again(owner, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.MAILBOX_DIR = tmp_path / "file"
    invitation = invited(founded(owner), by=owner, email="esi@example.com")
    with pytest.raises(NotSent):
        company_letters.send_invitation(invitation_id=invitation.id)


def test_the_sweep_closes_what_ran_out_and_forgets_it_later(owner, clock):
    invited(founded(owner), by=owner, email="esi@example.com")
    clock.advance(days=7)
    assert tasks.forget_invitations() == 1
    assert CompanyInvitation.objects.get().state == "expired"
    clock.advance(days=31)
    assert tasks.forget_invitations() == 1
    assert not CompanyInvitation.objects.exists()


def test_no_link_of_a_stranger_is_written_to_strangers(owner):
    for name in ("Win https://evil.example/now", "Www.evil.example"):
        with pytest.raises(InvalidInput):
            founded(owner, name=name)
