"""REST routes of payments."""

from django.urls import path

from domains.payments.api import (
    books,
    escrows,
    exchange,
    methods,
    periods,
    profiles,
    refunds,
    transfers,
    wallets,
    webhooks,
)

urlpatterns = [
    path("wallet", wallets.Wallet.as_view()),
    path("wallets", wallets.Wallets.as_view()),
    path("wallet/quotes", exchange.Quotes.as_view()),
    path("wallet/quotes/<uuid:quote_id>", exchange.QuoteDetail.as_view()),
    path("wallet/quotes/<uuid:quote_id>/accept", exchange.QuoteAcceptance.as_view()),
    path("wallet/statement", wallets.Statement.as_view()),
    path("wallet/statement/period", periods.PeriodStatements.as_view()),
    path("wallet/statement/csv", periods.PeriodCsv.as_view()),
    path("wallet/statement/pdf", periods.PeriodPdf.as_view()),
    path("wallet/deposits", transfers.DepositCreate.as_view()),
    path("wallet/deposits/<uuid:deposit_id>", transfers.DepositDetail.as_view()),
    path("wallet/deposits/<uuid:deposit_id>/refunds", refunds.DepositRefunds.as_view()),
    path("wallet/refunds/<uuid:refund_id>", refunds.RefundDetail.as_view()),
    path("wallet/payouts", transfers.Payouts.as_view()),
    path("wallet/payouts/<uuid:payout_id>", transfers.PayoutDetail.as_view()),
    path("wallet/payout-methods", methods.PayoutMethods.as_view()),
    path("wallet/payout-methods/<uuid:method_id>", methods.PayoutMethodDetail.as_view()),
    path("wallet/saved-methods/<slug:gateway>", profiles.SavedMethods.as_view()),
    path("wallet/saved-methods/<slug:gateway>/<slug:ref>", profiles.SavedMethodDetail.as_view()),
    path("wallet/payee-accounts/<slug:gateway>", profiles.PayeeAccount.as_view()),
    path("escrows/<uuid:milestone_id>", escrows.EscrowDetail.as_view()),
    path("webhooks/<slug:gateway>", webhooks.GatewayWebhook.as_view()),
    path("ledger/check", books.LedgerCheck.as_view()),
]
