"""Secrets under way: what the tables refuse, and what the task that sends them does."""

import pytest

from domains.identity.actions import letters as sending
from domains.identity.actions import registration
from domains.identity.models import Challenge
from kelmah.ids import new_id
from kelmah.outbound import NotSent
from tests.identity.factories import SignUpFactory, sign_up
from tests.identity.test_constraints import broken_constraint

pytestmark = pytest.mark.domain("identity")


def begun(**as_) -> Challenge:
    awaited = registration.begin_registration(**SignUpFactory(**as_))
    return Challenge.objects.get(id=awaited.id)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("purpose = 'whatever', user_id = (SELECT id FROM identity_user)", "challenge_purpose"),
        ("address = ''", "challenge_address"),
        ("secret_hash = 'x', secret_expires_at = NULL", "challenge_secret_ends"),
        ("secret_hash = 'x', secret_expires_at = now(), tries = 3", "challenge_tries"),
        ("tries = 4", "challenge_tries"),
        ("purpose = 'change'", "challenge_of_somebody"),
    ],
)
def test_a_challenge_cannot_become_nonsense(change, constraint):
    challenge, _ = begun(), sign_up()
    assert broken_constraint(f"UPDATE identity_challenge SET {change} WHERE id = %s", challenge.id) == constraint


def test_a_sign_up_belongs_to_nobody_yet():
    challenge, user = begun(), sign_up().user
    change = "UPDATE identity_challenge SET user_id = %s WHERE id = %s"
    assert broken_constraint(change, user.id, challenge.id) == "challenge_sign_up_of_nobody_yet"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("password = 'seven cedis for kenkey'", "registration_password_hashed"),
        ("role = 'staff'", "registration_role"),
        ("display_name = ''", "registration_has_a_name"),
        ("locale = 'xx'", "registration_locale"),
    ],
)
def test_a_sign_up_cannot_become_nonsense(change, constraint):
    challenge = begun()
    statement = f"UPDATE identity_registration SET {change} WHERE challenge_id = %s"
    assert broken_constraint(statement, challenge.id) == constraint


def test_a_secret_that_was_not_sent_is_superseded_by_the_next(letters, settings, tmp_path):
    challenge = begun(email="ama@example.com")
    (tmp_path / "file").write_text("no folder")
    where, settings.MAILBOX_DIR = settings.MAILBOX_DIR, tmp_path / "file"
    with pytest.raises(NotSent):
        sending.send_secret(challenge_id=challenge.id)
    challenge.refresh_from_db()
    unsent = bytes(challenge.secret_hash)
    settings.MAILBOX_DIR = where
    sending.send_secret(challenge_id=challenge.id)
    challenge.refresh_from_db()
    assert bytes(challenge.secret_hash) != unsent


def test_a_challenge_that_is_gone_is_written_to_by_nobody(letters):
    sending.send_secret(challenge_id=new_id())
    assert not letters.folder.exists()


def test_a_challenge_that_is_over_is_written_to_by_nobody(letters, clock):
    challenge = begun()
    clock.advance(hours=25)
    sending.send_secret(challenge_id=challenge.id)
    assert not letters.folder.exists()
