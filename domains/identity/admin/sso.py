"""Letting staff into the desks of domains in other processes, and out of all of them."""

import re
import secrets
from datetime import timedelta

from django.contrib import admin
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from domains.identity import actions
from domains.identity.admin import gate
from domains.identity.rules.factors import PASSWORD
from kelmah import clock
from kelmah.http.address import client_address
from kelmah.staff.places import HOME, desk_root, elsewhere, is_inside, public_url

_MARK = re.compile(r"[0-9a-f]{64}")


@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """``GET /admin/sso?domain=payments&mark=…&next=/admin/payments/…``: vouch for whoever is logged in here.

    The token goes to the address that the settings know, never to one that the request names, and in the body of a
    POST that the page sends by itself.
    """
    domain, mark, address = (request.GET.get(name, "") for name in ("domain", "mark", "next"))
    if domain == HOME or domain not in elsewhere():
        raise Http404
    if not _MARK.fullmatch(mark):
        return HttpResponseBadRequest("mark must be the SHA-256 of a secret, in hex")
    try:
        token = actions.vouch_for_staff(
            user_id=request.user.pk,
            session_key=request.session.session_key,
            expires_at=clock.now() + timedelta(seconds=request.session.get_expiry_age()),
            device=_device(request),
            amr=(PASSWORD, gate.method_of(request)),
            domain=domain,
            mark=mark,
            address=address if is_inside(address, domain) else desk_root(domain),
        )
    except actions.DeskClosed:
        logout(request)
        return HttpResponseRedirect(request.get_full_path())  # to the log-in, and from there to here again
    return _carrier(request, token=token, desk=f"{public_url(domain)}{desk_root(domain)}sso")


def leave(request: HttpRequest) -> HttpResponse:
    """``/admin/logout/``: the question, or with POST the end of this session and of those at all desks."""
    if request.method != "POST":
        return render(request, "desk/log_out.html", {**admin.site.each_context(request), "title": "Log out"})
    actions.log_out_of_desks(session_key=request.session.session_key)
    return admin.site.logout(request)


# Private functions


def _carrier(request: HttpRequest, *, token: str, desk: str) -> HttpResponse:
    nonce = secrets.token_urlsafe(16)
    page = render(request, "desk/carrier.html", {"token": token, "desk": desk, "nonce": nonce})
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; img-src data:; form-action {desk} {public_url(HOME)}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return page


def _device(request: HttpRequest) -> actions.Device:
    agent = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))
    return actions.Device(name="Staff desk", ip=str(client_address(request)), user_agent=agent)
