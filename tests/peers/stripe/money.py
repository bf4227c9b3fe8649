"""What the peer does with orders. The instrument says how it goes.

Payment methods: ``pm_card_visa``, ``pm_card_visa_chargeDeclined`` and ``pm_card_authenticationRequired`` (a redirect;
``settle`` is the payer's approval) as in Stripe's test mode; ``pm_slow`` and ``pm_slow_fails`` (processing until
``settle``); ``pm_drift`` (one less is charged), ``pm_other_mode`` (the other of live and test), ``pm_error`` (charged,
and the key answers 500 for ever). Accounts: ``acct_good`` (paid at ``settle``), ``acct_returns`` (failed at the next),
``acct_fails`` (failed at ``settle``), ``acct_nobank`` (no payout is possible); others do not exist. Refunds of an
amount ending in 13 are pending until ``settle``, in 14 fail then.
"""

from typing import Any

from tests.peers.stripe.memory import Memory, Refused, Thing

FEE = 30
ACCOUNTS = {
    "acct_good": ("Ama", "Mensah"),
    "acct_returns": ("Kofi", "Boateng"),
    "acct_fails": ("Esi", "Owusu"),
    "acct_nobank": ("Yaw", "Asante"),
}
METHODS = {
    *("pm_card_visa", "pm_card_authenticationRequired", "pm_card_visa_chargeDeclined"),
    *("pm_slow", "pm_slow_fails", "pm_drift", "pm_other_mode", "pm_error"),
}
_DECLINED = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline", "message": "declined"}


def charge(memory: Memory, asked: dict[str, Any]) -> Thing:
    """A PaymentIntent, confirmed."""
    method = asked.get("payment_method")
    if method not in METHODS:
        raise Refused(400, "resource_missing", param="payment_method")
    if asked["currency"] in ("kwd", "bhd") and asked["amount"] % 10:
        raise Refused(400, "invalid_amount", param="amount")
    fields = {name: asked[name] for name in ("amount", "currency", "metadata", "payment_method")}
    # Its field remapping aside, an intent made without a list of types has those of the dashboard.
    types = {"payment_method_types": ["card"], "client_secret": "secret", "capture_method": "automatic"}
    intent = memory.make("payment_intent", **fields, **types, confirmation_method="automatic", status="processing")
    match method:
        case "pm_card_visa_chargeDeclined":
            _fail(intent)
            raise Refused(402, **_DECLINED, payment_intent=memory.shown(intent, []))
        case "pm_card_authenticationRequired":
            intent["status"] = "requires_action"
            returning = {"return_url": asked.get("return_url"), "url": f"https://hooks.stripe.com/{intent['id']}"}
            intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": returning}
        case "pm_slow" | "pm_slow_fails":
            pass
        case _:
            succeed(memory, intent)
    if method == "pm_other_mode":
        intent["livemode"] = not memory.live
    return intent


def succeed(memory: Memory, intent: Thing) -> None:
    received = intent["amount"] - (intent["payment_method"] == "pm_drift")
    parts = {"amount": received, "amount_captured": received, "captured": True, "paid": True, "status": "succeeded"}
    words = {"currency": intent["currency"], "metadata": dict(intent["metadata"]), "payment_intent": intent["id"]}
    made = memory.make("charge", **parts, **words)
    fee = FEE * 100 if intent["currency"] == "ugx" else FEE
    made["balance_transaction"] = memory.move(received, intent["currency"], source=made, category="charge", fee=fee)
    intent |= {"status": "succeeded", "amount_received": received, "latest_charge": made["id"], "next_action": None}


def refund(memory: Memory, asked: dict[str, Any]) -> Thing:
    """Of a charge, at most what is left of it."""
    intent = memory.get("payment_intent", asked.get("payment_intent", ""))
    if intent["status"] != "succeeded":
        raise Refused(400, "charge_not_captured")
    paid = memory.get("charge", intent["latest_charge"])
    if paid["disputed"]:
        raise Refused(400, "charge_disputed")
    if asked["amount"] > paid["amount"] - paid["amount_refunded"]:
        raise Refused(400, "charge_already_refunded")
    paid["amount_refunded"] += asked["amount"]
    words = {"charge": paid["id"], "payment_intent": intent["id"], "currency": intent["currency"]}
    fields = {"amount": asked["amount"], "metadata": asked["metadata"]}
    status = "pending" if asked["amount"] % 100 in (13, 14) else "succeeded"
    made = memory.make("refund", **words, **fields, status=status)
    category = {"source": made, "category": "refund"}
    made["balance_transaction"] = memory.move(-asked["amount"], intent["currency"], **category)
    return made


