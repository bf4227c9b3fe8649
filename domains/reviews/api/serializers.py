"""JSON of reviews, in and out."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from domains.reviews import rules
from domains.reviews.models import Review, ReviewWindow
from kelmah import clock
from kelmah.http.fields import TextField, UUIDField, WholeNumberField
from kelmah.http.serializers import StrictSerializer


class RatingsIn(StrictSerializer):
    """The axes of both sides; which of them are wanted depends on the author's side."""

    def get_fields(self) -> dict[str, serializers.Field]:
        axes = [axis for side in rules.AXES.values() for axis in side]
        return {axis: WholeNumberField(min_value=1, max_value=5, required=False) for axis in axes}


class ReviewIn(StrictSerializer):
    contract_id = UUIDField()
    ratings = RatingsIn()
    text = TextField(max_length=5000, allow_blank=True, default="")
    private_feedback = TextField(max_length=5000, allow_blank=True, default="")


class ReplyIn(StrictSerializer):
    text = TextField(max_length=2000)


class WindowOut(serializers.Serializer):
    contract_id = serializers.UUIDField()
    title = serializers.CharField()
    my_role = serializers.ChoiceField(choices=sorted(rules.AXES))
    axes = serializers.ListField(child=serializers.CharField())
    closes_at = serializers.DateTimeField()


class ReviewOut(serializers.Serializer):
    id = serializers.UUIDField()
    contract_id = serializers.UUIDField()
    title = serializers.CharField()
    author_id = serializers.UUIDField()
    author_name = serializers.CharField(allow_null=True)
    author_role = serializers.ChoiceField(choices=sorted(rules.AXES))
    subject_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=sorted(rules.REVIEW.states))
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())
    ratings = serializers.DictField(child=serializers.IntegerField())
    stars = serializers.CharField(help_text="The mean of the ratings, for example 4.75.")
    text = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    reply_text = serializers.CharField()
    replied_at = serializers.DateTimeField(allow_null=True)


def render_window(window: ReviewWindow, *, viewer_id: UUID) -> dict[str, Any]:
    role = "hirer" if viewer_id == window.hirer_id else "worker"
    return {
        "contract_id": window.contract_id,
        "title": window.title,
        "my_role": role,
        "axes": list(rules.AXES[role]),
        "closes_at": window.closes_at,
    }


def render_review(review: Review, *, names: dict[UUID, str], viewer_id: UUID | None) -> dict[str, Any]:
    """What everybody may see of a review: private feedback is never shown. ``viewer_id`` None is nobody."""
    role = "subject" if viewer_id == review.subject_id else "reader"
    steps = rules.REVIEW.available(review.state, role)
    if not rules.may_reply(published_at=review.published_at, replied_at=review.replied_at, now=clock.now()):
        steps = [step for step in steps if step != "reply"]
    return {
        "id": review.id,
        "contract_id": review.window.contract_id,
        "title": review.window.title,
        "author_id": review.author_id,
        "author_name": names.get(review.author_id),
        "author_role": review.author_role,
        "subject_id": review.subject_id,
        "state": review.state,
        "version": review.version,
        "available_transitions": steps,
        "ratings": review.ratings,
        "stars": f"{review.stars // 100}.{review.stars % 100:02}",
        "text": review.text,
        "submitted_at": review.submitted_at,
        "published_at": review.published_at,
        "reply_text": review.reply_text,
        "replied_at": review.replied_at,
    }
