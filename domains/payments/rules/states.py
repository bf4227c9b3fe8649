"""State tables of payments."""

from kelmah.transitions import StateTable, Transition

DEPOSIT = StateTable(
    "deposit",
    [
        Transition("succeed", "processing", "succeeded", "gateway", event="PaymentSucceeded"),
        Transition("fail", "processing", "failed", "gateway", event="PaymentFailed"),
        Transition("question", "processing", "in_review", "gateway", guard="amount or currency differ"),
    ],
    initial="processing",
    final=("succeeded", "failed", "in_review"),
)

ESCROW = StateTable(
    "escrow",
    [
        Transition("release", "funded", "released", "system", guard="work approved", event="EscrowReleased"),
        Transition("refund", "funded", "refunded", "staff"),
    ],
    initial="funded",
    final=("released", "refunded"),
)

PAYOUT = StateTable(
    "payout",
    [
        Transition("pay", "processing", "paid", "gateway", event="PayoutPaid"),
        Transition("fail", "processing", "failed", "gateway", event="PayoutFailed"),
    ],
    initial="processing",
    final=("paid", "failed"),
)

# What we know of an order to a gateway. A time-out is never a failure: the order stays unknown, its hold stays, and it
# is sent again under the same key or asked about until the gateway says what became of it.
COMMAND = StateTable(
    "gateway command",
    [
        Transition("send", "new", "sent", "system"),
        Transition("send", "unknown", "sent", "system"),
        Transition("send", "sent", "sent", "system", guard="its worker died"),
        Transition("wait", "sent", "pending", "gateway"),
        Transition("wait", "pending", "pending", "gateway"),
        Transition("lose_sight", "sent", "unknown", "system", guard="time-out, 5xx or broken connection"),
        Transition("lose_sight", "pending", "pending", "system"),
        *(Transition("succeed", state, "succeeded", "gateway") for state in ("new", "sent", "pending", "unknown")),
        *(Transition("reject", state, "rejected", "gateway") for state in ("new", "sent", "pending", "unknown")),
    ],
    initial="new",
    final=("succeeded", "rejected"),
)
