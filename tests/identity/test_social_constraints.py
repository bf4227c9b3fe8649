"""What the database refuses of social logins, whoever asks it."""

import pytest

from domains.identity.actions.social_logins import link
from tests.identity.factories import proven_flow, sign_up
from tests.identity.test_constraints import broken_constraint

pytestmark = pytest.mark.domain("identity")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'stolen', subject = '', email = '', email_verified = false", "social_flow_state"),
        ("state_hash = '\\x00'", "social_flow_hash"),
        ("secret_hash = ''", "social_flow_hash"),
        ("code_hash = sha256('a')", "social_flow_code_while_proven"),
        ("state = 'proven'", "social_flow_code_while_proven"),
        ("state = 'proven', code_hash = '\\x00'", "social_flow_code_while_proven"),
        ("subject = ''", "social_flow_person_while_needed"),
        ("state = 'over'", "social_flow_person_while_needed"),
        ("state = 'started', subject = ''", "social_flow_person_while_needed"),
        ("email = ''", "social_flow_verified_mail"),
        ("expires_at = created_at", "social_flow_times_in_order"),
    ],
)
def test_a_flow_cannot_become_nonsense(change, constraint):
    proven_flow()
    assert broken_constraint(f"UPDATE identity_socialflow SET {change}") == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("provider = ''", "social_login_names_somebody"),
        ("subject = ''", "social_login_names_somebody"),
        ("subject = 'the same', provider = 'google'", "social_login_of_one_account"),
    ],
)
def test_a_login_cannot_become_nonsense(change, constraint):
    for _ in range(2):
        link(user_id=sign_up().user.id, flow_secret=proven_flow())
    assert broken_constraint(f"UPDATE identity_sociallogin SET {change}") == constraint


def test_two_logins_of_one_provider_are_refused():
    user = sign_up().user
    for provider in ("google", "linkedin"):
        link(user_id=user.id, flow_secret=proven_flow(provider=provider))
    assert broken_constraint("UPDATE identity_sociallogin SET provider = 'google'") == "social_login_once_per_provider"


def test_a_login_is_always_somebodys():
    link(user_id=sign_up().user.id, flow_secret=proven_flow())
    refused = broken_constraint(
        "UPDATE identity_sociallogin SET user_id = gen_random_uuid(); SET CONSTRAINTS ALL IMMEDIATE"
    )
    assert str(refused).startswith("identity_sociallogin_user_id")


@pytest.mark.parametrize("column", ["state_hash", "secret_hash"])
def test_no_two_flows_share_a_secret(column):
    for _ in range(2):
        proven_flow()
    refused = broken_constraint(f"UPDATE identity_socialflow SET {column} = sha256('a')")
    assert refused == f"identity_socialflow_{column}_key"


def test_only_members_may_be_without_a_password():
    user = sign_up().user
    without = "password = '!' || repeat('x', 40)"
    assert broken_constraint(f"UPDATE identity_user SET {without} WHERE id = %s", user.id) is None
    as_staff = "role = 'staff', is_staff = true"
    assert broken_constraint(f"UPDATE identity_user SET {as_staff} WHERE id = %s", user.id) == "user_password_hashed"
