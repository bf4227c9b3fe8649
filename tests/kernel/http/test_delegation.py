"""Programs and staff who speak for somebody: how far they come."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from kelmah import clock
from kelmah.http.denylist import announce_standing
from kelmah.http.views import View
from kelmah.ids import new_id
from kelmah.interfaces.identity.types import KEY_SCOPES
from kelmah.testing.client import ApiClient
from tests.kernel.http.probes.models import Note

Sign = Callable[..., str]


def key(*scopes: str, test: bool = False) -> dict[str, Any]:
    return {"api_key": {"scopes": list(scopes), "test": test}}


def acting(**more: Any) -> dict[str, Any]:
    return {"act": {"sub": str(new_id()), "standing": 0} | more}


# --- programs ----------------------------------------------------------------------------------------------------


def test_a_key_comes_in_with_the_scope_and_only_with_it(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(**key("files:write"))).get("/delegate").status == 200
    without = web.with_token(sign(**key("files:read", "messaging:write"))).get("/delegate")
    assert (without.status, without.code, without.json["data"]) == (403, "scope_missing", {"scope": "files:write"})


def test_a_view_that_says_nothing_of_keys_and_has_no_scope_refuses_them(web: ApiClient, sign: Sign) -> None:
    everything = web.with_token(sign(**key(*KEY_SCOPES)))
    for path in ("/whoami", "/open", "/hirers", "/vault"):
        assert everything.get(path).code == "key_not_allowed"
    assert everything.post("/money", {"text": "x"}, idempotency_key="k").code == "key_not_allowed"


def test_nobody_and_people_come_in_as_before(web: ApiClient, sign: Sign) -> None:
    assert web.get("/delegate").code == "unauthenticated"
    assert web.with_token(sign()).get("/delegate").status == 200


@pytest.mark.parametrize(
    "claim", [{}, {"scopes": "files:write"}, {"scopes": 5, "test": False}, {"scopes": ["files:write"]}, "x", []]
)
def test_a_token_with_half_a_key_is_never_that_of_a_person(web: ApiClient, sign: Sign, claim: Any) -> None:
    assert web.with_token(sign(api_key=claim)).get("/whoami").status in (401, 403)


def test_a_program_is_told_its_mode(web: ApiClient, sign: Sign) -> None:
    assert web.with_token(sign(**key("files:write"))).get("/delegate").headers["Kelmah-Key-Mode"] == "live"
    assert web.with_token(sign(**key("files:write", test=True))).get("/delegate").headers["Kelmah-Key-Mode"] == "test"


@pytest.mark.domain("probes")
def test_a_test_key_rehearses(web: ApiClient, sign: Sign) -> None:
    program = web.with_token(sign(**key("files:write", test=True)))
    answer = program.post("/delegate", {"text": "a"})
    assert (answer.status, answer.json["text"], answer.headers["Kelmah-Dry-Run"]) == (200, "a", "true")
    assert not Note.objects.exists()
    assert program.post("/delegate?dry_run=false", {"text": "a"}).headers["Kelmah-Dry-Run"] == "true"
    assert not Note.objects.exists()
    web.with_token(sign(**key("files:write"))).post("/delegate", {"text": "a"})
    assert Note.objects.count() == 1


def test_a_test_key_does_nothing_that_cannot_be_rehearsed(web: ApiClient, sign: Sign) -> None:
    refused = web.with_token(sign(**key("files:write", test=True))).delete("/delegate")
    assert (refused.status, refused.code) == (400, "dry_run_not_supported")


def test_a_program_that_runs_wild_leaves_its_owner_alone(web: ApiClient, sign: Sign, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"read": "2/m"}
    owner = str(new_id())
    program = web.with_token(sign(sub=owner, **key("files:write")))
    assert [program.get("/delegate").status for _ in range(3)] == [200, 200, 429]
    assert web.with_token(sign(sub=owner)).get("/delegate").status == 200


# --- staff -------------------------------------------------------------------------------------------------------


def test_staff_look_and_every_answer_says_so(web: ApiClient, sign: Sign) -> None:
    claims = acting()
    looking = web.with_token(sign(**claims))
    for answer in (looking.get("/whoami"), looking.get("/hirers"), looking.post("/vault")):
        assert answer.headers["Kelmah-Impersonated-By"] == claims["act"]["sub"]
        assert answer.headers["Kelmah-Impersonation-Until"].endswith("Z")
    assert looking.get("/whoami").status == 200
    assert "Kelmah-Impersonated-By" not in web.with_token(sign()).get("/whoami").headers


def test_staff_change_nothing_unless_the_view_lets_them(web: ApiClient, sign: Sign) -> None:
    looking = web.with_token(sign(**acting()))
    for path in ("/vault", "/gate", "/notes", "/login", "/money"):
        refused = looking.post(path, {"text": "x"}, idempotency_key="k")
        if path == "/login":  # looks at no token
            continue
        assert (refused.status, refused.code) == (403, "impersonation_refused"), path
    assert looking.delete("/delegate").status == 204
    assert looking.get("/private").code == "impersonation_refused"


@pytest.mark.parametrize("act", [{}, {"sub": "x"}, {"sub": None}, "staff", 5, [], True])
def test_a_token_with_half_an_actor_is_never_that_of_the_person(web: ApiClient, sign: Sign, act: Any) -> None:
    assert web.with_token(sign(act=act)).get("/whoami").code == "token_invalid"


def test_a_change_of_the_rights_of_staff_ends_what_they_do_as_others(web: ApiClient, sign: Sign) -> None:
    staff, person = new_id(), new_id()
    token = sign(sub=str(person), standing=3, **acting(sub=str(staff), standing=5))
    assert web.with_token(token).get("/whoami").status == 200
    announce_standing(staff, 6, timedelta(minutes=1))
    assert web.with_token(token).get("/whoami").code == "token_stale"


def test_staff_use_up_their_own_limits(web: ApiClient, sign: Sign, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"read": "1/m"}
    person, claims = str(new_id()), acting()
    looking = web.with_token(sign(sub=person, **claims))
    assert [looking.get("/whoami").status for _ in range(2)] == [200, 429]
    assert web.with_token(sign(sub=person)).get("/whoami").status == 200
    assert web.with_token(sign(sub=str(new_id()), **claims)).get("/whoami").status == 429


def test_time_left_is_that_of_the_token(web: ApiClient, sign: Sign) -> None:
    ends = int(clock.now().timestamp()) + 90
    said = web.with_token(sign(exp=ends, **acting())).get("/whoami").headers["Kelmah-Impersonation-Until"]
    assert said == f"{(clock.now().fromtimestamp(ends, clock.now().tzinfo)).isoformat()[:-6]}Z"


# --- all routes --------------------------------------------------------------------------------------------------


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, type[View]]]:
    for each in patterns:
        path = f"{prefix}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, path)
        elif isinstance(each, URLPattern) and issubclass(getattr(each.callback, "view_class", object), View):
            yield path, each.callback.view_class


def open_to_keys() -> Iterator[tuple[str, str, str]]:
    for path, view in routes(get_resolver("config.urls").url_patterns):
        for method in ("get", "post", "put", "patch", "delete"):
            scope = view.key_scope_of(method.upper()) if hasattr(view, method) else None
            if scope is not None:
                yield method.upper(), path.removeprefix("api/v1/"), scope


def test_keys_open_only_what_a_scope_is_offered_for() -> None:
    found = set(open_to_keys())
    assert len(found) > 40
    assert {scope for _, _, scope in found} <= set(KEY_SCOPES)


def test_what_moves_money_needs_a_scope_of_its_own_and_payouts_a_person() -> None:
    money = {(method, path) for method, path, scope in open_to_keys() if scope.endswith(":money")}
    assert money == {
        ("POST", "wallet/deposits"),
        ("POST", "wallet/deposits/<uuid:deposit_id>/refunds"),
        ("POST", "wallet/quotes/<uuid:quote_id>/accept"),
        ("POST", "milestones/<uuid:milestone_id>/fund"),
    }
    assert not [path for method, path, _ in open_to_keys() if "payouts" in path and method != "GET"]


def test_of_identity_keys_open_profiles_only() -> None:
    identity = {path for path, view in routes(get_resolver("config.urls").url_patterns) if view.domain() == "identity"}
    opened = {f"api/v1/{path}" for _, path, _ in open_to_keys()}
    assert opened & identity == {"api/v1/profiles/<uuid:user_id>", "api/v1/profiles/<uuid:user_id>/free"}
