"""Another e-mail address or number: proved by the new one, undone by the old one."""

import pytest

from domains.identity import actions
from domains.identity.models import AddressChange, Challenge, Factor, User
from kelmah.interfaces.identity.events import AccountChanged, AddressesChanged
from tests.identity.factories import PASSWORD, sign_up
from tests.identity.test_api_registration import pointers, told

pytestmark = pytest.mark.domain("identity")

NEW = "nine red fishing boats"


def me_of(api, tokens):
    return api.with_token(tokens.access_token)


def move(client, letters, **address):
    """To the new address and back with the secret."""
    ((column, wanted),) = address.items()
    begun = client.post(f"/me/{column}", address)
    assert begun.status == 202, begun
    body = {"change_id": begun.json["change_id"], "secret": letters.secret(wanted)}
    return client.post(f"/me/{column}/confirm", body)


def undo(api, letters, address):
    (letter,) = [text for text in letters.to(address) if "undo_id" in text][-1:]
    undo_id = letter.split("undo_id=")[1].split("&")[0]
    body = {"undo_id": undo_id, "secret": letter.split("secret=")[1].split()[0]}
    return api.anonymous.post("/auth/undo", body)


def can_log_in(api, login, password=PASSWORD) -> bool:
    return api.anonymous.post("/auth/login", {"login": login, "password": password}).status == 200


def test_an_address_is_changed_by_its_proof(api, letters, published):
    tokens = sign_up(email="old@example.com")
    me = me_of(api, tokens)
    begun = me.post("/me/email", {"email": "New@Example.com"})
    assert (begun.status, begun.json["sent_to"], begun.json["expires_in"]) == (202, "email", 86_400)
    assert me.get("/me").json["email"] == "old@example.com"
    body = {"change_id": begun.json["change_id"], "secret": letters.secret("new@example.com")}
    answer = me.post("/me/email/confirm", body)
    assert (answer.status, answer.json["email"]) == (200, "new@example.com")
    assert can_log_in(api, "new@example.com")
    assert not can_log_in(api, "old@example.com")
    (event,) = published.of(AddressesChanged)
    assert (event.email, event.phone) == ("new@example.com", "")
    assert "email_changed" in [event.what for event in published.of(AccountChanged)]
    assert "undo_id" in letters.to("old@example.com")[-1]
    assert me.post("/me/email/confirm", body).code == "secret_refused"


def test_a_number_is_added_by_its_code(api, letters):
    me = me_of(api, sign_up(email="ama@example.com"))
    answer = move(me, letters, phone="+233241234567")
    assert answer.json["phone"] == "+233241234567"
    assert can_log_in(api, "0241234567")
    assert "undo_id" in letters.to("ama@example.com")[-1]  # there was no old number to tell


def test_the_old_address_puts_everything_back(api, letters):
    """Somebody with a stolen session changes the address, and even the number."""
    tokens = sign_up(email="old@example.com", phone="+233241234567")
    thief = me_of(api, tokens)
    move(thief, letters, email="thief@example.com")
    move(thief, letters, phone="+233209876543")
    assert undo(api, letters, "old@example.com").status == 204
    user = User.objects.get()
    assert (user.email, user.phone) == ("old@example.com", "+233241234567")
    assert not can_log_in(api, "old@example.com")  # the thief may know the password
    assert api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).code == "token_invalid"
    letter = letters.to("old@example.com")[-1]
    reset_id = letter.split("reset_id=")[1].split("&")[0]
    body = {"reset_id": reset_id, "secret": letters.secret("old@example.com"), "password": NEW}
    assert api.anonymous.post("/auth/password/reset", body).status == 204
    assert can_log_in(api, "old@example.com", NEW)
    assert not AddressChange.objects.exists()


def test_a_thief_cannot_undo_the_owners_undoing(api, letters):
    """Two changes by the thief: the letter of the second goes to the thief, the first one's to the owner."""
    thief = me_of(api, sign_up(email="owner@example.com"))
    move(thief, letters, email="thief1@example.com")
    move(thief, letters, email="thief2@example.com")
    assert undo(api, letters, "thief1@example.com").status == 204
    assert User.objects.get().email == "thief1@example.com"
    assert undo(api, letters, "owner@example.com").status == 204
    assert User.objects.get().email == "owner@example.com"
    assert undo(api, letters, "thief1@example.com").code == "secret_refused"


def test_second_factors_that_came_since_are_gone(api, letters, clock):
    tokens = sign_up(email="ama@example.com")
    clock.advance(minutes=1)
    thief = me_of(api, tokens)
    move(thief, letters, email="thief@example.com")
    enrolled = thief.post("/me/factors/totp", {"name": "Thief's phone"})
    assert enrolled.status in (200, 201), enrolled
    assert Factor.objects.exists()
    assert undo(api, letters, "ama@example.com").status == 204
    assert not Factor.objects.exists()


def test_an_added_number_is_taken_away_again(api, letters):
    thief = me_of(api, sign_up(email="ama@example.com"))
    move(thief, letters, phone="+233209876543")
    assert undo(api, letters, "ama@example.com").status == 204
    assert User.objects.get().phone is None


