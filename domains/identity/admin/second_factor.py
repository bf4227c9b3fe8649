"""Pages between the password and the desk: the second factor, and the first one of whoever has none."""

import json
from typing import Any, cast
from uuid import UUID

import segno
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from rest_framework.request import Request

from domains.identity.actions import factors, step_up
from domains.identity.admin import gate
from domains.identity.models import User
from domains.identity.queries import factors as queries
from domains.identity.rules import factors as rules
from kelmah.errors import DomainError
from kelmah.http.throttling import take_from_limit


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """``/admin/second-factor?next=…``: a code, a recovery code, or the answer of a passkey."""
    user = _staff(request)
    if user is None or gate.is_too_late(request):
        return redirect_to_login(gate.next_of(request), "/admin/login/")
    kinds = queries.kinds_of(user.id)
    if not kinds:
        return gate.to(gate.SET_UP, gate.next_of(request))
    refusal = ""
    if request.method == "POST":
        try:
            take_from_limit(Request(request), "auth", None)
            gate.passed(request, step_up.prove(user_id=user.id, proof=_proof(request)))
            return HttpResponseRedirect(gate.next_of(request))
        except DomainError as error:
            refusal = error.detail or error.title
    options = step_up.passkey_options(user_id=user.id) if "passkey" in kinds else None
    return _page(request, "second_factor", kinds=kinds, refusal=refusal, passkey=options, is_new=False)


@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """``/admin/second-factor/set-up``: for whoever has none, or has just shown one; with the first come the codes."""
    user = _staff(request)
    if user is None or gate.is_too_late(request):
        return redirect_to_login(gate.next_of(request), "/admin/login/")
    if queries.kinds_of(user.id) and not gate.is_fresh(request):
        return gate.to(gate.ASK, gate.SET_UP)
    if request.method != "POST":
        return _choice(request, user)
    try:
        take_from_limit(Request(request), "auth", None)
        return _step(request, user)
    except DomainError as error:
        details = "; ".join(each.detail for each in error.errors) or error.detail or error.title
        return _choice(request, user, refusal=details)


# Private functions


def _staff(request: HttpRequest) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.is_active and user.is_staff else None


def _proof(request: HttpRequest) -> rules.Proof:
    if "passkey" in request.POST:
        return rules.Proof(kind="passkey", value=_credential(request))
    code = request.POST.get("code", "")
    kind: rules.Kind = "totp" if len("".join(code.split())) <= rules.LONGEST_TOTP else "recovery_code"
    return rules.Proof(kind=kind, value=code[:100])


def _credential(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.POST.get("passkey", ""))
    except ValueError:
        raise rules.PasskeyRefused from None
    if not isinstance(sent, dict):
        raise rules.PasskeyRefused
    return sent


def _step(request: HttpRequest, user: User) -> HttpResponse:
    if "passkey" in request.POST:
        added = factors.add_passkey(user_id=user.id, credential=_credential(request), name="")
    elif "code" in request.POST:
        added = factors.confirm_totp(user_id=user.id, code=request.POST["code"][:100])
    else:
        begun = factors.begin_totp(user_id=user.id)
        qr = segno.make(begun.uri, error="m").svg_data_uri(scale=5)
        return _page(request, "set_up_app", secret=begun.secret, qr=qr)
    gate.passed(request, rules.method_of_kind(added.factor.kind, synced=added.factor.is_synced))
    return _page(request, "recovery_codes", codes=added.recovery_codes, go_on=gate.next_of(request))


def _choice(request: HttpRequest, user: User, *, refusal: str = "") -> HttpResponse:
    options = factors.begin_passkey(user_id=cast(UUID, user.pk))
    return _page(request, "set_up_factor", refusal=refusal, passkey=options, is_new=True)


def _page(request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    shown = {**admin.site.each_context(request), "title": "Second factor", **context}
    return render(request, f"desk/{name}.html", shown)
