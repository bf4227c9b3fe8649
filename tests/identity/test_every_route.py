"""What holds for each route of identity, read from the schema: a new one is asked the same questions by itself."""

import re
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest
from drf_spectacular.generators import SchemaGenerator

from domains.identity.actions import restrictions, role_requests
from domains.identity.actions.api_keys import make_key
from domains.identity.actions.exports import request_export
from domains.identity.actions.social_logins import link
from domains.identity.api.urls import urlpatterns
from domains.identity.models import SocialLogin, User
from kelmah import clock
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files
from kelmah.testing.client import PREFIX, Answer, ApiClient
from tests.identity.companies import founded, invited
from tests.identity.factories import hold, proven_flow, sign_up, staff, with_app
from tests.identity.paper_factories import FakeFiles, sent

pytestmark = [pytest.mark.domain("identity"), pytest.mark.in_process]

PRIVILEGES = {
    "role": "staff",
    "roles": ["staff"],
    "is_staff": True,
    "is_superuser": True,
    "is_active": True,
    "status": "active",
    "standing": 0,
    "password": "!",
    "email_verified": True,
    "user_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "owner_id": "01930d2a-0a00-7b22-8c22-4d8b6b2e0f02",
    "stars": 500,
    "balance": 1_000_000,
}


class Route(NamedTuple):
    method: str
    path: str
    body: dict[str, Any] | None  # the example of the schema
    fields: frozenset[str]
    is_public: bool


@cache
def routes() -> list[Route]:
    document = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    own = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"{PREFIX}/{each.pattern}") for each in urlpatterns}
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items() if path in own else ():
            json = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            reference = json.get("schema", {}).get("$ref", "").rpartition("/")[2]
            fields = document["components"]["schemas"][reference].get("properties", {}) if reference else {}
            example = next(iter(json.get("examples", {}).values()), {}).get("value")
            is_public = {} in operation.get("security", [{}])
            found.append(Route(method, path, example, frozenset(fields), is_public))
    return found


def named(route: Route) -> str:
    return f"{route.method} {route.path.removeprefix(PREFIX)}"


def send(client: ApiClient, route: Route, ids: dict[str, Any], body: dict[str, Any] | None = None) -> Answer:
    path = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), route.path.removeprefix(PREFIX))
    if route.method == "get":
        return client.get(path)
    return getattr(client, route.method)(path, body or route.body, if_match=1, idempotency_key=new_id())


def said(answer: Answer) -> tuple[int, Any]:
    return answer.status, {**(answer.json or {}), "request_id": "", "instance": ""}


def test_there_are_routes():
    assert len(routes()) > 40


@pytest.mark.parametrize("route", [each for each in routes() if not each.is_public], ids=named)
def test_nobody_is_asked_to_log_in(api, route):
    ids = dict.fromkeys(re.findall(r"\{(\w+)\}", route.path), new_id())
    answer = send(api.anonymous, route, ids)
    assert (answer.status, answer.code) == (401, "unauthenticated")


def somebodys() -> dict[str, Any]:
    """An id of each kind that a route names, all of one person."""
    owner, boss = sign_up(role="hirer"), staff()
    company_id = founded(owner)
    link(user_id=owner.user.id, flow_secret=proven_flow())
    clerk = staff(has_all_rights=False)
    cabinet = FakeFiles()
    with files.replaced_by(cabinet):
        document = sent(cabinet, owner.user)
    restriction = restrictions.impose(
        user_id=owner.user.id, kind="posting", code="spam", evidence="Three jobs have one text.",
        until=clock.now() + timedelta(days=10), by_id=None, source="duplicates",
    )  # fmt: skip
    return {
        "company_id": company_id,
        "invitation_id": invited(company_id, by=owner, email="esi@example.com").id,
        "user_id": owner.user.id,
        "session_id": owner.session_id,
        "factor_id": with_app(owner.user).factor_id,
        "login_id": SocialLogin.objects.get().id,
        "document_id": document.id,
        "grant_id": hold(owner.user, by=boss).id,
        "request_id": role_requests.ask(user_id=clerk.id, role="support", by_id=boss.id, reason="Joins the team").id,
        "key_id": make_key(user_id=owner.user.id, name="Books", scopes=["contracts:read"], mode="live").key.id,
        "export_id": request_export(user_id=owner.user.id).id,
        "restriction_id": restriction.id,
    }


def test_of_every_kind_of_id_there_is_one_of_somebody():
    assert set(somebodys()) == {name for each in routes() for name in re.findall(r"\{(\w+_id)\}", each.path)}


@pytest.mark.parametrize("role", ["worker", "hirer"])
@pytest.mark.parametrize(
    "route", [each for each in routes() if "_id}" in each.path and "/profiles/" not in each.path], ids=named
)
def test_what_is_somebody_elses_is_as_good_as_not_there(api, route, role):
    """The same answer, to the letter, as for an id that nobody ever had; and nothing happened."""
    stranger = sign_up(role=role)
    theirs = somebodys()
    client = api.with_token(stranger.access_token)
    refused = send(client, route, theirs)
    nothing = send(client, route, {name: new_id() for name in re.findall(r"\{(\w+)\}", route.path)})
    assert refused.status in (403, 404), refused
    assert said(refused) == said(nothing)


@pytest.mark.parametrize("route", [each for each in routes() if each.fields and "{" not in each.path], ids=named)
def test_no_field_of_a_body_gives_rights(api, route):
    """Fields that a body does not have are refused by name, whoever sends them."""
    worker, hirer = sign_up(), sign_up(role="hirer")
    extra = {name: value for name, value in PRIVILEGES.items() if name not in route.fields}
    for tokens in (worker, hirer):
        client = api.anonymous if route.is_public else api.with_token(tokens.access_token)
        answer = send(client, route, {}, (route.body or {}) | extra)
        if answer.status == 403 and answer.code == "wrong_role":
            continue
        assert answer.status == 400, answer
        unknown = {error["pointer"] for error in answer.json["errors"] if error["code"] == "unknown_field"}
        assert unknown == {f"/{name}" for name in extra}
    assert not User.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize("route", [each for each in routes() if each.fields and "{" not in each.path], ids=named)
@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["null", "half a surrogate"])
def test_texts_that_no_table_can_hold_are_no_fault_of_ours(api, route, text):
    worker, hirer = sign_up(), sign_up(role="hirer")
    body = {name: text if isinstance(value, str) else value for name, value in (route.body or {}).items()}
    for tokens in (worker, hirer):
        client = api.anonymous if route.is_public else api.with_token(tokens.access_token)
        assert send(client, route, {}, body).status < 500
