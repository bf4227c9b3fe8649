"""Only our own pages may open sockets in a browser; apps, which name no page, always may."""

import pytest

from kelmah.live.origins import origin_is_welcome


@pytest.fixture(autouse=True)
def _hosts(settings):
    settings.ALLOWED_HOSTS = ["api.example.com", "[::1]"]
    settings.LIVE_ORIGINS = ["https://app.example.com"]


@pytest.mark.parametrize(
    "origin", ["https://app.example.com", "https://api.example.com", "http://api.example.com:8000", "http://[::1]:3000"]
)
def test_our_pages_are_welcome(origin):
    assert origin_is_welcome([(b"host", b"x"), (b"origin", origin.encode())])


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.net",
        "https://app.example.com.evil.net",
        "http://app.example.com",
        "https://app.example.com:444",
        "null",
        "",
        "file://",
        "https://[",
        "https://sub.api.example.com",
    ],
)
def test_other_pages_are_not(origin):
    assert not origin_is_welcome([(b"origin", origin.encode())])


def test_apps_name_no_page():
    assert origin_is_welcome([(b"user-agent", b"kelmah-android/1")])


def test_of_two_origins_both_must_be_ours():
    assert not origin_is_welcome([(b"origin", b"https://app.example.com"), (b"origin", b"https://evil.example.net")])