def transfer(memory: Memory, asked: dict[str, Any]) -> Thing:
    """To a connected account."""
    if asked["destination"] not in ACCOUNTS:
        raise Refused(400, "resource_missing", param="destination")
    fields = {name: asked.get(name) for name in ("amount", "currency", "destination", "metadata", "transfer_group")}
    reversals = {"object": "list", "data": [], "has_more": False, "url": "/v1/transfers/reversals"}
    made = memory.make("transfer", **fields, reversals=reversals)
    made["balance_transaction"] = memory.move(-made["amount"], made["currency"], source=made, category="transfer")
    return made


def reverse(memory: Memory, ref: str, asked: dict[str, Any]) -> Thing:
    whole = memory.get("transfer", ref)
    if asked["amount"] > whole["amount"] - whole["amount_reversed"]:
        raise Refused(400, "balance_insufficient")
    whole["amount_reversed"] += asked["amount"]
    whole["reversed"] = whole["amount_reversed"] == whole["amount"]
    made = memory.make("transfer_reversal", amount=asked["amount"], currency=whole["currency"], transfer=ref)
    category = {"source": made, "category": "transfer_reversal"}
    made["balance_transaction"] = memory.move(asked["amount"], whole["currency"], **category)
    return made


def payout(memory: Memory, asked: dict[str, Any], account: str) -> Thing:
    """From a connected account to its bank."""
    if account not in ACCOUNTS:
        raise Refused(403, "account_invalid")
    if account == "acct_nobank":
        raise Refused(400, "payouts_not_allowed")
    fields = {name: asked[name] for name in ("amount", "currency", "metadata")}
    words = {"status": "pending", "method": "standard", "type": "bank_account", "source_type": "card"}
    return memory.make("payout", at=account, arrival_date=0, reconciliation_status="not_applicable", **fields, **words)


def dispute(memory: Memory, ref: str, status: str, moves: list[int]) -> Thing:
    """The payer's bank asks or takes; ``moves`` are what it took from our balance and gave back, so far."""
    intent = memory.get("payment_intent", ref)
    paid = memory.get("charge", intent["latest_charge"])
    own = [thing for thing in memory.all("dispute") if thing["charge"] == paid["id"]]
    words = {"charge": paid["id"], "payment_intent": ref, "currency": intent["currency"], "reason": "fraudulent"}
    made = own[0] if own else memory.make("dispute", amount=paid["amount"], status=status, **words)
    made["status"], paid["disputed"] = status, not status.startswith("warning")
    for move in moves[len(made["balance_transactions"]) :]:
        category = "dispute" if move < 0 else "dispute_reversal"
        line = memory.move(move, intent["currency"], source=made, category=category, fee=1500 if move < 0 else 0)
        made["balance_transactions"].append({k: v for k, v in memory.things[line].items() if k != "_at"})
    return made


def settle(memory: Memory) -> list[Thing]:
    """What waits gets its end; returns what changed."""
    return [thing for thing in list(memory.things.values()) if _settled(memory, thing)]


# Private functions


def _settled(memory: Memory, thing: Thing) -> bool:
    match thing["object"], thing.get("status"):
        case "payment_intent", "processing" | "requires_action":
            _fail(thing) if thing["payment_method"] == "pm_slow_fails" else succeed(memory, thing)
        case "refund", "pending":
            thing["status"] = "succeeded"
            if thing["amount"] % 100 == 14:
                thing |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
                memory.move(thing["amount"], thing["currency"], source=thing, category="refund_failure")
        case "payout", "pending":
            thing["status"] = "paid"
            if thing["_at"] == "acct_fails":
                thing |= {"status": "failed", "failure_code": "account_closed"}
        case "payout", "paid" if thing["_at"] == "acct_returns":
            thing |= {"status": "failed", "failure_code": "account_closed"}
        case _:
            return False
    return True


def _fail(intent: Thing) -> None:
    intent |= {"status": "requires_payment_method", "last_payment_error": dict(_DECLINED)}
