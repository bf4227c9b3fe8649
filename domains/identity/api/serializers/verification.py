"""JSON of the verification ladder, in and out."""

from datetime import date, datetime
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from domains.identity import rules as limits
from domains.identity.api.serializers.fields import lines, one_line
from domains.identity.models import Document, Profile
from domains.identity.queries import papers as queries
from domains.identity.rules import ladder
from domains.identity.rules import papers as rules
from kelmah.crypto import Shredded
from kelmah.http.fields import TextField, UUIDField
from kelmah.http.serializers import StrictSerializer


class DayField(serializers.DateField):
    """``YYYY-MM-DD``, and nothing else."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or isinstance(value, datetime):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


def _line(length: int = rules.TEXT_LENGTH, **options: Any) -> TextField:
    return TextField(max_length=length, required=False, validators=[one_line], **options)


class DocumentIn(StrictSerializer):
    """Which fields a kind needs: docs/verification.md."""

    kind = serializers.ChoiceField(choices=list(rules.KINDS))
    file_ids = serializers.ListField(
        child=UUIDField(), min_length=1, max_length=rules.FILES_PER_PAPER, help_text="Ready uploads of kind identity."
    )
    name = _line(help_text="As it stands on the document.")
    number = _line(60)
    born = DayField(required=False)
    address = TextField(max_length=rules.TEXT_LENGTH, required=False, validators=[lines])
    country = TextField(
        max_length=2, required=False, validators=[RegexValidator(r"^[A-Z]{2}\Z", "Use ISO 3166: two capital letters.")]
    )
    title = _line(help_text="What a certificate certifies.")
    issuer = _line()
    skill_id = TextField(
        max_length=80, required=False, validators=[RegexValidator(limits.SKILL_ID, "Use the id of a skill.")]
    )
    expires_on = DayField(required=False, help_text="The last day on which the document is valid.")

    def validate(self, attrs: dict[str, Any]) -> Any:
        said = {name: attrs[name] for name in rules.Details.__dataclass_fields__ if name in attrs}
        return {
            "paper": rules.Paper(
                kind=attrs["kind"],
                file_ids=tuple(attrs["file_ids"]),
                details=rules.Details(**said),
                country=attrs.get("country", ""),
                expires_on=attrs.get("expires_on"),
                skill_id=attrs.get("skill_id", ""),
            )
        }


class DocumentOut(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(rules.KINDS))
    state = serializers.ChoiceField(choices=sorted(rules.DOCUMENT.states))
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    file_ids = serializers.ListField(child=serializers.UUIDField())
    number = serializers.CharField(help_text="Its last four characters, after dots.", allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    skill_id = serializers.CharField(allow_blank=True)
    expires_on = serializers.DateField(allow_null=True, help_text="As its owner typed it.")
    counts_until = serializers.DateField(allow_null=True, help_text="The last day it counts, once verified.")
    reason = serializers.ChoiceField(
        choices=["", *rules.REJECTIONS, *rules.REVOCATIONS], help_text="Why it was rejected or revoked."
    )
    sent_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class RungOut(serializers.Serializer):
    level = serializers.IntegerField(min_value=1, max_value=ladder.TOP)
    reached = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.ChoiceField(choices=[part for parts in ladder.RUNGS.values() for part in parts])
    )


class VerificationOut(serializers.Serializer):
    level = serializers.IntegerField(min_value=0, max_value=ladder.TOP)
    rungs = RungOut(many=True)
    under_review = serializers.ListField(child=serializers.ChoiceField(choices=list(rules.KINDS)))


def render_verification(profile: Profile) -> dict[str, Any]:
    facts = queries.facts_of(profile)
    level = ladder.level_of(facts)
    return {
        "level": level,
        "rungs": [
            {"level": rung, "reached": rung <= level, "missing": ladder.missing_on(rung, facts)}
            for rung in ladder.RUNGS
        ],
        "under_review": queries.kinds_under_review(profile.user_id),
    }


def render_document(document: Document) -> dict[str, Any]:
    """For its owner: of the number only the end, and nothing of what is erased."""
    try:
        details = queries.details_of(document)
    except Shredded:
        details = rules.Details()
    return {
        "id": document.id,
        "kind": document.kind,
        "state": document.state,
        "version": document.version,
        "available_transitions": rules.DOCUMENT.available(document.state, "owner"),
        "file_ids": document.file_ids,
        "number": rules.masked(details.number),
        "country": document.country,
        "title": details.title,
        "skill_id": document.skill_id,
        "expires_on": document.expires_on,
        "counts_until": document.counts_until,
        "reason": document.reason,
        "sent_at": document.sent_at,
        "decided_at": document.decided_at,
    }
