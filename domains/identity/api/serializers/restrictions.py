"""JSON of restrictions, as the person sees them."""

from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from domains.identity.models import Restriction
from domains.identity.rules import restrictions as rules
from kelmah.http.fields import TextField
from kelmah.http.serializers import StrictSerializer
from kelmah.rights.declared import declared


class AppealIn(StrictSerializer):
    text = TextField(max_length=rules.LONGEST_TEXT, help_text="Why it is wrong: a human reads it.")


class RestrictionOut(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    takes = serializers.ListField(child=serializers.CharField(), help_text="What I may not do.")
    code = serializers.ChoiceField(choices=sorted(rules.CODES))
    reason = serializers.CharField()
    evidence = serializers.CharField()
    by_machine = serializers.BooleanField()
    imposed_at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=sorted(rules.RESTRICTION.states))
    appeal = serializers.CharField(allow_blank=True)
    appeal_until = serializers.DateTimeField()
    appealed_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True, help_text="What staff said.")
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())


def render_restriction(restriction: Restriction) -> dict[str, Any]:
    known = declared().restrictions.get(restriction.kind)
    return {
        "id": restriction.id,
        "kind": restriction.kind,
        "takes": list(known.takes) if known else [],
        "code": restriction.code,
        "reason": gettext(rules.CODES[restriction.code]),
        "evidence": restriction.evidence,
        "by_machine": restriction.imposed_by_id is None,
        "imposed_at": restriction.imposed_at,
        "until": restriction.until,
        "state": restriction.state,
        "appeal": restriction.appeal,
        "appeal_until": restriction.imposed_at + rules.APPEAL_WITHIN,
        "appealed_at": restriction.appealed_at,
        "decided_at": restriction.decided_at,
        "note": restriction.note,
        "version": restriction.version,
        "available_transitions": rules.RESTRICTION.available(restriction.state, "person"),
    }
