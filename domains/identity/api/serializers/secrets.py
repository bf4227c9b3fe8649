"""JSON of secrets that are sent to addresses, in and out."""

from typing import Any

from rest_framework import serializers

from domains.identity.actions.challenges import Awaited
from domains.identity.rules.challenges import LONGEST_SECRET
from kelmah.http.fields import TextField


class SecretField(TextField):
    """The code from a text, or what stands behind ``secret=`` in a link."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_SECRET, **options)


class AwaitedOut(serializers.Serializer):
    sent_to = serializers.ChoiceField(choices=["email", "phone"])
    expires_in = serializers.IntegerField(help_text="Seconds for which the link or code is good.")


def render_awaited(awaited: Awaited, *, name: str) -> dict[str, Any]:
    """``name``: what its id is called."""
    return {name: awaited.id, "sent_to": awaited.sent_to, "expires_in": awaited.expires_in}
