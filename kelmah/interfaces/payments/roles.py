"""Who may do what with money."""

from typing import Final

from kelmah.interfaces.roles import Permission, Restriction, Role

ROLES: Final[tuple[Role, ...]] = ()

PERMISSIONS: Final = (
    Permission(name="payments.request_payout", title="Take money out of one's own wallet", to=("worker", "hirer")),
    Permission(name="payments.request_refund", title="Send one's own deposit back", to=("worker", "hirer")),
    Permission(
        name="payments.view_money",
        title="See the ledger, escrows and transfers of everybody at the desk",
        to=("finance", "compliance", "admin"),
    ),
    Permission(name="payments.check_books", title="Look whether the books are in order", to=("finance", "admin")),
    Permission(name="payments.ask_adjustment", title="Ask for a correction of the books", to=("finance", "admin")),
    Permission(
        name="payments.approve_adjustment",
        title="Approve a correction of the books that somebody else asked for",
        to=("finance", "admin"),
    ),
    Permission(name="payments.refund_escrow", title="Give an escrow back to the hirer", to=("finance", "admin")),
    Permission(
        name="payments.set_fees", title="Propose what the platform takes, or approve it", to=("finance", "admin")
    ),
    Permission(
        name="payments.refund_deposit",
        title="Send somebody's deposit back to where it came from",
        to=("finance", "admin"),
    ),
    Permission(name="payments.forgive_debt", title="Give up what somebody owes", to=("finance", "admin")),
    Permission(
        name="payments.settle_transfer",
        title="Decide on deposits, refunds and payouts in review",
        to=("finance", "admin"),
    ),
    Permission(
        name="payments.review_payout_method",
        title="Decide on payout methods that are kept in another name",
        to=("finance", "compliance", "admin"),
    ),
    Permission(
        name="payments.follow_gateway",
        title="Ask a gateway what became of a transfer, or declare it never done",
        to=("finance", "admin"),
    ),
    Permission(
        name="payments.import_statement", title="Bring statements of banks and gateways", to=("finance", "admin")
    ),
    Permission(
        name="payments.make_payment_file",
        title="Make files of payouts for the bank, with names and numbers of people",
        to=("finance", "admin"),
    ),
    Permission(
        name="payments.settle_difference",
        title="Decide where statements and books differ, and on money that nobody can explain",
        to=("finance", "admin"),
    ),
    Permission(name="payments.view_events", title="See events of payments on their way", to=("admin",)),
    Permission(
        name="payments.decide_events", title="Try dead letters of payments again, or give them up", to=("admin",)
    ),
)

RESTRICTIONS: Final = (
    Restriction(name="payouts", title="Taking money out", takes=("payments.request_payout", "payments.request_refund")),
)
