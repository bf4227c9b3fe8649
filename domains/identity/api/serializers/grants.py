"""JSON of roles that were granted, and of those that are asked for."""

from typing import Any

from rest_framework import serializers

from domains.identity.models import RoleGrant, RoleRequest, User
from domains.identity.rules import grants as rules
from kelmah.http.fields import MomentField, TextField, UUIDField
from kelmah.http.serializers import PageQuery, StrictSerializer


class RoleRequestIn(StrictSerializer):
    user_id = UUIDField(help_text="An active account of staff, not one's own.")
    role = TextField(max_length=40)
    reason = TextField(max_length=rules.LONGEST_REASON)
    expires_at = MomentField(allow_null=True, default=None, help_text="When the role ends by itself; null: never.")


class ApprovalIn(StrictSerializer):
    note = TextField(max_length=rules.LONGEST_REASON, allow_blank=True, default="")


class RefusalIn(StrictSerializer):
    note = TextField(max_length=rules.LONGEST_REASON, help_text="Why not.")


class WithdrawalIn(StrictSerializer):
    reason = TextField(max_length=rules.LONGEST_REASON)


class RoleRequestQuery(PageQuery):
    state = serializers.ChoiceField(choices=sorted(rules.REQUEST.states), required=False)


class GrantQuery(PageQuery):
    user_id = UUIDField(required=False)
    ended = serializers.BooleanField(default=False, help_text="Also what has ended.")


class NamedOut(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class RoleRequestOut(serializers.Serializer):
    id = serializers.UUIDField()
    user = NamedOut()
    role = serializers.CharField()
    reason = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=sorted(rules.REQUEST.states))
    asked_by = NamedOut()
    asked_at = serializers.DateTimeField()
    decided_by = NamedOut(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    available_transitions = serializers.ListField(child=serializers.CharField())


class RoleGrantOut(serializers.Serializer):
    id = serializers.UUIDField()
    user = NamedOut()
    role = serializers.CharField()
    scope_kind = serializers.CharField(allow_blank=True, help_text="Empty: held everywhere.")
    scope_id = serializers.CharField(allow_blank=True)
    granted_by = NamedOut(allow_null=True)
    approved_by = NamedOut(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    granted_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField(allow_blank=True)


def render_request(asked: RoleRequest, reader_id: object) -> dict[str, Any]:
    """With the steps that the reader may try, as far as who they are decides."""
    actor = "asker" if asked.asked_by_id == reader_id else "nobody" if asked.user_id == reader_id else "staff"
    return {
        "id": asked.id,
        "user": _named(asked.user),
        "role": asked.role,
        "reason": asked.reason,
        "expires_at": asked.expires_at,
        "state": asked.state,
        "asked_by": _named(asked.asked_by),
        "asked_at": asked.asked_at,
        "decided_by": _named(asked.decided_by) if asked.decided_by else None,
        "decided_at": asked.decided_at,
        "note": asked.note,
        "version": asked.version,
        "available_transitions": rules.REQUEST.available(asked.state, actor),
    }


def render_grant(grant: RoleGrant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "user": _named(grant.user),
        "role": grant.role,
        "scope_kind": grant.scope_kind,
        "scope_id": grant.scope_id,
        "granted_by": _named(grant.granted_by) if grant.granted_by else None,
        "approved_by": _named(grant.approved_by) if grant.approved_by else None,
        "reason": grant.reason,
        "granted_at": grant.granted_at,
        "expires_at": grant.expires_at,
        "ended_at": grant.ended_at,
        "end_reason": grant.end_reason,
    }


def _named(user: User) -> dict[str, Any]:
    return {"id": user.id, "name": user.display_name}
