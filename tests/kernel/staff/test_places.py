"""An address to come back to after logging in never leads to another host or another desk."""

import pytest

from kelmah.staff.places import is_inside, other_desks, public_url

ROOT = "/admin/payments/"


@pytest.mark.parametrize(
    "address",
    [
        ROOT,
        f"{ROOT}escrow/",
        f"{ROOT}escrow/?state__exact=funded&q=a%20b&p=2",
        f"{ROOT}escrow/01930d2a-0f00-7e66-8e66-7a0b9d4f2c05/change/?_changelist_filters=state%3Dfunded",
        f"{ROOT}escrow/?next=https://evil.example/",  # of no meaning to us
    ],
)
def test_pages_of_the_desk_are_inside(address: str) -> None:
    assert is_inside(address, "payments")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/",
        "//evil.example/admin/payments/",
        "///evil.example/admin/payments/",
        "https://evil.example/admin/payments/",
        "javascript:alert(1)//admin/payments/",
        "/admin/payments",
        "/admin/paymentsx/",
        "/admin/identity/user/",
        "/admin/logout/",
        f"{ROOT}../logout/",
        f"{ROOT}..",
        f"{ROOT}./../../evil",
        f"{ROOT}%2e%2e/logout/",
        f"{ROOT}.%2E/logout/",
        f"{ROOT}..%2flogout/",
        f"{ROOT}..%5clogout/",
        f"{ROOT}..\\logout/",
        f"{ROOT}\\\\evil.example",
        f"{ROOT}/evil.example",
        f"{ROOT}\r\nSet-Cookie: x=1",
        f"{ROOT}\tescrow/",
        f"{ROOT}escrow/\x00",
        f" {ROOT}",
        f"{ROOT}#//evil.example",
        f"{ROOT}éscrow/",
    ],
)
def test_anything_else_is_not(address: str) -> None:
    assert not is_inside(address, "payments")


def test_desks_are_at_the_gateway_unless_said_otherwise(settings) -> None:
    settings.JWT_ISSUER, settings.DESK_URLS = "https://kelmah.example", {"files": "https://files.kelmah.example/"}
    assert public_url("payments") == "https://kelmah.example"
    assert public_url("files") == "https://files.kelmah.example"


def test_a_desk_shows_the_way_to_those_of_other_processes(settings, rf) -> None:
    settings.DOMAINS, settings.JWT_ISSUER = frozenset({"identity", "payments", "files"}), "https://kelmah.example"
    settings.LOCAL_DOMAINS, settings.DESK_URLS = ("files",), {}
    found = {desk["title"]: desk["link"] for desk in other_desks(rf.get("/"))}
    assert found == {
        "Identity": "https://kelmah.example/admin/",
        "Payments": "https://kelmah.example/admin/payments/",
    }
    settings.LOCAL_DOMAINS = ("identity", "payments", "files")
    assert other_desks(rf.get("/")) == []
