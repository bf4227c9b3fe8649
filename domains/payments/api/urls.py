"""REST routes of payments."""

from django.urls import path

from domains.payments.api import transfers, views

urlpatterns = [
    path("wallet", views.Wallet.as_view()),
    path("wallet/statement", views.Statement.as_view()),
    path("wallet/deposits", transfers.DepositCreate.as_view()),
    path("wallet/deposits/<uuid:deposit_id>", transfers.DepositDetail.as_view()),
    path("wallet/payouts", transfers.PayoutCreate.as_view()),
    path("wallet/payouts/<uuid:payout_id>", transfers.PayoutDetail.as_view()),
    path("escrows/<uuid:milestone_id>", views.EscrowDetail.as_view()),
    path("webhooks/sandbox", views.SandboxWebhook.as_view()),
    path("ledger/check", views.LedgerCheck.as_view()),
]
