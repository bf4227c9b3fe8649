"""What each state of money means, and who does what next: read by staff beside the thing itself."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "deposit": {
            "processing": "Nothing is credited yet: the payer or the gateway has not finished. The janitor asks.",
            "succeeded": "It arrived and is in the wallet.",
            "failed": "No money came, and nothing was credited.",
            "in_review": "Something else arrived than was asked for, and stands in suspense. Credit what really"
            " arrived, or credit nothing and send it back: both with a reason, by an action of the list.",
        },
        "payout": {
            "processing": "The amount left the wallet and is held until the gateway says what became of it. The janitor"
            " asks by itself; if the order is unknown for long, see Gateway commands.",
            "paid": "The gateway paid it. A bank may still return it, days later.",
            "failed": "The gateway refused it, and the amount is in the wallet again.",
            "returned": "The bank sent it back, and the amount is in the wallet again.",
            "in_review": "Something else left than was ordered. Compare with the gateway's page, then take it as paid,"
            " with a reason, by an action of the list.",
        },
        "refund": {
            "processing": "The amount is held until the gateway says what became of it. The janitor asks by itself.",
            "succeeded": "It went back to where it came from.",
            "failed": "The gateway refused it, and the amount is in the wallet again.",
            "returned": "The bank did not take it, and the amount is in the wallet again.",
            "in_review": "Something else went back than was ordered. Compare with the gateway's page, then take it as"
            " done, with a reason, by an action of the list.",
        },
        "escrow": {
            "funded": "Protected: it leaves when work is approved, by silence, in parts, by agreement or decision.",
            "disputed": "Frozen while two sides disagree: neither of them, nor the clock, reaches it.",
            "released": "It went to the worker, less the fee.",
            "refunded": "It went back to the hirer.",
            "split": "Both sides got a part.",
        },
        "freeze by a dispute": {
            "frozen": "The dispute is open; who decides it is staff of contracts.",
            "withdrawn": "The dispute was withdrawn, and the clock of the protected funds goes on.",
            "decided": "The dispute was decided, and the money left.",
        },
        "fee plan": {
            "proposed": "It charges nobody yet: somebody else than who proposed it must approve or decline it.",
            "approved": "In force for what is funded from its day on; what was funded before keeps its own.",
            "declined": "It will never be in force.",
        },
        "chargeback": {
            "inquiry": "The payer's bank asks. Nothing moved; this payment can't be refunded. Answer at the gateway.",
            "closed": "The payer's bank asked, and took nothing. The payment can be refunded again.",
            "withdrawn": "The bank took the money back, at the cost of whoever paid it in. Send the evidence at the"
            " gateway before its deadline.",
            "reinstated": "Won: the money came back, and pays the debt first.",
            "lost": "Lost for good. What the wallet could not bear stands at Receivables.",
        },
        "gateway command": {
            "new": "Kept, and not sent yet: the worker sends it within seconds.",
            "sent": "On the way to the gateway; for more than 30 seconds: its worker died, and the janitor follows it.",
            "pending": "The gateway has it and waits, for the payer or for a bank.",
            "unknown": "No answer came, so nobody knows: never order it again another way. Ask the gateway, by an"
            " action of the list; docs/runbooks/unknown-payment.md says what to do when it denies the order.",
            "succeeded": "The gateway did it.",
            "rejected": "The gateway refused it, or staff declared it never done.",
            "returned": "The gateway did it, and the bank sent it back.",
        },
        "payout batch": {
            "sent": "On its way; after 30 seconds its worker counts as dead, and the janitor sends it again.",
            "unknown": "No answer came, so nobody knows: it is sent again under its key. Its payouts go nowhere else.",
            "accepted": "The gateway has it, and has not said yet what it calls each payout.",
            "itemized": "The gateway told of it, or each payout has a key of its own there: each is followed alone.",
            "refused": "The gateway did none of it: each payout is asked about and sent alone.",
        },
        "adjustment": {
            "open": "Nothing is posted yet: somebody else than who asked must approve or decline it.",
            "posted": "Posted, as the transaction that it names.",
            "declined": "Nothing was posted.",
            "taken_back": "Whoever asked took it back: nothing was posted.",
        },
        "hold": {
            "held": "Reserved: its domain captures or releases it, or it ends at its time.",
            "captured": "It went where its domain said, and what was left back to the payer.",
            "expired": "Its time was over: it went back to the payer.",
            "released": "It went back to the payer.",
        },
        "payout method": {
            "checking": "The gateway is asked for the holder's name; nothing is paid there before.",
            "in_review": "The holder has another name than the person. Accept or refuse it, with a reason, by an action"
            " of the list.",
            "active": "Payouts may go there.",
            "refused": "Staff refused it: nothing is paid there.",
            "removed": "Its owner removed it: nothing is paid there.",
        },
    }
)
