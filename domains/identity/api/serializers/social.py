"""JSON of social login, in and out."""

from typing import Any

from rest_framework import serializers

from domains.identity import rules
from domains.identity.actions.social_flows import StartedFlow
from domains.identity.api.serializers.fields import known_zone, one_line
from domains.identity.models import SocialLogin
from domains.identity.rules import social
from kelmah.http.fields import TextField
from kelmah.http.serializers import StrictSerializer

_SECRET = 43  # characters of 256 bits in base64url


class StartIn(StrictSerializer):
    redirect_to = TextField(max_length=500, allow_blank=True, default="")


class ComeBackQuery(serializers.Serializer):
    """What providers add besides is passed over."""

    state = TextField(required=False, allow_blank=True, default="", help_text="As we sent it.")
    code = TextField(required=False, allow_blank=True, default="", help_text="The provider's.")
    error = TextField(required=False, allow_blank=True, default="", help_text="The provider's, instead of a code.")
    iss = TextField(required=False, allow_blank=True, default="", help_text="RFC 9207.")


class ExchangeIn(StrictSerializer):
    code = TextField(max_length=_SECRET)
    flow_secret = TextField(max_length=_SECRET)
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class SocialRegisterIn(StrictSerializer):
    flow_secret = TextField(max_length=_SECRET)
    role = serializers.ChoiceField(choices=rules.ROLES_TO_CHOOSE)
    display_name = TextField(max_length=2 * rules.LONGEST_NAME, allow_blank=True, default="")
    locale = serializers.ChoiceField(choices=rules.LOCALES, default="en")
    zone = TextField(max_length=60, default=rules.HOME_ZONE, validators=[known_zone])
    device_name = TextField(max_length=200, allow_blank=True, default="", validators=[one_line])


class LinkIn(StrictSerializer):
    flow_secret = TextField(max_length=_SECRET)
    code = TextField(max_length=_SECRET, allow_blank=True, default="", help_text="Empty once it was exchanged.")


class ProviderOut(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()


class ProvidersOut(serializers.Serializer):
    items = ProviderOut(many=True)


class StartedFlowOut(serializers.Serializer):
    authorization_url = serializers.CharField()
    flow_secret = serializers.CharField(help_text="Keep it on this device: without it the code is worth nothing.")
    expires_in = serializers.IntegerField(help_text="Seconds to log in at the provider.")


class SocialLoginOut(serializers.Serializer):
    id = serializers.UUIDField()
    provider = serializers.CharField()
    email = serializers.CharField(help_text="What the provider said when it was linked; may be empty.")
    linked_at = serializers.DateTimeField()


class SocialLoginsOut(serializers.Serializer):
    items = SocialLoginOut(many=True)


def render_provider(provider: social.Provider) -> dict[str, Any]:
    return {"name": provider.name, "title": provider.title}


def render_started_flow(flow: StartedFlow) -> dict[str, Any]:
    return {
        "authorization_url": flow.authorization_url,
        "flow_secret": flow.flow_secret,
        "expires_in": flow.expires_in,
    }


def render_social_login(login: SocialLogin) -> dict[str, Any]:
    return {"id": login.id, "provider": login.provider, "email": login.email, "linked_at": login.linked_at}
