"""Where one is logged in, over REST."""

import pytest
from django.db import connections

from domains.identity import actions
from domains.identity.models import AuthSession
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged, SessionRevoked
from tests.identity.factories import PASSWORD, log_in, sign_up

pytestmark = pytest.mark.domain("identity", transaction=True)

PIXEL = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


def log_in_from(user, *, agent: str = "", name: str = "", ip: str = "192.0.2.8") -> actions.IssuedTokens:
    device = actions.Device(name=name, ip=ip, user_agent=agent)
    return actions.log_in(login=user.email, password=PASSWORD, device=device)


def test_the_list_says_device_address_last_use_and_which_is_this(api, clock):
    first = sign_up()
    clock.advance(hours=1)
    second = log_in_from(first.user, agent=PIXEL)
    clock.advance(minutes=5)
    renewed = actions.refresh(refresh_token=second.refresh_token, ip="192.0.2.99")
    answer = api.with_token(renewed.access_token).get("/me/sessions")
    assert answer.status == 200
    newest, oldest = answer.json["items"]
    assert newest["id"] == str(second.session_id)
    assert newest["device"] == newest["kind"] == "Chrome Mobile on Android"
    assert (newest["address"], newest["is_this"]) == ("192.0.2.99", True)
    assert newest["last_used_at"] > newest["created_at"] > oldest["last_used_at"]
    assert (oldest["device"], oldest["address"], oldest["is_this"]) == ("Pixel 7", "192.0.2.1", False)


def test_a_device_that_says_nothing_is_unknown(api):
    tokens = log_in_from(sign_up().user)
    session = api.with_token(tokens.access_token).get("/me/sessions").json["items"][0]
    assert (session["device"], session["kind"]) == ("an unknown device", "")


def test_ended_expired_and_foreign_sessions_are_not_listed(api, clock):
    stranger, mine = sign_up(), sign_up()
    idle = log_in(mine.user)
    clock.advance(days=31)
    ended, here = log_in(mine.user), log_in(mine.user)
    actions.log_out(session_id=ended.session_id)
    listed = api.with_token(here.access_token).get("/me/sessions").json["items"]
    assert [session["id"] for session in listed] == [str(here.session_id)]
    assert {str(stranger.session_id), str(idle.session_id)}.isdisjoint(session["id"] for session in listed)


@pytest.mark.in_process
def test_a_list_of_any_length_is_one_statement(api, django_assert_num_queries):
    user = sign_up().user
    for length in (2, 8):
        tokens = [log_in(user) for _ in range(length - AuthSession.objects.count())][-1]
        with django_assert_num_queries(1, connection=connections["identity"]):
            answer = api.with_token(tokens.access_token).get("/me/sessions")
        assert len(answer.json["items"]) == length


def test_one_device_is_logged_out_and_no_other(api, published):
    here = sign_up()
    there = log_in(here.user)
    mine = api.with_token(here.access_token)
    assert mine.delete(f"/me/sessions/{there.session_id}").status == 204
    assert api.with_token(there.access_token).get("/me").code == "token_invalid"
    assert api.anonymous.post("/auth/refresh", {"refresh_token": there.refresh_token}).code == "token_invalid"
    assert mine.get("/me").status == 200
    assert [event.reason for event in published.of(SessionRevoked)] == ["ended_by_owner"]
    assert mine.delete(f"/me/sessions/{there.session_id}").status == 404


def test_sessions_of_others_are_404_and_live_on(api):
    mine, theirs = sign_up(), sign_up()
    refused = api.with_token(mine.access_token).delete(f"/me/sessions/{theirs.session_id}")
    assert (refused.status, refused.code) == (404, "not_found")
    unknown = api.with_token(mine.access_token).delete(f"/me/sessions/{new_id()}")
    assert {**unknown.json, "request_id": ""} == {**refused.json, "request_id": ""}
    assert api.with_token(theirs.access_token).get("/me").status == 200


def test_everything_else_is_logged_out(api):
    here, stranger = sign_up(), sign_up()
    others = [log_in(here.user) for _ in range(3)]
    assert api.with_token(here.access_token).delete("/me/sessions").status == 204
    for tokens in others:
        assert api.with_token(tokens.access_token).get("/me").code == "token_invalid"
    assert api.with_token(here.access_token).get("/me").status == 200
    assert api.with_token(stranger.access_token).get("/me").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/me/sessions"),
        ("delete", "/me/sessions"),
        ("delete", "/me/sessions/01930d2a-0f00-7e66-8e66-7a0b9d4f2c05"),
    ],
)
def test_nobody_has_no_sessions(api, method, path):
    assert getattr(api.anonymous, method)(path).code == "unauthenticated"


# --- twenty at most ----------------------------------------------------------------------------------------------


def test_of_twenty_one_sessions_the_oldest_ends(api, published, clock):
    first = sign_up()
    for _ in range(19):
        clock.advance(seconds=1)
        last = log_in(first.user)
    assert api.with_token(first.access_token).get("/me").status == 200
    log_in(first.user)
    assert api.with_token(first.access_token).get("/me").code == "token_invalid"
    assert len(api.with_token(last.access_token).get("/me/sessions").json["items"]) == 20
    assert [(event.session_id, event.reason) for event in published.of(SessionRevoked)] == [
        (first.session_id, "too_many")
    ]


@pytest.mark.in_process
def test_many_logins_at_once_leave_twenty_sessions(race):
    user = sign_up().user
    for _ in range(18):
        log_in(user)
    race(lambda: log_in(user), 6)
    assert AuthSession.objects.filter(user=user, revoked_at__isnull=True).count() == 20


# --- new devices -------------------------------------------------------------------------------------------------


def told(published) -> list[tuple[str, str]]:
    return [(event.device, event.detail) for event in published.of(AccountChanged) if event.what == "new_device"]


@pytest.mark.in_process
def test_the_first_login_and_known_devices_are_not_told_of(published, clock):
    user = sign_up().user
    log_in_from(user, name="Pixel 7")
    log_in_from(user, agent=FIREFOX)
    assert told(published) == [("Firefox on Linux", "from the address 192.0.2.8")]
    clock.advance(days=2)
    log_in_from(user, agent=FIREFOX.replace("127", "128"))  # a new version is no new device
    log_in_from(user, name="Pixel 7", ip="198.51.100.1")
    assert len(told(published)) == 1


@pytest.mark.in_process
def test_a_login_to_an_account_whose_sessions_were_long_forgotten_is_told_of(published, clock):
    user = sign_up().user
    clock.advance(days=130)
    actions.forget_old_rows()
    assert not AuthSession.objects.exists()
    log_in_from(user, name="Pixel 7")
    assert told(published) == [("Pixel 7", "from the address 192.0.2.8")]


@pytest.mark.in_process
def test_a_wrong_password_is_no_new_device(published):
    user = sign_up().user
    with pytest.raises(Exception, match="belong together"):
        actions.log_in(login=user.email, password="not the password", device=actions.Device(name="Laptop"))
    assert told(published) == []
