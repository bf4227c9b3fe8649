"""What payments gives back to somebody, and how it forgets them: the books stay, by id, without their words."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import F, Func, Q, QuerySet, TextField, Value

from domains.payments import rules
from domains.payments.models import (
    Chargeback,
    Decision,
    Deposit,
    Escrow,
    ExchangeQuote,
    GatewayCommand,
    GatewayProfile,
    LedgerAccount,
    LedgerEntry,
    MoneyHold,
    Payout,
    PayoutMethod,
    Refund,
    SuspenseRuling,
    VirtualAddress,
    WebhookEvent,
)
from domains.payments.queries.methods import destination_of
from domains.payments.queries.whereabouts import whereabouts
from kelmah import clock, crypto
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.payments.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check or erase now, copy by a task."""
    with atomic("payments"):
        if asked.step == "export":
            enqueue("payments.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
        else:
            publish(answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase))


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Bring everything to files. Again is safe. Raises Unavailable."""
    counts = hand_over(
        _sections(user_id), domain="payments", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("payments"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Money that is theirs, protected for work, or on its way: it must have arrived somewhere first."""
    money = whereabouts(user_id)
    return [
        Hold(reason="money_in_wallet", count=money.in_wallets),
        Hold(reason="money_on_its_way", count=money.on_its_way),
        Hold(reason="protected_funds", count=money.protected),
    ]


# Private functions


def _wallets(user_id: UUID) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(
        Q(key__startswith=rules.wallet(user_id))
        | Q(key__startswith=f"own:{rules.wallet(user_id)}")
        | Q(key__startswith=f"receivable:{user_id}:")
    )


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    entries = LedgerEntry.objects.filter(account__in=_wallets(user_id)).order_by("account_id", "account_version")
    return {
        "wallets": records_of(_wallets(user_id)),
        "ledger": records_of(entries),
        "deposits": records_of(Deposit.objects.filter(user_id=user_id).order_by("created_at")),
        "payouts": records_of(Payout.objects.filter(user_id=user_id).order_by("created_at")),
        "refunds": records_of(Refund.objects.filter(user_id=user_id).order_by("created_at")),
        "chargebacks": records_of(Chargeback.objects.filter(user_id=user_id).order_by("opened_at")),
        "payout_methods": _methods(user_id),
        "exchanges": records_of(
            ExchangeQuote.objects.filter(user_id=user_id).exclude(accepted_at=None).order_by("created_at")
        ),
        "gateway_profiles": records_of(GatewayProfile.objects.filter(user_id=user_id).order_by("created_at")),
        "virtual_addresses": records_of(VirtualAddress.objects.filter(owner=f"user:{user_id}").order_by("created_at")),
        "holds": records_of(MoneyHold.objects.filter(payer_id=user_id).order_by("created_at")),
        "protected_funds": records_of(
            Escrow.objects.filter(Q(hirer_id=user_id) | Q(worker_id=user_id)).order_by("funded_at")
        ),
    }


def _methods(user_id: UUID) -> Iterator[dict[str, Any]]:
    for method in PayoutMethod.objects.filter(user_id=user_id).order_by("created_at"):
        kept = {"method_id": method.id, "gateway": method.gateway, "state": method.state, "added": method.created_at}
        yield kept | {"account": None if method.destination is None else destination_of(method)}


def _forget_profiles(user_id: UUID) -> int:
    """Ours now, a payer's at the gateway soon; a payee's stays there, where payouts to it must stay explained."""
    mine = GatewayProfile.objects.filter(user_id=user_id)
    for profile in mine.filter(kind="payer").exclude(ref=""):
        enqueue("payments.close_payer", gateway=profile.gateway, ref=profile.ref)
    return mine.delete()[0]


def _forget_methods(user_id: UUID) -> int:
    crypto.shred("payments", subject=user_id)
    mine = PayoutMethod.objects.filter(user_id=user_id)
    forgotten = {"destination": None, "destination_index": None, "holder": None}
    mine.filter(ended_at=None).update(state="removed", ended_at=clock.now(), **forgotten)
    return mine.exclude(hint=ERASED).update(hint=ERASED, **forgotten)


def _erase(user_id: UUID) -> dict[str, int]:
    deposits = Deposit.objects.filter(user_id=user_id)
    payouts = Payout.objects.filter(user_id=user_id)
    explained = SuspenseRuling.objects.filter(credit_to=user_id)
    refunds = Refund.objects.filter(user_id=user_id)
    moved = (deposits, payouts, refunds, explained)
    subjects = [each for found in moved for each in found.values_list("id", flat=True)]
    orders = GatewayCommand.objects.filter(subject_id__in=subjects)
    # Some providers name an object by our key and something of theirs, of which an order keeps the last.
    by_key = Func(F("ref"), Value(":"), Value(1), function="split_part", output_field=TextField())
    keys = [each.hex for each in orders.values_list("id", flat=True)]
    told = WebhookEvent.objects.alias(by_key=by_key).filter(
        Q(ref__in=orders.exclude(gateway_ref="").values("gateway_ref")) | Q(by_key__in=keys)
    )
    decided = Decision.objects.filter(subject_id__in=[str(subject) for subject in subjects])
    return {
        "destinations": payouts.exclude(destination=ERASED).update(destination=ERASED),
        "payout_methods": _forget_methods(user_id),
        "gateway_profiles": _forget_profiles(user_id),
        # What still comes to one stands in suspense from now on.
        "virtual_addresses": VirtualAddress.objects.filter(owner=f"user:{user_id}").delete()[0],
        "instruments": orders.exclude(instrument=ERASED).update(instrument=ERASED, next_action=None, last_error=""),
        "webhooks": told.exclude(body=b"").update(body=b"", last_error=""),
        "explanations": explained.exclude(reason=ERASED).update(reason=ERASED),
        "decisions": decided.exclude(reason=ERASED).update(reason=ERASED),
        "titles": Escrow.objects.filter(hirer_id=user_id).exclude(title=ERASED).update(title=ERASED),
        "traces": forget_traces("payments", user_id),
    }
