"""JSON of contracts, in and out."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from domains.contracts import queries, rules
from domains.contracts.models import Contract, Dispute, Milestone, Submission
from kelmah.http.fields import MoneyField
from kelmah.http.serializers import StrictSerializer

# --- in ----------------------------------------------------------------------------------------------------------


class SignIn(StrictSerializer):
    legal_name = serializers.CharField(min_length=2, max_length=200)
    consent = serializers.BooleanField()
    text_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class SubmitIn(StrictSerializer):
    note = serializers.CharField(max_length=5000, allow_blank=True, default="")
    file_ids = serializers.ListField(child=serializers.UUIDField(), max_length=20, default=list)


class ChangesIn(StrictSerializer):
    note = serializers.CharField(min_length=1, max_length=5000)


class DisputeIn(StrictSerializer):
    reason = serializers.CharField(min_length=1, max_length=5000)


# --- out ---------------------------------------------------------------------------------------------------------


class SignatureOut(serializers.Serializer):
    role = serializers.CharField()
    legal_name = serializers.CharField()
    signed_at = serializers.DateTimeField()
    hash = serializers.CharField()


class DeliverableOut(serializers.Serializer):
    file_id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()


class SubmissionOut(serializers.Serializer):
    number = serializers.IntegerField()
    note = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    changes_note = serializers.CharField()
    deliverables = DeliverableOut(many=True)


class DisputeOut(serializers.Serializer):
    id = serializers.UUIDField()
    opened_by = serializers.ChoiceField(choices=["hirer", "worker"])
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=sorted(rules.DISPUTE.states))
    opened_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    to_worker = MoneyField(allow_null=True, help_text="What the ruling gives the worker, fee included.")
    ruling = serializers.CharField()


class MilestoneOut(serializers.Serializer):
    id = serializers.UUIDField()
    contract_id = serializers.UUIDField()
    position = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    amount = MoneyField()
    due_in_days = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=sorted(rules.MILESTONE.states))
    version = serializers.IntegerField()
    revisions = serializers.IntegerField()
    funding_error = serializers.CharField()
    funded_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    auto_approve_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    approved_by = serializers.CharField()
    released_at = serializers.DateTimeField(allow_null=True)
    refunded_at = serializers.DateTimeField(allow_null=True)
    paid = MoneyField(help_text="What left protection for the worker until now, fee included.")
    fee = MoneyField(allow_null=True)
    net = MoneyField(allow_null=True)
    refunded = MoneyField(help_text="What went back to the hirer.")
    deliverables = DeliverableOut(many=True, help_text="Files of the latest submission.")
    submissions = SubmissionOut(many=True, help_text="Newest first.")
    dispute = DisputeOut(allow_null=True, help_text="The latest.")
    available_transitions = serializers.ListField(child=serializers.CharField())


class ContractOut(serializers.Serializer):
    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    hirer_id = serializers.UUIDField()
    worker_id = serializers.UUIDField()
    my_role = serializers.ChoiceField(choices=["hirer", "worker"])
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=["fixed", "hourly"])
    amount = MoneyField()
    paid = MoneyField(help_text="Of milestones and weeks, fees included, until now.")
    refunded = MoneyField(help_text="What went back to the hirer.")
    state = serializers.ChoiceField(choices=sorted(rules.CONTRACT.states))
    version = serializers.IntegerField()
    text = serializers.CharField()
    text_sha256 = serializers.CharField()
    signatures = SignatureOut(many=True)
    milestones = MilestoneOut(many=True)
    created_at = serializers.DateTimeField()
    activated_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    available_transitions = serializers.ListField(child=serializers.CharField())


# --- rendering ---------------------------------------------------------------------------------------------------


def render_contract(contract: Contract, *, viewer_id: UUID) -> dict[str, Any]:
    """The contract as its side ``viewer_id`` sees it."""
    role = queries.role_of(contract, viewer_id) or ""
    signatures = sorted(contract.signatures.all(), key=lambda signature: signature.id)
    paid, refunded = queries.totals_of(contract)
    available = rules.CONTRACT.available(contract.state, role)
    if any(signature.role == role for signature in signatures):
        available = [name for name in available if name != "sign"]
    return {
        "id": contract.id,
        "job_id": contract.job_id,
        "hirer_id": contract.hirer_id,
        "worker_id": contract.worker_id,
        "my_role": role,
        "title": contract.title,
        "kind": contract.kind,
        "amount": contract.amount.as_json(),
        "paid": paid.as_json(),
        "refunded": refunded.as_json(),
        "state": contract.state,
        "version": contract.version,
        "text": contract.text,
        "text_sha256": contract.text_sha256,
        "signatures": [
            {
                "role": signature.role,
                "legal_name": signature.legal_name,
                "signed_at": signature.signed_at,
                "hash": signature.hash,
            }
            for signature in signatures
        ],
        "milestones": [render_milestone(milestone, role=role) for milestone in contract.milestones.all()],
        "created_at": contract.created_at,
        "activated_at": contract.activated_at,
        "ended_at": contract.ended_at,
        "available_transitions": available,
    }


def render_milestone(milestone: Milestone, *, role: str) -> dict[str, Any]:
    """The milestone as the side ``role`` of its contract sees it."""
    submissions = sorted(milestone.submissions.all(), key=lambda submission: -submission.number)
    disputes = sorted(milestone.disputes.all(), key=lambda dispute: dispute.opened_at)
    dispute = disputes[-1] if disputes else None
    return {
        "id": milestone.id,
        "contract_id": milestone.contract_id,
        "position": milestone.position,
        "title": milestone.title,
        "description": milestone.description,
        "amount": milestone.amount.as_json(),
        "due_in_days": milestone.due_in_days,
        "state": milestone.state,
        "version": milestone.version,
        "revisions": milestone.revisions,
        "funding_error": milestone.funding_error,
        "funded_at": milestone.funded_at,
        "submitted_at": milestone.submitted_at,
        "auto_approve_at": milestone.auto_approve_at,
        "approved_at": milestone.approved_at,
        "approved_by": milestone.approved_by,
        "released_at": milestone.released_at,
        "refunded_at": milestone.refunded_at,
        "paid": _money(milestone.paid_minor, milestone.currency),
        "fee": _money(milestone.fee_minor, milestone.currency),
        "net": _money(milestone.net_minor, milestone.currency),
        "refunded": _money(milestone.refunded_minor, milestone.currency),
        "deliverables": _deliverables(submissions[0]) if submissions else [],
        "submissions": [_submission(submission) for submission in submissions],
        "dispute": _dispute(dispute, milestone) if dispute else None,
        "available_transitions": _available(milestone, dispute, role),
    }


# Private functions


def _available(milestone: Milestone, dispute: Dispute | None, role: str) -> list[str]:
    if milestone.contract.state != "active":
        return []
    names = rules.MILESTONE.available(milestone.state, role)
    if dispute is None or dispute.state not in rules.DISPUTED:
        return [name for name in names if name != "withdraw_dispute"]
    mine = dispute.state == "open" and _opener(dispute, milestone) == role
    return [name for name in names if mine and name == "withdraw_dispute"]


def _opener(dispute: Dispute, milestone: Milestone) -> str | None:
    return queries.role_of(milestone.contract, dispute.opened_by)


def _dispute(dispute: Dispute, milestone: Milestone) -> dict[str, Any]:
    return {
        "id": dispute.id,
        "opened_by": _opener(dispute, milestone),
        "reason": dispute.reason,
        "state": dispute.state,
        "opened_at": dispute.opened_at,
        "ended_at": dispute.ended_at,
        "to_worker": _money(dispute.to_worker_minor, milestone.currency),
        "ruling": dispute.ruling,
    }


def _money(minor: int | None, currency: str) -> dict[str, Any] | None:
    return None if minor is None else {"amount": minor, "currency": currency}


def _submission(submission: Submission) -> dict[str, Any]:
    return {
        "number": submission.number,
        "note": submission.note,
        "submitted_at": submission.submitted_at,
        "changes_note": submission.changes_note,
        "deliverables": _deliverables(submission),
    }


def _deliverables(submission: Submission) -> list[dict[str, Any]]:
    return [
        {
            "file_id": deliverable.file_id,
            "name": deliverable.name,
            "content_type": deliverable.content_type,
            "size": deliverable.size,
            "sha256": deliverable.sha256,
        }
        for deliverable in submission.deliverables.all()
    ]
