"""The browser of somebody who logs in through a provider."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from kelmah.testing.client import Answer, ApiClient

APP = "http://localhost:3000/auth/social"


@dataclass(frozen=True)
class Way:
    """A login that is under way, as an app knows it."""

    url: str
    secret: str

    @property
    def asked(self) -> dict[str, str]:
        return query_of(self.url)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


def start(api: ApiClient, provider: str = "google", **body: Any) -> Way:
    answer = api.anonymous.post(f"/auth/social/{provider}/start", body)
    assert answer.status == 201, answer
    return Way(url=answer.json["authorization_url"], secret=answer.json["flow_secret"])


def at_provider(way: Way, *, form: dict[str, str] | None = None) -> dict[str, str]:
    """What the provider's redirect carries after the person has logged in there."""
    answer = httpx.request("POST" if form else "GET", way.url, data=form)
    assert answer.status_code == 302, answer.text
    return query_of(answer.headers["Location"])


def come_back(api: ApiClient, provider: str = "google", **said: str) -> dict[str, str]:
    """What the app's address is opened with."""
    answer = api.anonymous.get(f"/auth/social/{provider}/callback", **said)
    assert answer.status == 302, answer
    assert answer.headers["Location"].startswith(f"{APP}?")
    return query_of(answer.headers["Location"])


def exchange(api: ApiClient, code: str, secret: str) -> Answer:
    return api.anonymous.post("/auth/social/exchange", {"code": code, "flow_secret": secret, "device_name": "Pixel 7"})