def test_undoing_is_possible_for_three_days(api, letters, clock):
    me = me_of(api, sign_up(email="old@example.com"))
    move(me, letters, email="new@example.com")
    letters.to("old@example.com")
    clock.advance(hours=72, seconds=1)
    assert undo(api, letters, "old@example.com").code == "secret_refused"


def test_an_old_address_that_has_an_account_by_now_is_not_taken_from_it(api, letters):
    me = me_of(api, sign_up(email="old@example.com"))
    move(me, letters, email="new@example.com")
    sign_up(email="old@example.com")
    assert undo(api, letters, "old@example.com").code == "login_taken"
    assert User.objects.filter(email="new@example.com").exists()


def test_somebody_elses_address_is_answered_like_a_free_one(api, letters):
    sign_up(email="theirs@example.com")
    me = me_of(api, sign_up(email="ama@example.com"))
    taken, free = (
        me.post("/me/email", {"email": "theirs@example.com"}),
        me.post("/me/email", {"email": "f@example.com"}),
    )
    assert told(taken)[0] == told(free)[0] == 202
    assert taken.json | {"change_id": ""} == free.json | {"change_id": ""}
    assert letters.secrets("theirs@example.com") == []


def test_whoever_has_the_wanted_address_hears_of_it(api, letters):
    sign_up(email="theirs@example.com")
    me_of(api, sign_up()).post("/me/email", {"email": "theirs@example.com"})
    (letter,) = letters.to("theirs@example.com")
    assert "stays with yours" in letter


def test_an_address_taken_between_the_letter_and_the_proof_is_refused(api, letters):
    me = me_of(api, sign_up(email="ama@example.com"))
    begun = me.post("/me/email", {"email": "new@example.com"})
    body = {"change_id": begun.json["change_id"], "secret": letters.secret("new@example.com")}
    sign_up(email="new@example.com")
    assert me.post("/me/email/confirm", body).code == "login_taken"


def test_the_proof_is_of_use_to_nobody_else(api, letters):
    me, other = me_of(api, sign_up()), me_of(api, sign_up())
    begun = me.post("/me/email", {"email": "new@example.com"})
    body = {"change_id": begun.json["change_id"], "secret": letters.secret("new@example.com")}
    assert [other.post("/me/email/confirm", body).code for _ in range(4)] == ["secret_refused"] * 4
    assert me.post("/me/email/confirm", body).status == 200  # their tries did not count


def test_another_wish_ends_the_first(api, letters):
    me = me_of(api, sign_up())
    first = me.post("/me/email", {"email": "a@example.com"})
    secret = letters.secret("a@example.com")
    me.post("/me/email", {"email": "b@example.com"})
    body = {"change_id": first.json["change_id"], "secret": secret}
    assert me.post("/me/email/confirm", body).code == "secret_refused"
    assert Challenge.objects.count() == 1


def test_a_letter_for_a_new_password_to_the_old_address_is_void(api, letters):
    me = me_of(api, sign_up(email="old@example.com"))
    begun = api.anonymous.post("/auth/password/forgotten", {"email": "old@example.com"})
    secret = letters.secret("old@example.com")
    move(me, letters, email="new@example.com")
    body = {"reset_id": begun.json["reset_id"], "secret": secret, "password": NEW}
    assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"


@pytest.mark.parametrize("path", ["/me/email", "/me/phone", "/me/email/confirm", "/me/phone/confirm"])
def test_an_old_proof_of_who_is_there_is_not_enough(api, clock, path):
    tokens = sign_up()
    clock.advance(minutes=11)
    fresh = actions.refresh(refresh_token=tokens.refresh_token)
    answer = me_of(api, fresh).post(path, {"email": "new@example.com"})
    assert (answer.status, answer.code) == (403, "step_up_required")


@pytest.mark.parametrize("path", ["/me/email", "/me/phone", "/me/email/confirm", "/me/phone/confirm"])
def test_nobody_has_no_address(api, path):
    assert api.anonymous.post(path, {}).code == "unauthenticated"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/me/email", {"email": "ama@example.com"}, {"/email": "same"}),
        ("/me/email", {"email": " AMA@example.com"}, {"/email": "same"}),
        ("/me/email", {"email": "аma@example.com"}, {"/email": "invalid"}),
        ("/me/email", {"email": "a@example.com\r\nBcc: b@example.com"}, {"/email": "invalid"}),
        ("/me/email", {"email": "a@example.com", "user_id": "x"}, {"/user_id": "unknown_field"}),
        ("/me/phone", {"phone": "12"}, {"/phone": "invalid"}),
        ("/me/phone", {"phone": "\u0000"}, {"/phone": "null_characters_not_allowed"}),
        ("/me/phone/confirm", {}, {"/change_id": "required", "/secret": "required"}),
    ],
)
def test_bad_addresses_are_refused(api, path, body, expected):
    assert pointers(me_of(api, sign_up(email="ama@example.com")).post(path, body)) == expected
