"""System checks: every role and permission that is named anywhere is declared, once, by the domain it belongs to."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from kelmah.domain import local_domains
from kelmah.http.permissions import ASKED_PERMISSIONS, ASKED_ROLES
from kelmah.http.staff import Guarded
from kelmah.rights import doors
from kelmah.rights.declared import Declared, Shelf, declared, shelves, united

_GUARD = 'Derive it from kelmah.http.staff.ReadOnly or Guarded: sees = "payments.view_money", does = {"refund": "…"}.'
_NAME = r"[a-z][a-z0-9_]{1,39}"


@register()
def rights_are_declared(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What interfaces declare fits together, and views ask for nothing else."""
    asked = undeclared(roles=ASKED_ROLES, permissions=ASKED_PERMISSIONS, where="a view", known=declared())
    return contradictions(shelves(sorted(settings.DOMAINS))) + asked


def contradictions(found: Iterable[Shelf]) -> list[CheckMessage]:
    """What is wrong with the roles and permissions of these domains."""
    known = list(found)
    everything = united(known)
    return _twice(known) + _misnamed(known) + _loose_ends(everything)


def undeclared(
    *, roles: Iterable[str] = (), permissions: Iterable[str] = (), where: str, known: Declared
) -> list[CheckMessage]:
    """Which of these names nobody declares."""
    hint = "Declare it in kelmah/interfaces/<domain>/roles.py."
    strange = [f"the role {name}" for name in sorted(set(roles) - known.roles.keys())]
    strange += [f"the permission {name}" for name in sorted(set(permissions) - known.permissions.keys())]
    return [Error(f"{where} names {name}, which nobody declares", hint=hint, id="kelmah.E032") for name in strange]


@register()
def doors_are_declared(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every route of the API says who comes in; one that doesn't lets nobody in."""
    hint = "In the view: permission_classes = [Anyone], [Authenticated] or [Can(…)], of kelmah.http.permissions."
    text = "does not say who may come in"
    return [Error(f"{each} {text}", hint=hint, id="kelmah.E035") for each in doors.undeclared(local_domains())]


@register("admin")
def desks_are_guarded(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every page of staff's desk says who may look at it, and every action who may do it."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    found: list[CheckMessage] = []
    for model, page in admin.site._registry.items():
        if model._meta.app_label in settings.DOMAINS:
            found += unguarded(page, known=declared())
    return found


def unguarded(page: Any, *, known: Declared) -> list[CheckMessage]:
    """What is wrong with the rights that a page of the desk names, with the tables shown on it."""
    where = type(page).__name__
    if not issubclass(type(page), Guarded):
        return [Error(f"{where} says nothing about who may see it", hint=_GUARD, id="kelmah.E034")]
    does = page.rights_to_do()
    asked = {page.right_to_see(), *does.values()} | {each.sees for each in page.inlines if getattr(each, "sees", "")}
    actions = {each if isinstance(each, str) else each.__name__ for each in page.actions or ()}
    loose = [f"the action {name}" for name in sorted(actions - does.keys())]
    loose += [f"the table {each.__name__}" for each in page.inlines if not issubclass(each, Guarded)]
    return undeclared(permissions=asked, where=where, known=known) + [
        Error(f"{where} does not say who may use {each}", hint=_GUARD, id="kelmah.E034") for each in loose
    ]


# Private functions


def _twice(known: list[Shelf]) -> list[CheckMessage]:
    names = [f"role {role.name}" for shelf in known for role in shelf.roles]
    names += [f"permission {each.name}" for shelf in known for each in shelf.permissions]
    names += [f"restriction {each.name}" for shelf in known for each in shelf.restrictions]
    doubled = sorted(name for name, count in Counter(names).items() if count > 1)
    return [Error(f"the {name} is declared twice", id="kelmah.E030") for name in doubled]


def _misnamed(known: list[Shelf]) -> list[CheckMessage]:
    wrong = [role.name for shelf in known for role in shelf.roles if not re.fullmatch(_NAME, role.name)]
    wrong += [
        each.name
        for shelf in known
        for each in shelf.permissions
        if not re.fullmatch(rf"{shelf.domain}\.{_NAME}", each.name)
    ]
    hint = "A role is lower_case, a permission <domain>.<lower_case>."
    return [Error(f"{name} is no name for a role or permission", hint=hint, id="kelmah.E031") for name in wrong]


def _loose_ends(everything: Declared) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for role in everything.roles.values():
        found += undeclared(
            roles=role.gives, permissions=role.permissions, where=f"the role {role.name}", known=everything
        )
        for given in (everything.roles[name] for name in role.gives if name in everything.roles):
            if given.privileged or not set(role.scope_kinds) & set(given.scope_kinds):
                text = f"the role {role.name} gives {given.name}, which is privileged or of another kind of scope"
                found.append(Error(text, id="kelmah.E033"))
    for restriction in everything.restrictions.values():
        where = f"the restriction {restriction.name}"
        found += undeclared(permissions=restriction.takes, where=where, known=everything)
    for permission in everything.permissions.values():
        found += undeclared(roles=permission.to, where=f"the permission {permission.name}", known=everything)
    return found
