"""Logging in through a provider, with a real one in a process of its own."""

import pytest
from django.db import connections

from domains.identity import actions
from domains.identity.actions.social_logins import link
from domains.identity.actions.sweeping import forget_old_rows
from domains.identity.models import AuthSession, SocialFlow, SocialLogin, User
from domains.identity.rules import social
from kelmah.interfaces.identity.events import AccountChanged, UserRegistered
from tests.identity.factories import PASSWORD, log_in, proven_flow, sign_up, staff, with_app
from tests.identity.oidc.browser import APP, come_back, exchange, start

pytestmark = [pytest.mark.domain("identity"), pytest.mark.in_process]


def proven(api, google, sub, provider="google"):
    """The code and the secret of somebody who came back from the provider."""
    way = start(api, provider)
    return come_back(api, provider, **google.log_in(way, sub))["code"], way.secret


def registered(api, google, sub, **body):
    """Somebody who has signed up with an identity of theirs."""
    code, secret = proven(api, google, sub)
    assert exchange(api, code, secret).code == "registration_needed"
    answer = api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"} | body)
    assert answer.status == 201, answer
    return answer.json


def linked(api, google, tokens, sub, provider="google"):
    code, secret = proven(api, google, sub, provider)
    return api.with_token(tokens.access_token).post("/me/social-logins", {"code": code, "flow_secret": secret})


def test_providers_are_listed(api, google):
    listed = api.anonymous.get("/auth/social").json["items"]
    assert listed == [{"name": "google", "title": "Google"}, {"name": "linkedin", "title": "LinkedIn"}]


def test_the_browser_is_sent_with_state_nonce_and_a_challenge(api, google):
    asked = start(api).asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"].endswith("/api/v1/auth/social/google/callback")
    assert asked["scope"].split()[0] == "openid"
    secrets = {asked["state"], asked["nonce"], asked["code_challenge"]}
    assert len(secrets) == 3
    assert {len(each) for each in secrets} == {43}
    assert secrets.isdisjoint(start(api).asked.values())


def test_a_new_person_signs_up_and_is_logged_in(api, google, published):
    google.knows("1", email="Ama@Example.com", email_verified=True, name="Ama Mensah")
    code, secret = proven(api, google, "1")
    needed = exchange(api, code, secret)
    assert (needed.status, needed.code) == (409, "registration_needed")
    assert needed.json["data"] == {"email": "ama@example.com", "display_name": "Ama Mensah"}
    made = api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"}).json
    assert (made["user"]["email"], made["user"]["role"]) == ("ama@example.com", "hirer")
    assert api.with_token(made["access_token"]).get("/me").json["display_name"] == "Ama Mensah"
    (event,) = published.of(UserRegistered)
    assert (str(event.user_id), event.email) == (made["user"]["id"], "ama@example.com")
    assert AuthSession.objects.get().amr == ["fed"]


def test_whoever_is_known_is_logged_in(api, google):
    google.knows("2", email="kofi@example.com", email_verified=True, name="Kofi")
    user_id = registered(api, google, "2")["user"]["id"]
    answer = exchange(api, *proven(api, google, "2"))
    assert (answer.status, answer.json["user"]["id"]) == (200, user_id)
    assert api.with_token(answer.json["access_token"]).get("/me").status == 200
    assert User.objects.count() == 1


def test_the_same_person_at_two_providers_is_two_identities(api, google):
    google.knows("3", email="esi@example.com", email_verified=True, name="Esi")
    registered(api, google, "3")
    assert exchange(api, *proven(api, google, "3", "linkedin")).code == "link_needed"


def test_a_name_of_ones_own_is_taken_instead(api, google):
    google.knows("4", email="abena@example.com", email_verified=True, name="A. B.")
    assert registered(api, google, "4", display_name="Abena")["user"]["display_name"] == "Abena"


def test_without_any_name_one_is_asked_for(api, google):
    google.knows("5", email="yaw@example.com", email_verified=True)
    code, secret = proven(api, google, "5")
    exchange(api, code, secret)
    body = {"flow_secret": secret, "role": "worker"}
    refused = api.anonymous.post("/auth/social/register", body)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/display_name")
    assert api.anonymous.post("/auth/social/register", body | {"display_name": "Yaw"}).status == 201


def test_people_come_back_to_the_allowed_address_they_chose(api, google):
    way = start(api, redirect_to="com.example.app:/auth")
    google.knows("6", email="six@example.com")
    answer = api.anonymous.get("/auth/social/google/callback", **google.log_in(way, "6"))
    assert answer.headers["Location"].startswith("com.example.app:/auth?code=")


# --- an account that exists already ------------------------------------------------------------------------------


def test_an_account_with_the_address_is_linked_only_by_its_owner(api, google, published):
    owner = sign_up(email="adwoa@example.com")
    google.knows("10", email="adwoa@example.com", email_verified=True)
    code, secret = proven(api, google, "10")
    assert exchange(api, code, secret).code == "link_needed"
    tokens = log_in(owner.user)  # the password is the owner's proof
    made = api.with_token(tokens.access_token).post("/me/social-logins", {"flow_secret": secret})
    assert (made.status, made.json["provider"], made.json["email"]) == (201, "google", "adwoa@example.com")
    assert exchange(api, *proven(api, google, "10")).json["user"]["id"] == str(owner.user.id)
    assert ("login_linked", "Google") in [(event.what, event.detail) for event in published.of(AccountChanged)]


def test_linking_takes_one_step_for_who_is_logged_in(api, google):
    tokens = sign_up()
    google.knows("11", email="anything@example.com")
    assert linked(api, google, tokens, "11").status == 201
    listed = api.with_token(tokens.access_token).get("/me/social-logins").json["items"]
    assert [(each["provider"], each["email"]) for each in listed] == [("google", "anything@example.com")]


