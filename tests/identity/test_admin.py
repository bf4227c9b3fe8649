"""Staff's desk."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from domains.identity import actions
from domains.identity.actions import api_keys, role_requests
from domains.identity.actions.grants import withdraw_role
from domains.identity.admin.login import StaffPassword
from domains.identity.models import ApiKey, AuthSession, LoginGuard, Profile, RoleGrant, RoleRequest, User
from kelmah.domain import local_domains
from kelmah.interfaces.identity.events import SessionRevoked
from tests.identity.desk import show_second_factor
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, colleague, log_in, sign_up, staff

pytestmark = pytest.mark.domain("identity")


def enter(user: User, password: str = STAFF_PASSWORD) -> tuple[Client, int]:
    desk = Client()
    answer = desk.post("/admin/login/?next=/admin/", {"username": user.email, "password": password})
    return desk, answer.status_code


def inside(user: User) -> Client:
    """Past the second factor, too."""
    desk, status = enter(user)
    assert status == 302
    show_second_factor(desk, user)
    return desk


@pytest.fixture
def boss() -> User:
    return staff(email="boss@example.com")


@pytest.fixture
def desk(boss) -> Client:
    return inside(boss)


def run_action(desk: Client, model: type, action: str, *rows, reason: str = "") -> str:
    address = reverse(f"admin:identity_{model._meta.model_name}_changelist")
    answer = desk.post(
        address, {"action": action, "_selected_action": [str(row.pk) for row in rows], "reason": reason}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


# --- entering ----------------------------------------------------------------------------------------------------


def test_staff_enter_with_address_and_password(desk):
    assert desk.get("/admin/").status_code == 200


def test_nobody_and_members_do_not_enter(api):
    assert Client().get("/admin/").status_code == 302
    member = sign_up().user
    client, status = enter(member, PASSWORD)
    assert status == 200
    assert client.get("/admin/").status_code == 302


def test_a_bearer_token_opens_no_desk(boss):
    tokens = log_in(boss, STAFF_PASSWORD)
    answer = Client().get("/admin/", headers={"Authorization": f"Bearer {tokens.access_token}"})
    assert answer.status_code == 302


def test_five_wrong_passwords_lock_the_desk_and_the_api_alike(boss, clock):
    for _ in range(5):
        assert enter(boss, "not the password at all")[1] == 200
    assert enter(boss)[1] == 200
    clock.advance(minutes=31)
    assert enter(boss)[1] == 302


def test_all_refusals_at_the_door_look_the_same(boss):
    member, locked, suspended = sign_up().user, staff(), staff()
    for _ in range(5):
        enter(locked, "not the password at all")
    actions.suspend_user(user_id=suspended.id)
    tries = [
        ("nobody@example.com", STAFF_PASSWORD),
        (boss.email, "not the password at all"),
        (member.email, PASSWORD),
        (locked.email, STAFF_PASSWORD),
        (suspended.email, STAFF_PASSWORD),
    ]
    pages = []
    for email, password in tries:
        page = Client().post("/admin/login/", {"username": email, "password": password}).content.decode()
        pages.append(re.sub(r'csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"', "", page).replace(email, ""))
    assert all(page == pages[0] for page in pages)


def test_guessing_at_the_door_is_limited_per_address(boss, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"auth": "2/h"}
    enter(boss, "not the password at all")
    enter(boss, "not the password at all")
    assert enter(boss)[1] == 200  # right, but too late
    assert LoginGuard.objects.get().failures == 2


def test_a_suspended_member_of_staff_is_out_at_once(boss, desk):
    actions.suspend_user(user_id=boss.id)
    assert desk.get("/admin/").status_code == 302


# --- looking -----------------------------------------------------------------------------------------------------


def test_every_page_of_the_desk_opens(desk, boss):
    user = sign_up().user
    role_requests.ask(user_id=colleague("support").id, role="moderator", by_id=boss.id, reason="Joins the team")
    with pytest.raises(Exception, match="belong together"):
        log_in(user, "not the password at all")
    actions.suspend_user(user_id=user.id)
    (config,) = [config for config in local_domains() if config.domain == "identity"]
    seen = 0
    for model in config.get_models():
        if model not in admin.site._registry:
            continue
        name = f"admin:identity_{model._meta.model_name}"
        assert desk.get(reverse(f"{name}_changelist")).status_code == 200, model
        for row in model._default_manager.all()[:2]:
            assert desk.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model
            seen += 1
    assert seen >= 8


def test_no_page_shows_a_hash(desk):
    tokens = sign_up()
    session = AuthSession.objects.get(id=tokens.session_id)
    pages = [
        desk.get(reverse("admin:identity_user_change", args=[tokens.user.id])),
        desk.get(reverse("admin:identity_authsession_change", args=[session.id])),
    ]
    for page in pages:
        text = page.content.decode()
        assert "argon2" not in text
        assert bytes(session.current_hash).hex() not in text
        assert str(bytes(session.current_hash)) not in text


@pytest.mark.parametrize("sought", ["kofi@example.com", "Kofi", "+233241234567"])
def test_people_are_found_by_name_address_and_phone(desk, sought):
    user = sign_up(email="kofi@example.com", phone="0241234567", display_name="Kofi Boateng").user
    other = sign_up().user
    page = desk.get(reverse("admin:identity_user_changelist"), {"q": sought}).content.decode()
    assert str(user.id) in page
    assert str(other.id) not in page


def test_a_list_costs_the_same_however_long(desk, django_assert_max_num_queries):
    from django.db import connections

    for model in (User, AuthSession, Profile):
        address = reverse(f"admin:identity_{model._meta.model_name}_changelist")
        for _ in range(4):
            sign_up()
        with django_assert_max_num_queries(12, connection=connections["identity"]):
            desk.get(address)


@pytest.mark.parametrize("model", [User, AuthSession, Profile, LoginGuard])
def test_nothing_is_edited_behind_the_rules(desk, model):
    sign_up()
    name = f"admin:identity_{model._meta.model_name}"
    assert desk.get(reverse(f"{name}_add")).status_code == 403
    row = model._default_manager.first() or LoginGuard.objects.create(key="login:" + "0" * 64)
    assert desk.post(reverse(f"{name}_change", args=[row.pk]), {"status": "suspended"}).status_code == 403
    assert desk.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


# --- doing -------------------------------------------------------------------------------------------------------


def test_suspending_and_reactivating(desk, published):
    tokens = sign_up()
    assert "Suspended." in run_action(desk, User, "suspend", tokens.user)
    assert User.objects.get(id=tokens.user.id).status == "suspended"
    assert [event.reason for event in published.of(SessionRevoked)] == ["staff"]
    again = run_action(desk, User, "suspend", tokens.user)
    assert "can&#x27;t suspend" in again
    run_action(desk, User, "reactivate", tokens.user)
    assert log_in(tokens.user)
    history = desk.get(reverse("admin:identity_user_history", args=[tokens.user.id])).content.decode()
    assert "Suspended." in history


def test_nobody_suspends_themselves(desk, boss):
    assert "somebody else" in run_action(desk, User, "suspend", boss)
    boss.refresh_from_db()
    assert boss.status == "active"


def test_sessions_are_ended_one_by_one(desk, published):
    first = sign_up()
    other = log_in(first.user)
    session = AuthSession.objects.get(id=first.session_id)
    for expected in ("1 sessions ended", "0 sessions ended"):
        assert expected in run_action(desk, AuthSession, "revoke", session)
    assert [event.session_id for event in published.of(SessionRevoked)] == [first.session_id]
    assert actions.refresh(refresh_token=other.refresh_token)


def test_a_leaked_key_is_revoked_at_the_desk_and_its_hash_is_not_shown(desk):
    made = api_keys.make_key(user_id=sign_up().user.id, name="Night import", scopes=["profiles:read"])
    page = desk.get(reverse("admin:identity_apikey_change", args=[made.key.id])).content.decode()
    assert made.key.prefix in page
    assert "secret_hash" not in page
    assert "revoked" in run_action(desk, ApiKey, "revoke", made.key)
    assert "had ended already" in run_action(desk, ApiKey, "revoke", made.key)
    assert ApiKey.objects.get().revoked_at is not None


def test_who_may_only_look_does_nothing(boss):
    target = sign_up()
    desk = inside(colleague("support"))
    assert desk.get(reverse("admin:identity_user_changelist")).status_code == 200
    run_action(desk, User, "suspend", target.user)
    assert User.objects.get(id=target.user.id).status == "active"
    moderator = inside(colleague("moderator"))
    assert "somebody else" in run_action(moderator, User, "suspend", boss)
    run_action(moderator, User, "suspend", target.user)
    assert User.objects.get(id=target.user.id).status == "suspended"


def test_tables_of_djangos_give_no_right():
    kofi = colleague("support")
    kofi.user_permissions.set(Permission.objects.all())
    assert not User.objects.get(id=kofi.id).has_perm("identity.suspend_user")
    desk = inside(kofi)
    assert desk.get(reverse("admin:identity_rolegrant_changelist")).status_code == 403


def test_a_role_that_is_withdrawn_closes_its_pages_at_once(boss):
    kofi = colleague("support")
    desk = inside(kofi)
    page = reverse("admin:identity_user_changelist")
    assert desk.get(page).status_code == 200
    withdraw_role(grant_id=kofi.grants.get().id, by_id=boss.id, reason="Left the team")
    assert desk.get(page).status_code == 403


@pytest.mark.parametrize("role", ["support", "moderator", "finance", "compliance", "admin"])
def test_each_role_of_staff_sees_its_pages(role):
    desk = inside(colleague(role))
    people, sessions, grants = (
        desk.get(reverse(f"admin:identity_{name}_changelist")).status_code == 200
        for name in ("user", "authsession", "rolegrant")
    )
    assert people == (role != "finance")
    assert sessions == (role in ("support", "compliance", "admin"))
    assert grants == (role in ("compliance", "admin"))
    assert (desk.get(reverse("admin:identity_rolerequest_add")).status_code == 200) == grants
    text = desk.get("/admin/").content.decode()
    assert ("/admin/identity/user/" in text) == people


def ask_for(desk: Client, user: User, **changes: str):
    form = {"user": str(user.id), "role": "support", "reason": "Joins the team", "expires_at_0": "", "expires_at_1": ""}
    return desk.post(reverse("admin:identity_rolerequest_add"), form | changes)


def test_a_role_takes_two_at_the_desk(desk, boss):
    kofi, other = colleague(), staff()
    assert ask_for(desk, kofi).status_code == 302
    asked = RoleRequest.objects.get(user=kofi)
    assert (asked.role, asked.asked_by, asked.state) == ("support", boss, "open")
    assert "Somebody else of staff" in run_action(desk, RoleRequest, "approve", asked)
    assert not kofi.grants.exists()
    second = inside(other)
    assert "done" in run_action(second, RoleRequest, "approve", asked)
    assert kofi.grants.get().approved_by == other


def test_a_role_is_withdrawn_at_the_desk_with_a_reason(desk):
    grant = colleague("support").grants.get()
    assert "Say why" in run_action(desk, RoleGrant, "withdraw", grant)
    assert "done" in run_action(desk, RoleGrant, "withdraw", grant, reason="Left the team")
    grant.refresh_from_db()
    assert grant.end_reason == "Left the team"


@pytest.mark.parametrize("change", [{"role": "staff"}, {"role": "company_owner"}, {"reason": ""}])
def test_a_wrong_request_is_refused_with_a_word(desk, change):
    assert ask_for(desk, colleague(), **change).status_code == 200
    assert not RoleRequest.objects.filter(state="open").exists()


def test_nobody_asks_for_themselves_at_the_desk(desk, boss):
    answer = ask_for(desk, boss)
    assert "for themselves" in answer.content.decode()
    assert not RoleRequest.objects.exists()


# --- passwords of staff ------------------------------------------------------------------------------------------


def change_password(desk: Client, new: str) -> int:
    form = {"old_password": STAFF_PASSWORD, "new_password1": new, "new_password2": new}
    return desk.post("/admin/password_change/", form).status_code


def test_a_new_password_of_staff_ends_their_sessions(boss, published):
    log_in(boss, STAFF_PASSWORD)
    desk = inside(boss)
    assert change_password(desk, "écoute la pluie sur Kumasi") == 302
    assert [event.reason for event in published.of(SessionRevoked)] == ["password_changed"]
    assert enter(boss)[1] == 200
    assert enter(boss, "écoute la pluie sur Kumasi")[1] == 302


@pytest.mark.parametrize("weak", ["P@ssw0rd12345678", "boss@example.com", "xK9vTq2LwPz8"])
def test_a_new_password_of_staff_must_be_good(desk, boss, weak):
    assert change_password(desk, weak) == 200
    assert enter(boss)[1] == 302
    assert "15" in StaffPassword().get_help_text()
