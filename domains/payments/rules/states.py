"""State tables of payments."""

from kelmah.transitions import StateTable, Transition

DEPOSIT = StateTable(
    "deposit",
    [
        Transition("succeed", "processing", "succeeded", "gateway", event="PaymentSucceeded"),
        Transition("fail", "processing", "failed", "gateway", event="PaymentFailed"),
        Transition("question", "processing", "in_review", "gateway", guard="amount, currency or account differ"),
        Transition("question", "failed", "in_review", "gateway", guard="the money came after all"),
        Transition("accept", "in_review", "succeeded", "staff", guard="money arrived", event="PaymentSucceeded"),
        Transition("dismiss", "in_review", "failed", "staff", event="PaymentFailed"),
    ],
    initial="processing",
    final=("succeeded", "failed"),
)

_PARTLY = "less than what is held; each part has a number"

ESCROW = StateTable(
    "escrow",
    [
        Transition("release_part", "funded", "funded", "system", guard=_PARTLY, event="EscrowPartReleased"),
        Transition("release", "funded", "released", "system", guard="work approved", event="EscrowReleased"),
        Transition(
            "release_in_silence", "funded", "released", "system", deadline="end of the review", event="EscrowReleased"
        ),
        Transition("refund", "funded", "refunded", "staff|system", event="EscrowRefunded"),
        Transition("split", "funded", "split", "system", guard="both sides agree", event="EscrowRefunded"),
        Transition("freeze", "funded", "disputed", "system", guard="a dispute is open"),
        Transition("unfreeze", "disputed", "funded", "system", guard="the dispute was withdrawn"),
        Transition("award", "disputed", "released", "system", guard="decided for the worker", event="EscrowReleased"),
        Transition("give_back", "disputed", "refunded", "system|staff", guard="decided for the hirer",
                   event="EscrowRefunded"),
        Transition("divide", "disputed", "split", "system", guard="decided for both", event="EscrowRefunded"),
    ],
    initial="funded",
    final=("released", "refunded", "split"),
)  # fmt: skip

DISPUTED = StateTable(
    "freeze by a dispute",
    [
        Transition("withdraw", "frozen", "withdrawn", "system", guard="the dispute was withdrawn, not decided"),
        Transition("put_off", "frozen", "frozen", "system", guard="decided for the worker while a bank wants it back",
                   deadline="looked at every hour"),
        Transition("decide", "frozen", "decided", "system"),
    ],
    initial="frozen",
    final=("withdrawn", "decided"),
)  # fmt: skip

FEE_PLAN = StateTable(
    "fee plan",
    [
        Transition("approve", "proposed", "approved", "staff", guard="by somebody else than who proposed it"),
        Transition("decline", "proposed", "declined", "staff"),
    ],
    initial="proposed",
    final=("approved", "declined"),
)

PAYOUT = StateTable(
    "payout",
    [
        Transition("pay", "processing", "paid", "gateway", event="PayoutPaid"),
        Transition("fail", "processing", "failed", "gateway", event="PayoutFailed"),
        Transition("return", "processing", "returned", "gateway", event="PayoutFailed"),
        Transition("return", "paid", "returned", "gateway", guard="days later, by the bank", event="PayoutFailed"),
        Transition("return", "in_review", "returned", "gateway", guard="before staff looked", event="PayoutFailed"),
        Transition("question", "processing", "in_review", "gateway", guard="amount, currency or account differ"),
        Transition("accept", "in_review", "paid", "staff", event="PayoutPaid"),
    ],
    initial="processing",
    final=("paid", "failed", "returned"),
)

