"""REST routes of contracts."""

from django.urls import path

from domains.contracts.api import disputes, milestones, views

urlpatterns = [
    path("contracts", views.ContractList.as_view()),
    path("contracts/<uuid:contract_id>", views.ContractDetail.as_view()),
    path("contracts/<uuid:contract_id>/sign", views.ContractSign.as_view()),
    path("contracts/<uuid:contract_id>/cancel", views.ContractCancel.as_view()),
    path("milestones/<uuid:milestone_id>", milestones.MilestoneDetail.as_view()),
    path("milestones/<uuid:milestone_id>/fund", milestones.MilestoneFund.as_view()),
    path("milestones/<uuid:milestone_id>/start", milestones.MilestoneStart.as_view()),
    path("milestones/<uuid:milestone_id>/submit", milestones.MilestoneSubmit.as_view()),
    path("milestones/<uuid:milestone_id>/request_changes", milestones.MilestoneRequestChanges.as_view()),
    path("milestones/<uuid:milestone_id>/approve", milestones.MilestoneApprove.as_view()),
    path("milestones/<uuid:milestone_id>/dispute", disputes.MilestoneDispute.as_view()),
    path("milestones/<uuid:milestone_id>/withdraw_dispute", disputes.MilestoneWithdrawDispute.as_view()),
]
