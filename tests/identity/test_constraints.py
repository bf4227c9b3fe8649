"""What the database refuses whoever asks it."""

import psycopg
import pytest
from django.db import DatabaseError, connections

from domains.identity.actions import role_requests
from domains.identity.models import LoginGuard
from kelmah.ids import new_id
from tests.identity.factories import colleague, sign_up, staff

pytestmark = pytest.mark.domain("identity")


def broken_constraint(statement: str, *parameters: object) -> str | None:
    """The name of the constraint that refuses the statement; None when nothing does."""
    try:
        with connections["identity"].cursor() as cursor:
            cursor.execute(statement, parameters)
    except DatabaseError as error:
        return error.__cause__.diag.constraint_name or type(error.__cause__).__name__
    return None


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("email = NULL, phone = NULL", "user_can_be_reached"),
        ("email = 'AMA@example.com'", "user_email_clean"),
        ("email = 'amа@example.com'", "user_email_clean"),
        ("email = 'ama example.com'", "user_email_clean"),
        ("email = ''", "user_email_clean"),
        ("phone = '0241234567'", "user_phone_e164"),
        ("phone = '+0241234567'", "user_phone_e164"),
        ("phone = ''", "user_phone_e164"),
        ("display_name = ''", "user_has_a_name"),
        ("role = 'admin'", "user_role"),
        ("role = 'staff'", "user_staff_is_a_role"),
        ("is_staff = true", "user_staff_is_a_role"),
        ("is_superuser = true", "user_staff_is_a_role"),
        ("locale = 'xx'", "user_locale"),
        ("zone = ''", "user_zone"),
        ("status = 'banned'", "user_status"),
        ("password = 'seven cedis for kenkey'", "user_password_hashed"),
        ("password = 'pbkdf2_sha256$1$a$b'", "user_password_hashed"),
    ],
)
def test_a_member_cannot_become_nonsense(change, constraint):
    user = sign_up().user
    assert broken_constraint(f"UPDATE identity_user SET {change} WHERE id = %s", user.id) == constraint


def test_staff_always_have_an_address_to_log_in_with():
    user = staff()
    change = "UPDATE identity_user SET email = NULL, phone = '+233241234567' WHERE id = %s"
    assert broken_constraint(change, user.id) == "user_staff_is_a_role"


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("email", "kofi@example.com", "identity_user_email_key"),
        ("phone", "+233241234567", "identity_user_phone_key"),
    ],
)
def test_a_login_belongs_to_one_account(column, value, constraint):
    sign_up(email="kofi@example.com", phone="+233241234567")
    other = sign_up().user
    change = f"UPDATE identity_user SET {column} = %s WHERE id = %s"
    assert broken_constraint(change, value, other.id) == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (r"current_hash = '\x00'", "session_hash"),
        ("current_hash = NULL", "NotNullViolation"),
        ("previous_hash = current_hash, rotated_at = created_at, rotations = 1", "session_rotated_as_a_whole"),
        (r"previous_hash = '\x00', rotated_at = created_at, rotations = 1", "session_rotated_as_a_whole"),
        ("previous_hash = sha256('x')", "session_rotated_as_a_whole"),
        ("rotations = 1", "session_rotated_as_a_whole"),
        ("rotated_at = created_at", "session_rotated_as_a_whole"),
        ("idle_expires_at = expires_at + interval '1 s'", "session_times_in_order"),
        ("idle_expires_at = created_at", "session_times_in_order"),
        ("last_used_at = created_at - interval '1 s'", "session_times_in_order"),
        ("auth_time = last_used_at + interval '1 s'", "session_times_in_order"),
        ("revoked_at = created_at", "session_end_has_a_reason"),
        ("revoke_reason = 'logout'", "session_end_has_a_reason"),
        ("revoked_at = created_at, revoke_reason = 'because'", "session_end_has_a_reason"),
    ],
)
def test_a_session_cannot_become_nonsense(change, constraint):
    session_id = sign_up().session_id
    assert broken_constraint(f"UPDATE identity_authsession SET {change} WHERE id = %s", session_id) == constraint