REFUND = StateTable(
    "refund",
    [
        Transition("complete", "processing", "succeeded", "gateway", event="RefundCompleted"),
        Transition("fail", "processing", "failed", "gateway", event="RefundFailed"),
        Transition("return", "processing", "returned", "gateway", event="RefundFailed"),
        Transition("return", "succeeded", "returned", "gateway", guard="days later, by the bank", event="RefundFailed"),
        Transition("return", "in_review", "returned", "gateway", guard="before staff looked", event="RefundFailed"),
        Transition("question", "processing", "in_review", "gateway", guard="amount, currency or account differ"),
        Transition("accept", "in_review", "succeeded", "staff", event="RefundCompleted"),
    ],
    initial="processing",
    final=("succeeded", "failed", "returned"),
)

# An inquiry moves no money, and may end as one. What was lost can still be won later.
CHARGEBACK = StateTable(
    "chargeback",
    [
        Transition("withdraw", "inquiry", "withdrawn", "gateway", event="ChargebackOpened"),
        Transition("close", "inquiry", "closed", "gateway", guard="it is over, and nothing was taken"),
        Transition("withdraw", "closed", "withdrawn", "gateway", guard="taken after all", event="ChargebackOpened"),
        Transition("reinstate", "withdrawn", "reinstated", "gateway", event="ChargebackWon"),
        Transition("lose", "withdrawn", "lost", "gateway"),
        Transition("reinstate", "lost", "reinstated", "gateway", guard="won after all", event="ChargebackWon"),
    ],
    initial="inquiry",
    final=("closed", "reinstated", "lost"),
)
CHARGEBACK_OPEN = CHARGEBACK.states - set(CHARGEBACK.final)

_UNDECIDED = ("new", "sent", "pending", "unknown")

# What we know of an order to a gateway. A time-out is never a failure: the order stays unknown, its hold stays, and it
# is sent again under the same key or asked about until the gateway says what became of it.
COMMAND = StateTable(
    "gateway command",
    [
        Transition("send", "new", "sent", "system"),
        Transition("send", "unknown", "sent", "system", guard="the gateway still knows the key"),
        Transition("send", "sent", "sent", "system", guard="its worker died, and the gateway still knows the key"),
        *(Transition("wait", state, "pending", "gateway") for state in ("sent", "pending", "unknown")),
        Transition("lose_sight", "sent", "unknown", "system", guard="time-out, 5xx or broken connection"),
        Transition("lose_sight", "unknown", "unknown", "system"),
        Transition("lose_sight", "pending", "pending", "system"),
        *(Transition("succeed", state, "succeeded", "gateway") for state in _UNDECIDED),
        *(Transition("reject", state, "rejected", "gateway") for state in _UNDECIDED),
        *(Transition("return", state, "returned", "gateway") for state in (*_UNDECIDED, "succeeded")),
        Transition("give_up", "unknown", "rejected", "staff", guard="the gateway denies it, its key forgotten"),
    ],
    initial="new",
    final=("succeeded", "rejected", "returned"),
)

# Payouts that go to a provider in one call. Without an answer the very same batch is sent again under its key, or asked
# about: its orders go nowhere else until the provider has named each, or has definitely taken none of them.
PAYOUT_BATCH = StateTable(
    "payout batch",
    [
        Transition("send", "unknown", "sent", "system", guard="the gateway still knows the key"),
        Transition("send", "sent", "sent", "system", guard="its worker died, and the gateway still knows the key"),
        Transition("lose_sight", "sent", "unknown", "system", guard="time-out, 5xx or broken connection"),
        Transition("lose_sight", "unknown", "unknown", "system"),
        Transition("lose_sight", "accepted", "accepted", "system"),
        *(Transition("accept", state, "accepted", "gateway") for state in ("sent", "unknown", "accepted")),
        *(
            Transition("itemize", state, "itemized", "gateway", guard="each payout is decided, or followed alone")
            for state in ("sent", "unknown", "accepted")
        ),
        *(
            Transition("refuse", state, "refused", "gateway", guard="nothing of it is done: each is sent alone")
            for state in ("sent", "unknown")
        ),
    ],
    initial="sent",
    final=("itemized", "refused"),
)
BATCH_OPEN = PAYOUT_BATCH.states - set(PAYOUT_BATCH.final)  # its orders are followed through it alone
