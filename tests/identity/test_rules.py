"""Rules of accounts, sessions and profiles, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from domains.identity import rules
from domains.identity.rules.profiles import Language, Rates
from domains.identity.rules.resume import Education, Experience
from kelmah.errors import InvalidInput, InvalidTransition
from kelmah.ids import new_id
from kelmah.money import Money

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def codes(refusal: InvalidInput) -> dict[str, str]:
    return {error.pointer: error.code for error in refusal.errors}


# --- logins ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("ama@example.com", "ama@example.com"),
        ("  Ama.Mensah@Example.COM ", "ama.mensah@example.com"),
        ("ａｍａ@ｅｘａｍｐｌｅ．ｃｏｍ", "ama@example.com"),  # full width
        ("ama＠example.com", "ama@example.com"),
        ("ﬁifi@example.com", "fiifi@example.com"),  # a ligature
        ("ama@bücher.example", "ama@xn--bcher-kva.example"),
        ("ama@BÜCHER。example", "ama@xn--bcher-kva.example"),
        ("ama@exаmple.com", "ama@xn--exmple-4nf.com"),  # a Cyrillic а stays another domain, and can be seen to be one
        ("ama+jobs@example.com", "ama+jobs@example.com"),
    ],
)
def test_an_address_is_stored_in_one_form_however_it_is_written(written, stored):
    assert rules.clean_email(written) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ama",
        "@example.com",
        "ama@",
        "ama@localhost",
        "аma@example.com",  # a Cyrillic а before the @ would look like another's address
        "ama@exa mple.com",
        "ama@@example.com",
        "a@b@example.com",
        ".ama@example.com",
        "ama.@example.com",
        "a..ma@example.com",
        "ama@-example.com",
        "ama@example..com",
        "ama@example.com\r\nBcc: all@example.com",
        "ama\x00@example.com",
        '"a b"@example.com',
        "ama@127.0.0.1",
        "ama@exa_mple.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
        "a@" + ".".join(["b" * 60] * 5) + ".com",
        "ama\u200b@example.com",
        "ama@example.com\u202e",
    ],
)
def test_what_is_no_address_is_refused(written):
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_email(written)
    assert codes(refusal.value) == {"/email": "invalid"}


@given(st.one_of(st.text(max_size=40), st.emails(), st.from_regex(r"[\w.]{1,9}@[\w]{1,9}\.[a-z]{2,4}", fullmatch=True)))
def test_a_stored_address_is_ascii_lower_case_and_stays_as_it_is(written):
    try:
        stored = rules.clean_email(written)
    except InvalidInput:
        return
    assert stored.isascii()
    assert stored == stored.lower() == rules.clean_email(stored) == rules.clean_email(stored.upper())


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("024 123 4567", "+233241234567"),
        ("+233 24 123 4567", "+233241234567"),
        ("00233-24-123-4567", "+233241234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("０２４ １２３ ４５６７", "+233241234567"),
    ],
)
def test_a_phone_number_is_stored_as_e164_and_is_of_ghana_unless_it_says_otherwise(written, stored):
    assert rules.clean_phone(written) == stored


@pytest.mark.parametrize("written", ["", "123", "phone", "+999 1234567", "024 123 4567 ext. 8", "+233" + "1" * 30])
def test_what_is_no_phone_number_is_refused(written):
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_phone(written)
    assert codes(refusal.value) == {"/phone": "invalid"}


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("  Ama   Mensah ", "Ama Mensah"),
        ("Kɔfi", "Kɔfi"),
        ("Zoe\u0301", "Zoé"),
        ("李", "李"),
        ("O'Brien-Ọlá Jr.", "O'Brien-Ọlá Jr."),
    ],
)
def test_names_of_all_scripts_are_kept_in_one_form(written, shown):
    assert rules.clean_display_name(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "---",
        "Ama\r\nSet-Cookie: a=b",
        "Ama\x00",
        "Ama\x1b[31m",
        "Ama\u202egnp.exe",  # written from right to left
        "A\u200bma",
        "Ama\u2028Mensah",
        "<b>Ama</b>",
        "ama@example.com",
        "\ue000",
    ],
)
def test_a_name_hides_nothing_and_looks_like_no_address(written):
    with pytest.raises(InvalidInput) as refusal:
        rules.clean_display_name(written)
    assert codes(refusal.value) == {"/display_name": "invalid"}


def test_a_name_has_eighty_characters_at_most():
    assert len(rules.clean_display_name("a" * 80)) == 80
    with pytest.raises(InvalidInput):
        rules.clean_display_name("a" * 81)


@given(st.text(max_size=90))
def test_a_cleaned_name_is_clean(text):
    try:
        name = rules.clean_display_name(text)
    except InvalidInput:
        return
    assert rules.clean_display_name(name) == name
    assert rules.is_plain(name)


def test_a_text_of_lines_may_break_and_a_line_may_not():
    assert rules.is_plain("one\n\ttwo", lines=True)
    assert not rules.is_plain("one\ntwo")
    assert not rules.is_plain("one\rtwo", lines=True)


# --- locks -------------------------------------------------------------------------------------------------------


def test_the_fifth_wrong_password_locks_for_half_an_hour():
    failures, last, locked = 0, None, None
    for number in range(1, 6):
        assert locked is None
        failures, locked = rules.after_failure(failures, last, now=NOON)
        last = NOON
        assert failures == number % 5
    assert locked == NOON + timedelta(minutes=30)
    assert rules.is_locked(locked, now=NOON + timedelta(minutes=29, seconds=59))
    assert not rules.is_locked(locked, now=NOON + timedelta(minutes=30))


def test_mistakes_of_yesterday_are_forgotten():
    assert rules.after_failure(4, NOON - timedelta(minutes=31), now=NOON) == (1, None)
    assert rules.after_failure(4, NOON - timedelta(minutes=29), now=NOON) == (0, NOON + timedelta(minutes=30))


@given(st.lists(st.integers(min_value=0, max_value=3_600), max_size=60))
def test_nobody_gets_more_than_five_tries_in_any_half_hour_before_a_lock(pauses):
    now, failures, last, locked, counted = NOON, 0, None, None, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        if rules.is_locked(locked, now=now):
            continue
        failures, locked = rules.after_failure(failures, last, now=now)
        last = now
        counted.append(now)
        assert 0 <= failures < rules.LOCK_AFTER
    for first in range(len(counted) - rules.LOCK_AFTER):
        assert counted[first + rules.LOCK_AFTER] - counted[first] >= timedelta(minutes=30)


# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_names_its_session_and_holds_256_random_bits():
    session_id = new_id()
    token, kept = rules.new_refresh_token(session_id)
    assert rules.read_refresh_token(token) == (session_id, kept)
    assert len(kept) == 32
    name, secret = token.split(".")
    assert name == str(session_id)
    assert len(secret) == 43
    assert secret.encode() not in kept
    assert rules.new_refresh_token(session_id)[0] != token


@given(st.text(max_size=120))
def test_anything_else_is_no_refresh_token(text):
    assert rules.read_refresh_token(text) is None


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t + " ", lambda t: t + "=", lambda t: "{" + t, lambda t: t[:-1]]
)
def test_a_refresh_token_has_one_spelling(change):
    token, _ = rules.new_refresh_token(new_id())
    assert rules.read_refresh_token(change(token)) is None


# --- states ------------------------------------------------------------------------------------------------------


def test_every_state_of_a_user_is_reached_and_left():
    assert not rules.USER.unreachable()
    assert not rules.USER.dead_ends()
    with pytest.raises(InvalidTransition):
        rules.USER.check("suspend", "suspended")


# --- profiles ----------------------------------------------------------------------------------------------------

CONTENT = rules.Content(display_name="Ama", locale="en", zone="Africa/Accra")
OSU = rules.Place(name="Osu", latitude=5.556, longitude=-0.182)


def skill(skill_id: str = "carpentry", level: int = 3, years: int = 2) -> rules.Skill:
    return rules.Skill(skill_id=skill_id, name=skill_id.title(), level=level, years=years)


STATION = {"organisation": "Adom", "title": "Joiner", "started": date(2012, 3, 1), "ended": None}
FILLED = {
    "headline": {"headline": "h"},
    "bio": {"bio": "b"},
    "place": {"place": OSU},
    "service_area": {"radius_km": 5},
    "rates": {"rates": Rates(visit=Money(5, "GHS"))},
    "languages": {"languages": (Language(code="en", level="basic"),)},
    "skills": {"skills": (skill(),)},
    "experience": {"experience": (Experience(**STATION),)},
    "education": {"education": (Education(**STATION),)},
    "portfolio": {"portfolio_file_ids": (new_id(),)},
}


@pytest.mark.parametrize("role", ["worker", "hirer"])
def test_the_parts_of_a_profile_sum_to_a_hundred(role):
    assert sum(rules.PARTS[role].values()) == 100
    percent, missing = rules.completeness(CONTENT, role=role, says_when=False)
    assert percent == 0
    assert set(missing) == set(rules.PARTS[role])


@given(st.sets(st.sampled_from(sorted(FILLED))), st.booleans())
def test_every_filled_part_adds_its_share_and_leaves_the_list(filled, says_when):
    said = {name: value for part in filled for name, value in FILLED[part].items()}
    content = rules.Content(**(CONTENT.__dict__ | said))
    filled |= {"availability"} if says_when else set()
    percent, missing = rules.completeness(content, role="worker", says_when=says_when)
    assert percent == sum(rules.PARTS["worker"][part] for part in filled)
    assert filled.isdisjoint(missing)
    assert percent + sum(rules.PARTS["worker"][part] for part in missing) == 100


def test_what_is_missing_begins_with_what_counts_most():
    assert rules.completeness(CONTENT, role="worker", says_when=False)[1][0] == "skills"


@pytest.mark.parametrize(
    ("changes", "role", "expected"),
    [
        ({"skills": (skill(),)}, "hirer", {"/skills": "workers_only"}),
        ({"radius_km": 5, "place": OSU}, "hirer", {"/radius_km": "workers_only"}),
        ({"radius_km": 5}, "worker", {"/radius_km": "place_missing"}),
        ({"skills": (skill(), skill(level=5))}, "worker", {"/skills": "not_unique"}),
        ({"languages": FILLED["languages"]["languages"] * 2}, "worker", {"/languages": "not_unique"}),
    ],
)
def test_what_no_single_field_can_tell_is_refused(changes, role, expected):
    with pytest.raises(InvalidInput) as refusal:
        rules.check_content(rules.Content(**(CONTENT.__dict__ | changes)), role=role, today=date(2026, 11, 21))
    assert codes(refusal.value) == expected


def test_skills_come_best_first():
    ordered = rules.in_order([skill("plumbing", 2), skill("carpentry", 5, 1), skill("roofing", 5, 9)])
    assert [each.skill_id for each in ordered] == ["roofing", "carpentry", "plumbing"]


def test_the_locales_are_those_that_the_project_speaks():
    """There need not be a catalogue for each yet; there is none that nobody can choose."""
    assert {code for code, _ in settings.LANGUAGES} <= set(rules.LOCALES)
