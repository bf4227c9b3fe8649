"""What of a provider's word is believed, and where people are sent; and how providers are configured."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import social as configured
from domains.identity.rules import social
from kelmah.embedded.folders import CLONE
from kelmah.errors import InvalidTransition

ALLOWED = ["https://app.example.com/auth", "com.example.app:/auth"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None)  # the first address loads tables
@given(st.dictionaries(st.sampled_from(["sub", "email", "email_verified", "name"]), json_values))
def test_whatever_is_claimed_becomes_somebody_clean_or_nobody(claims):
    try:
        somebody = social.identity_of(claims)
    except social.IdentityNotProven:
        return
    assert somebody.subject == claims["sub"]
    assert somebody.email == somebody.email.lower()
    assert not somebody.email_verified or (somebody.email and claims["email_verified"] is True)
    assert somebody.name.isprintable()


@given(st.text())
def test_only_allowed_addresses_are_gone_back_to(wanted):
    try:
        assert social.check_redirect(wanted, allowed=ALLOWED) in ALLOWED
    except social.RedirectNotAllowed:
        assert wanted not in ["", *ALLOWED]


def test_without_a_wish_it_is_the_first():
    assert social.check_redirect("", allowed=ALLOWED) == ALLOWED[0]


def test_what_is_said_on_the_way_back_is_escaped():
    assert social.way_back(ALLOWED[0], error="a&b=c") == "https://app.example.com/auth?error=a%26b%3Dc"


@pytest.mark.parametrize(("step", "state"), [("exchange", "started"), ("ask", "proven"), ("finish", "over")])
def test_a_flow_goes_forward_only(step, state):
    with pytest.raises(InvalidTransition):
        social.SOCIAL_FLOW.check(step, state)


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SOCIAL_GOOGLE_CLIENT_SECRET", "", "SOCIAL_GOOGLE_CLIENT_SECRET"),
        ("SOCIAL_GOOGLE_ISSUER", "http://accounts.example.com", "SOCIAL_GOOGLE_ISSUER"),
        ("SOCIAL_GOOGLE_ISSUER", "https://accounts.example.com/", "SOCIAL_GOOGLE_ISSUER"),
        ("SOCIAL_GOOGLE_ISSUER", "http://127.0.0.1:9400", "SOCIAL_GOOGLE_ISSUER"),
    ],
)
def test_a_provider_that_is_set_up_wrongly_stops_the_process(monkeypatch, variable, value, said):
    monkeypatch.setenv("SOCIAL_GOOGLE_CLIENT_ID", "kelmah")
    monkeypatch.setenv("SOCIAL_GOOGLE_CLIENT_SECRET", "secret")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match=said):
        configured.providers(loopback=False)


def test_without_a_client_id_a_provider_is_not_offered(monkeypatch):
    monkeypatch.setenv("SOCIAL_GOOGLE_CLIENT_ID", "kelmah")
    monkeypatch.setenv("SOCIAL_GOOGLE_CLIENT_SECRET", "secret")
    assert list(configured.providers(loopback=False)) == ["google"]


@pytest.mark.parametrize(
    "wrong",
    ["http://app.example.com/x", "javascript:alert(1)", "https://a@b.example.com/x", "myapp:/x", "/auth", "data:x"],
)
def test_addresses_that_a_browser_should_not_be_sent_to_stop_the_process(monkeypatch, wrong):
    monkeypatch.setenv("SOCIAL_REDIRECTS", wrong)
    with pytest.raises(SystemExit, match="SOCIAL_REDIRECTS"):
        configured.redirects(frontend_url="https://app.example.com", loopback=False)


def test_the_process_ends_before_it_serves(tmp_path):
    """As an operator meets it: settings are read, the name of the variable is said, nothing starts."""
    environment = os.environ | {"SOCIAL_GOOGLE_CLIENT_ID": "kelmah", "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment.pop("SOCIAL_GOOGLE_CLIENT_SECRET", None)
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=CLONE, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "SOCIAL_GOOGLE_CLIENT_SECRET is not set" in ended.stderr
