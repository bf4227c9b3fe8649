"""The way into a desk: to identity and back, with a token that only the browser that set out can use.

A cookie holds a random secret; identity gets its hash and signs it into the token. So a token made for one browser
opens nothing in another: neither can it be stolen on its way, nor can somebody be led into a stranger's account. The
token comes in the body of a POST, so that no address, history, log or Referer ever holds it.
"""

import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kelmah.errors import DomainError
from kelmah.staff import stay
from kelmah.staff.places import HOME, desk_root, is_inside, public_url
from kelmah.staff.tokens import mark_of, read_once

_COOKIE = "kelmah_desk_entry"
_TIME_TO_LOG_IN = 1800  # seconds


def ask_identity(request: HttpRequest, *, domain: str, address: str) -> HttpResponse:
    """To identity, which knows who this is or asks; then back to the address, if it is one of this desk."""
    # Tabs that set out at once share the secret: the last one must not lock the others out.
    secret = request.COOKIES.get(_COOKIE) or secrets.token_urlsafe(32)
    query = {
        "domain": domain,
        "mark": mark_of(secret),
        "next": address if is_inside(address, domain) else desk_root(domain),
    }
    response = HttpResponseRedirect(f"{public_url(HOME)}/admin/sso?{urlencode(query)}")
    response.set_cookie(
        _COOKIE,
        secret,
        max_age=_TIME_TO_LOG_IN,
        path=desk_root(domain),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@csrf_exempt  # the secret in the cookie says that this browser asked, and more than a CSRF token would
@require_POST
@never_cache
def arrive(request: HttpRequest, *, domain: str) -> HttpResponse:
    """``POST /admin/<domain>/sso``: in, with the token that identity gave."""
    try:
        vouched = read_once(request.POST.get("token", ""), domain=domain, secret=request.COOKIES.get(_COOKIE, ""))
    except DomainError as refusal:
        return _refused(request, refusal, domain=domain)
    request.session.flush()
    stay.begin(request.session, vouched, domain=domain)
    return HttpResponseRedirect(vouched.address if is_inside(vouched.address, domain) else desk_root(domain))


def leave(request: HttpRequest) -> HttpResponse:
    """Out of this desk, and to identity, where leaving all of them is one button more."""
    request.session.flush()
    return HttpResponseRedirect(f"{public_url(HOME)}/admin/logout/")


def tell_that_nothing_was_done(request: HttpRequest) -> None:
    messages.warning(request, "Your time at this desk had run out, so nothing was done: please do that again.")


def _refused(request: HttpRequest, refusal: DomainError, *, domain: str) -> HttpResponse:
    status = refusal.status if refusal.status >= 500 else 403
    page = render(request, "desk/refused.html", {"refusal": refusal, "again": desk_root(domain)}, status=status)
    if refusal.retry_after is not None:
        page.headers["Retry-After"] = str(refusal.retry_after)
    return page
