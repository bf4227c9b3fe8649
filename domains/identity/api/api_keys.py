"""Keys for programs that speak in somebody's name."""

from datetime import timedelta
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.identity.actions import api_keys
from domains.identity.api.serializers.api_keys import (
    ApiKeyIn,
    ApiKeyOut,
    KeyExchangeIn,
    KeyTokenOut,
    MadeKeyOut,
    RotationIn,
    render_key,
    render_key_token,
    render_made_key,
)
from domains.identity.queries.api_keys import keys_of
from domains.identity.rules import api_keys as rules
from kelmah.errors import NotFound
from kelmah.http.address import client_address
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Anyone, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import PageQuery, valid
from kelmah.http.views import View

WANTED = {"name": "Night import", "scopes": ["marketplace:read", "marketplace:write"], "expires_in_days": 90}
KEY = {
    "id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c06",
    "name": "Night import",
    "prefix": "kk_live_5f0c9a1e",
    "mode": "live",
    "scopes": ["marketplace:read", "marketplace:write"],
    "state": "active",
    "created_at": "2026-11-21T09:00:00Z",
    "expires_at": "2027-02-19T09:00:00Z",
    "last_used_at": None,
    "last_used_address": None,
    "successor_id": None,
}
MADE = {**KEY, "key": "kk_live_5f0c9a1e_…"}


class _Mine(View):
    permission_classes = [Can("identity.keep_api_keys")]
    refuses_impersonation = True
    key_scope = ""
    idempotency_domain = ""  # answers hold keys, which are kept nowhere


class MyApiKeys(_Mine):
    needs_fresh_proof = True

    @operation(
        summary="My API keys, the newest first",
        description="Those that ended are listed for a month. The keys themselves are shown once, when they are made.",
        query=PageQuery,
        response=ApiKeyOut,
        example_response={"items": [KEY], "next": None},
    )
    def get(self, request: Request) -> Response:
        mine = keys_of(request.user.user_id)
        return keyset_page(request, mine, order=("-created_at", "-id"), render=render_key, scope="api-keys")

    @operation(
        summary="Make an API key",
        description=f"At most {rules.MOST_KEYS} at a time. Take `key` from the answer: it is not shown again.",
        request=ApiKeyIn,
        response=MadeKeyOut,
        status=201,
        errors=[rules.TooManyKeys],
        example_request=WANTED,
        example_response=MADE,
    )
    def post(self, request: Request) -> Response:
        wanted = valid(ApiKeyIn, request.data)
        lasts = timedelta(days=wanted.pop("expires_in_days"))
        made = api_keys.make_key(user_id=request.user.user_id, lasts=lasts, **wanted)
        return Response(render_made_key(made), status=201)


class MyApiKey(_Mine):
    @operation(
        summary="Revoke an API key",
        description="It, and the access tokens of it, stop working at once.",
        errors=[NotFound],
    )
    def delete(self, request: Request, key_id: UUID) -> Response:
        api_keys.revoke_key(user_id=request.user.user_id, key_id=key_id)
        return Response(status=204)


class MyApiKeyRotation(_Mine):
    needs_fresh_proof = True

    @operation(
        summary="Rotate an API key",
        description="A new key with the same name, scopes and life. The old one works until the overlap is over.",
        request=RotationIn,
        response=MadeKeyOut,
        status=201,
        errors=[NotFound, rules.KeyReplaced],
        example_request={"overlap_hours": 24},
        example_response=MADE,
    )
    def post(self, request: Request, key_id: UUID) -> Response:
        overlap = timedelta(hours=valid(RotationIn, request.data)["overlap_hours"])
        made = api_keys.rotate_key(user_id=request.user.user_id, key_id=key_id, overlap=overlap)
        return Response(render_made_key(made), status=201)


class KeyTokens(View):
    """No bearer token is looked at here."""

    permission_classes = [Anyone]
    authentication_classes = []
    rate_class = "write"
    idempotency_domain = ""

    @operation(
        summary="Exchange an API key for an access token",
        description="For ten minutes. Ask again when it has expired: nothing is refreshed.",
        request=KeyExchangeIn,
        response=KeyTokenOut,
        errors=[rules.KeyInvalid],
        example_request={"api_key": "kk_live_5f0c9a1e_…"},
        example_response={
            "access_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.MEUCIQ",
            "token_type": "Bearer",
            "expires_in": 600,
            "key_id": KEY["id"],
            "mode": "live",
            "scopes": KEY["scopes"],
        },
    )
    def post(self, request: Request) -> Response:
        text = valid(KeyExchangeIn, request.data)["api_key"]
        return Response(render_key_token(api_keys.exchange_key(text=text, ip=str(client_address(request._request)))))