def test_an_account_with_sessions_is_never_deleted():
    user = sign_up().user
    with connections["identity"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert broken_constraint("DELETE FROM identity_user WHERE id = %s", user.id)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("place_name = 'Osu'", "profile_place_is_whole"),
        ("latitude = 5, longitude = 0", "profile_place_is_whole"),
        ("place_name = 'Osu', latitude = 5", "profile_place_is_whole"),
        ("place_name = 'Osu', latitude = 91, longitude = 0", "profile_place_is_whole"),
        ("place_name = 'Osu', latitude = 0, longitude = -181", "profile_place_is_whole"),
        ("place_name = 'Osu', latitude = 'NaN', longitude = 0", "profile_place_is_whole"),
        ("radius_km = 5", "profile_radius_around_a_place"),
        ("radius_km = 501, place_name = 'Osu', latitude = 5, longitude = 0", "profile_radius_around_a_place"),
        ("radius_km = 0, place_name = 'Osu', latitude = 5, longitude = 0", "profile_radius_around_a_place"),
        ("hourly_minor = 500", "profile_hourly_rate_is_money"),
        ("daily_currency = 'GHS'", "profile_daily_rate_is_money"),
        ("visit_minor = 0, visit_currency = 'GHS'", "profile_visit_rate_is_money"),
        ("hourly_minor = 1000000001, hourly_currency = 'GHS'", "profile_hourly_rate_is_money"),
        ("daily_minor = 5, daily_currency = 'XXX'", "profile_daily_rate_is_money"),
        ("languages = '{en}'", "profile_languages_have_levels"),
        ("languages = '{en}', language_levels = '{so-so}'", "profile_languages_have_levels"),
        ("verified_level = 4", "profile_verified_level"),
        ("stars = 437", "profile_stars_need_reviews"),
        ("reviews = 3", "profile_stars_need_reviews"),
        ("stars = 501, reviews = 3", "profile_stars_need_reviews"),
        ("bio = repeat('a', 5001)", "StringDataRightTruncation"),
        ("headline = repeat('a', 121)", "StringDataRightTruncation"),
    ],
)
def test_a_profile_cannot_become_nonsense(change, constraint):
    user = sign_up().user
    assert broken_constraint(f"UPDATE identity_profile SET {change} WHERE user_id = %s", user.id) == constraint


SLOT = "identity_weeklyslot (profile_id, weekday, starts, minutes)"
OFF = "identity_dayoff (profile_id, first, last, note)"
JOB = "identity_experience (profile_id, organisation, title, started, ended, text)"
SCHOOL = "identity_education (profile_id, organisation, title, started, ended, text)"


@pytest.mark.parametrize(
    ("table", "values", "constraint"),
    [
        (SLOT, (0, 0, 60), "slot_weekday"),
        (SLOT, (8, 0, 60), "slot_weekday"),
        (SLOT, (2, 1440, 60), "slot_starts"),
        (SLOT, (2, 0, 0), "slot_length"),
        (SLOT, (2, 0, 1441), "slot_length"),
        (SLOT, (1, 659, 60), "slot_alone"),
        (OFF, ("2026-05-02", "2026-05-01", ""), "day_off_in_order"),
        (OFF, ("2026-12-31", "2027-01-02", ""), "day_off_once"),
        (JOB, ("Adom", "Joiner", "2012-03-01", "2012-02-01", ""), "experience_in_order"),
        (JOB, ("Adom", "Joiner", "2012-03-02", None, ""), "experience_in_months"),
        (JOB, ("", "Joiner", "2012-03-01", None, ""), "experience_named"),
        (SCHOOL, ("ATTC", "", "2012-03-01", None, ""), "education_named"),
        (SCHOOL, ("ATTC", "NVTI", "2012-03-01", "2012-04-30", ""), "education_in_months"),
    ],
)
def test_hours_and_stations_cannot_be_nonsense(table, values, constraint):
    user = sign_up().user
    insert = "INSERT INTO {} VALUES (%s, {})"
    assert broken_constraint(insert.format(SLOT, "1, 600, 60"), user.id) is None
    assert broken_constraint(insert.format(OFF, "'2026-12-24', '2026-12-31', ''"), user.id) is None
    marks = ", ".join(["%s"] * len(values))
    assert broken_constraint(insert.format(table, marks), user.id, *values) == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("rating = rating + 1", "rank_weights_are_whole"),
        ("match = 10001", "rank_weights_match"),
        ("jobs_full = 0", "rank_weights_divide"),
        ("recency_days = 0", "rank_weights_divide"),
        ("reason = ''", "rank_weights_reason"),
        ("version = 0", "rank_weights_reason"),
    ],
)
def test_weights_cannot_be_nonsense(change, constraint):
    assert broken_constraint(f"UPDATE identity_rankweights SET {change}") == constraint


