"""Who sees what at the desks, written out once more by hand: a change of rights has to change this table, too."""

from collections.abc import Iterable

EVENTS = {"Inbox", "Outbox", "Deadline"}
PAGES: dict[str, dict[str, set[str]]] = {
    "identity": {
        "User Profile Company CompanyMember CompanyInvitation": {"support", "moderator", "compliance", "admin"},
        "WorkerCard": {"support", "moderator", "compliance", "admin"},
        "AuthSession LoginGuard ApiKey Erasure DataExport FactorReset": {"support", "compliance", "admin"},
        "Impersonation": {"support", "admin"},
        "Figure": {"finance", "compliance", "admin"},
        "RankWeights": {"admin"},
        "Document": {"compliance", "admin"},
        "Restriction": {"support", "moderator", "compliance", "admin"},
        "RoleGrant RoleRequest": {"compliance", "admin"},
    },
    "marketplace": {
        "Job Proposal Offer": {"support", "moderator", "compliance", "admin"},
        "Category Skill": {"support", "moderator", "admin"},
    },
    "contracts": {"Contract Milestone Submission Dispute": {"support", "finance", "compliance", "admin"}},
    "payments": {
        "Position BooksCheck LedgerAccount LedgerTransaction Escrow Deposit Payout GatewayCommand WebhookEvent": {
            "finance", "compliance", "admin",
        },
        "Adjustment Decision FeePlan PayoutMethod ExchangeRate ExchangeQuote": {"finance", "compliance", "admin"},
        "PaymentFile Statement StatementEntry Difference Suspended SuspenseRuling": {"finance", "compliance", "admin"},
        "Decision FeePlan PayoutMethod Refund Chargeback Receivable": {"finance", "compliance", "admin"},
        "DisputedFunds MoneyHold VirtualAddress PayoutBatch": {"finance", "compliance", "admin"},
    },
    "messaging": {
        "Conversation Message": {"support", "moderator", "compliance", "admin"},
        "Notification Delivery Contact": {"support", "admin"},
    },
    "reviews": {"ReviewWindow Review Reputation CategoryMean": {"support", "moderator", "admin"}},
    "files": {"File": {"support", "moderator", "compliance", "admin"}},
}  # fmt: skip

# Actions beyond looking.
ACTIONS: dict[str, dict[str, set[str]]] = {
    "identity": {
        "Restriction.uphold Restriction.lift": {"moderator", "compliance", "admin"},
        "User.suspend User.reactivate": {"moderator", "compliance", "admin"},
        "AuthSession.revoke ApiKey.revoke": {"support", "compliance", "admin"},
        "Impersonation.end": {"support", "admin"},
        "FactorReset.approve FactorReset.decline": {"support", "compliance", "admin"},
        "Erasure.recheck": {"compliance", "admin"},
        "RoleGrant.withdraw RoleRequest.approve RoleRequest.decline RoleRequest.take_back": {"compliance", "admin"},
    },
    "marketplace": {
        "Job.remove Category.retire Category.restore Skill.retire Skill.restore": {"moderator", "admin"},
    },
    "contracts": {"Dispute.award Dispute.give_back Dispute.divide": {"finance", "compliance", "admin"}},
    "payments": {
        "Adjustment.approve Adjustment.decline Adjustment.take_back": {"finance", "admin"},
        "FeePlan.approve FeePlan.decline": {"finance", "admin"},
        "BooksCheck.check_now Escrow.refund Deposit.accept Deposit.dismiss": {"finance", "admin"},
        "Deposit.ask_the_gateway Payout.accept Payout.ask_the_gateway": {"finance", "admin"},
        "PayoutMethod.accept PayoutMethod.refuse": {"finance", "compliance", "admin"},
        "PaymentFile.refuse Statement.reconcile Difference.accept Difference.book": {"finance", "admin"},
        "Suspended.credit Suspended.write_off SuspenseRuling.carry_out SuspenseRuling.withdraw": {"finance", "admin"},
        "Deposit.refund Deposit.send_back Receivable.forgive": {"finance", "admin"},
        "Refund.accept Refund.ask_the_gateway": {"finance", "admin"},
        "GatewayCommand.ask_the_gateway GatewayCommand.give_up WebhookEvent.replay": {"finance", "admin"},
        "PayoutBatch.ask_the_gateway": {"finance", "admin"},
    },
    "messaging": {"Delivery.send_again": {"support", "admin"}},
    "reviews": {},
    "files": {},
}  # fmt: skip

STAFF_ROLES = ("support", "moderator", "finance", "compliance", "admin")


def sees(role: str, domain: str, page: str) -> bool:
    """Whether the role sees the page of a domain that this table knows. Raises LookupError for others."""
    if page in EVENTS:
        return role == "admin"
    return role in _found(roles for pages, roles in PAGES[domain].items() if page in pages.split())


def does(role: str, domain: str, page: str, action: str) -> bool:
    """Whether the role may use the action. Raises LookupError for what the table does not know."""
    if page in EVENTS:
        return role == "admin"
    wanted = f"{page}.{action}"
    return role in _found(roles for actions, roles in ACTIONS[domain].items() if wanted in actions.split())


def _found(roles: Iterable[set[str]]) -> set[str]:
    for each in roles:
        return each
    raise LookupError("say in the table above who sees this page, or uses this action")
