"""Wrong settings of letters stop the process with their names."""

import pytest

from config import env


@pytest.mark.parametrize(
    "value",
    [
        "app.example.com",
        "ftp://app.example.com",
        "https://",
        "https://app.example.com/",
        "https://a@app.example.com",
        "https://app.example.com?x",
        "https://app.example.com#x",
        "https://app example.com",
        "https://[::1",
        "javascript:1",
        "https://app.example.com\r\nX: y",
        "",
    ],
)
def test_what_is_not_a_site_is_refused(monkeypatch, value):
    monkeypatch.setenv("FRONTEND_URL", value)
    with pytest.raises(SystemExit) as refused:
        env.site("FRONTEND_URL", example="https://app.example.com")
    assert "FRONTEND_URL" in str(refused.value)
    assert "https://app.example.com" in str(refused.value)


def test_a_site_may_be_local_where_https_is_not_wanted(monkeypatch):
    monkeypatch.setenv("FRONTEND_URL", "http://127.0.0.1:3000")
    assert env.site("FRONTEND_URL", example="https://app.example.com") == "http://127.0.0.1:3000"
    with pytest.raises(SystemExit):
        env.site("FRONTEND_URL", example="https://app.example.com", https=True)


def test_a_provider_nobody_knows_is_refused(monkeypatch):
    monkeypatch.setenv("SMS_PROVIDER", "pigeon")
    with pytest.raises(SystemExit, match="SMS_PROVIDER"):
        env.one_of("SMS_PROVIDER", ("mailbox", "twilio"), default="mailbox")