def test_an_identity_opens_one_account_only(api, google):
    google.knows("12", email="")
    assert linked(api, google, sign_up(), "12").status == 201
    assert linked(api, google, sign_up(), "12").code == "already_linked"


def test_one_identity_per_provider(api, google):
    tokens = sign_up()
    google.knows("13", email="")
    google.knows("14", email="")
    assert linked(api, google, tokens, "13").status == 201
    assert linked(api, google, tokens, "14").code == "already_linked"
    assert linked(api, google, tokens, "14", "linkedin").status == 201


def test_staff_are_not_linked():
    boss = staff(email="boss@example.com")
    with pytest.raises(social.StaffNotLinked):
        link(user_id=boss.id, flow_secret=proven_flow(email="boss@example.com"))
    assert not SocialLogin.objects.exists()


def test_what_was_unlinked_opens_nothing(api, google, published):
    tokens = sign_up()
    google.knows("16", email="sixteen@example.com")
    login_id = linked(api, google, tokens, "16").json["id"]
    mine = api.with_token(tokens.access_token)
    assert mine.delete(f"/me/social-logins/{login_id}").status == 204
    assert mine.get("/me/social-logins").json["items"] == []
    assert exchange(api, *proven(api, google, "16")).code == "mail_not_verified"
    assert published.of(AccountChanged)[-1].what == "login_unlinked"


def test_the_last_way_in_is_not_unlinked(api, google):
    google.knows("17", email="seventeen@example.com", email_verified=True, name="Seventeen")
    mine = api.with_token(registered(api, google, "17")["access_token"])
    (login,) = mine.get("/me/social-logins").json["items"]
    assert mine.delete(f"/me/social-logins/{login['id']}").code == "last_way_in"


def test_of_two_ways_in_one_is_unlinked(api, google):
    google.knows("18", email="eighteen@example.com", email_verified=True, name="Eighteen")
    google.knows("19", email="nineteen@example.com")
    made = registered(api, google, "18")
    mine = api.with_token(made["access_token"])
    code, secret = proven(api, google, "19", "linkedin")
    assert mine.post("/me/social-logins", {"code": code, "flow_secret": secret}).status == 201
    first, second = mine.get("/me/social-logins").json["items"]
    assert mine.delete(f"/me/social-logins/{first['id']}").status == 204
    assert mine.delete(f"/me/social-logins/{second['id']}").code == "last_way_in"


def test_linking_wants_a_fresh_proof(api, google, clock):
    tokens = sign_up()
    google.knows("20", email="")
    clock.advance(minutes=11)
    code, secret = proven(api, google, "20")
    renewed = api.with_token(actions.refresh(refresh_token=tokens.refresh_token).access_token)
    answer = renewed.post("/me/social-logins", {"code": code, "flow_secret": secret})
    assert (answer.status, answer.code) == (403, "step_up_required")
    assert not SocialLogin.objects.exists()


# --- who may not log in ------------------------------------------------------------------------------------------


def test_the_suspended_are_not_let_in(api, google):
    tokens = sign_up()
    google.knows("30", email="")
    linked(api, google, tokens, "30")
    actions.suspend_user(user_id=tokens.user.id)
    assert exchange(api, *proven(api, google, "30")).code == "login_failed"


def test_a_second_factor_is_asked_for_after_the_provider(api, google):
    tokens = sign_up()
    google.knows("32", email="")
    linked(api, google, tokens, "32")
    app = with_app(tokens.user)
    owed = exchange(api, *proven(api, google, "32"))
    assert (owed.status, owed.code) == (401, "second_factor_required")
    shown = {"login_token": owed.json["data"]["login_token"], "totp": app.code(ahead=1)}
    done = api.anonymous.post("/auth/login/second-factor", shown)
    assert (done.status, done.json["user"]["id"]) == (200, str(tokens.user.id))


def test_without_a_password_no_password_logs_in(api, google):
    google.knows("31", email="thirtyone@example.com", email_verified=True, name="Thirty One")
    registered(api, google, "31")
    for password in (PASSWORD, "", "!"):
        body = {"login": "thirtyone@example.com", "password": password}
        assert api.anonymous.post("/auth/login", body).status in (400, 401)


# --- what is kept ------------------------------------------------------------------------------------------------


def test_nothing_of_a_secret_is_in_the_rows(api, google):
    google.knows("40", email="forty@example.com", email_verified=True, name="Forty")
    way = start(api)
    code = come_back(api, **google.log_in(way, "40"))["code"]
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT f::text FROM identity_socialflow f")
        (row,) = cursor.fetchone()
    for secret in (way.secret, code, way.asked["state"], way.asked["nonce"], way.asked["code_challenge"]):
        assert secret not in row
        assert secret.encode().hex() not in row


def test_after_the_end_a_flow_knows_nobody(api, google):
    google.knows("41", email="fortyone@example.com", email_verified=True, name="Forty One")
    registered(api, google, "41")
    flow = SocialFlow.objects.get()
    assert (flow.state, flow.subject, flow.email, flow.name) == ("over", "", "", "")


def test_old_flows_are_swept_away(api, google, clock):
    start(api)
    clock.advance(minutes=11)
    forget_old_rows()
    assert not SocialFlow.objects.exists()


def test_the_default_address_is_the_apps(api, google):
    google.knows("42", email="")
    answer = api.anonymous.get("/auth/social/google/callback", **google.log_in(start(api), "42"))
    assert answer.headers["Location"].startswith(f"{APP}?code=")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
