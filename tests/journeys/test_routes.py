"""Every door of the API, knocked at over HTTP as every kind of caller: the answer is what docs/routes.md says.

Whoever comes in finds nothing there (made-up ids, empty bodies), so that what follows the door is 400, 404, 412 and the
like, or an empty list; never 401 or 403 for want of a role.
"""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("people are where identity is", allow_module_level=True)

from kelmah.domain import local_domains
from kelmah.ids import new_id
from kelmah.interfaces.identity.types import KEY_SCOPES
from kelmah.principal import Principal
from kelmah.rights.doors import Door, answer_to, callers, doors
from tests.identity.factories import sign_up, staff

pytestmark = pytest.mark.domain("*")

DOORS = doors(config for config in local_domains() if config.name.startswith("domains."))
CALLERS = callers()
PROGRAMS_REFUSED = ("key_not_allowed", "scope_missing", "wrong_role", "unauthenticated")
REFUSED = {401: "unauthenticated", 403: "wrong_role"}


@pytest.fixture(autouse=True)
def no_limits(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "100000/s")
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"


def address(door: Door) -> str:
    return re.sub(r"<(\w+):\w+>", lambda found: {"int": "1", "uuid": str(new_id())}.get(found[1], "nothing"), door.path)


def as_somebody(kind: Principal | None) -> Principal | None:
    """The same roles, in somebody with an account."""
    if kind is None:
        return None
    user = staff(has_all_rights=False) if "staff" in kind.roles else sign_up(role=min(kind.roles)).user
    return Principal(user_id=user.id, roles=kind.roles, grants=kind.grants, session_id=new_id())


def knock(api: Any, door: Door, caller: Principal | None) -> Any:
    client = api.as_(caller) if caller else api.anonymous
    headers = {"Content-Type": "application/json", "If-Match": '"1"', "Idempotency-Key": str(new_id())}
    body = b"" if door.method in ("GET", "DELETE") else b"{}"
    return client.send(door.method, address(door), body, headers=headers)


@pytest.mark.in_process
@pytest.mark.parametrize("name", CALLERS)
def test_every_door_answers_as_the_table_says(api: Any, name: str) -> None:
    caller = as_somebody(CALLERS[name])
    wrong = []
    for door in DOORS:
        expected, answer = answer_to(door, CALLERS[name]), knock(api, door, caller)
        came_in = answer.code not in REFUSED.values() and answer.status < 500
        as_said = answer.code == REFUSED[expected] if expected in REFUSED else came_in
        if not as_said:
            wrong.append(f"{door.method} {door.path}: {answer} instead of {expected}")
        if caller and door.method != "GET" and answer.status < 300:
            caller = as_somebody(CALLERS[name])  # who knows what that was
    assert not wrong, "\n".join(wrong)


@pytest.mark.in_process
@pytest.mark.parametrize("scopes", [frozenset(KEY_SCOPES), frozenset()], ids=["every scope", "no scope"])
def test_programs_come_in_where_the_table_says(api: Any, scopes: frozenset[str]) -> None:
    hirer = as_somebody(CALLERS["hirer"])
    assert hirer is not None
    program, wrong = replace(hirer, key_id=new_id(), key_scopes=scopes), []
    for door in DOORS:
        code = knock(api, door, program).code
        if door.key_scope is None:
            expected = code == "key_not_allowed"
        elif door.key_scope not in {"", *scopes}:
            expected = code == "scope_missing"
        else:
            refused = answer_to(door, CALLERS["hirer"]) == 403
            expected = code == "wrong_role" if refused else code not in PROGRAMS_REFUSED
        if not expected:
            wrong.append(f"{door.method} {door.path}: {code}, and the table says {door.key_scope}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.in_process
def test_staff_look_as_others_where_the_table_says(api: Any) -> None:
    worker = as_somebody(CALLERS["worker"])
    assert worker is not None
    looking = replace(worker, impersonated_by=staff().id)
    wrong = []
    for door in DOORS:
        refused = knock(api, door, looking).code == "impersonation_refused"
        if refused == door.is_for_impersonation:
            wrong.append(f"{door.method} {door.path}")
    assert not wrong, "\n".join(wrong)


def test_the_walk_is_worth_it() -> None:
    assert len(DOORS) > 100
    refused = [door for door in DOORS if answer_to(door, CALLERS["hirer"]) == 403]
    assert len(refused) > 10
    assert sum(answer_to(door, None) == 401 for door in DOORS) > 60