@pytest.mark.parametrize(
    ("skill", "constraint"),
    [
        (("carpentry", "Carpentry", 0, 1), "profile_skill_level"),
        (("carpentry", "Carpentry", 6, 1), "profile_skill_level"),
        (("carpentry", "Carpentry", 3, 61), "profile_skill_years"),
        (("Carpentry", "Carpentry", 3, 1), "profile_skill_id"),
        (("", "Carpentry", 3, 1), "profile_skill_id"),
        (("carpentry", "", 3, 1), "profile_skill_named"),
        (("plumbing", "Plumbing", 3, 1), "profile_skill_once"),
    ],
)
def test_a_skill_cannot_be_nonsense(skill, constraint):
    user = sign_up().user
    insert = "INSERT INTO identity_profileskill (profile_id, skill_id, name, level, years) VALUES (%s, %s, %s, %s, %s)"
    assert broken_constraint(insert, user.id, "plumbing", "Plumbing", 3, 1) is None
    assert broken_constraint(insert, user.id, *skill) == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("role = 'staff'", "role_grant_of_another_role"),
        ("role = 'Support'", "role_grant_of_another_role"),
        ("role = ''", "role_grant_of_another_role"),
        ("scope_kind = 'fleet'", "role_grant_scope_is_whole"),
        ("scope_id = '7'", "role_grant_scope_is_whole"),
        ("granted_by_id = user_id", "role_grant_by_somebody_else"),
        ("granted_by_id = NULL, approved_by_id = NULL", "role_grant_by_somebody_else"),
        ("approved_by_id = granted_by_id", "role_grant_by_two"),
        ("approved_by_id = user_id", "role_grant_by_two"),
        ("expires_at = granted_at", "role_grant_expires_later"),
        ("ended_at = granted_at", "role_grant_end_has_a_reason"),
        ("end_reason = 'left'", "role_grant_end_has_a_reason"),
        ("role = 'moderator'", "role_grant_once"),
    ],
)
def test_a_grant_cannot_become_nonsense(change, constraint):
    grant = colleague("moderator", "support").grants.get(role="support")
    assert broken_constraint(f"UPDATE identity_rolegrant SET {change} WHERE id = %s", grant.id) == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'lost'", "role_request_by_two"),
        ("reason = ''", "role_request_has_a_reason"),
        ("asked_by_id = user_id", "role_request_by_somebody_else"),
        ("state = 'approved', decided_by_id = asked_by_id, decided_at = asked_at", "role_request_by_two"),
        ("state = 'declined', decided_by_id = user_id, decided_at = asked_at", "role_request_by_two"),
        ("state = 'approved'", "role_request_by_two"),
        ("decided_at = asked_at", "role_request_by_two"),
        ("role = 'support'", "role_request_one_open"),
    ],
)
def test_a_request_for_a_role_cannot_become_nonsense(change, constraint):
    user, boss = colleague(), staff()
    role_requests.ask(user_id=user.id, role="support", by_id=boss.id, reason="Joins the team")
    asked = role_requests.ask(user_id=user.id, role="moderator", by_id=boss.id, reason="Joins the team")
    assert broken_constraint(f"UPDATE identity_rolerequest SET {change} WHERE id = %s", asked.id) == constraint


@pytest.mark.parametrize(
    ("change", "constraint"),
    [("failures = 5", "guard_failures"), ("failures = -1", "guard_failures"), ("key = 'ama@example.com'", "guard_key")],
)
def test_a_guard_cannot_become_nonsense(change, constraint):
    guard = LoginGuard.objects.create(key=f"user:{new_id()}")
    broken = broken_constraint(f"UPDATE identity_loginguard SET {change} WHERE key = %s", guard.key)
    assert broken is not None
    assert constraint in broken or "failures" in broken


def test_the_run_time_role_reaches_no_other_schema():
    with connections["identity"].cursor() as cursor, pytest.raises(DatabaseError) as refusal:
        cursor.execute("SELECT 1 FROM payments.payments_outbox")
    assert isinstance(refusal.value.__cause__, (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable))
