"""At least one row of every table that the desk shows."""

from decimal import Decimal

from domains.payments import actions
from domains.payments.actions import adjustments, disputes, exchange, holds, methods, payout_batches, refunds, reviews
from domains.payments.models import VirtualAddress, WebhookEvent
from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.payments.disputed import charge_of, disputed, emptied
from tests.payments.factories import cedis, funded_escrow, ordered_payout, rich, ruling, somebody
from tests.payments.statements import every_kind_of_difference

WRITTEN_OFF = [("platform:loss:GHS", -cedis(1)), ("suspense:sandbox:GHS", cedis(1))]


def one_of_everything() -> None:
    """The gateway is not asked; the last difference freezes payouts."""
    reviews.start_review(milestone_id=funded_escrow().milestone_id, submission=1)
    disputes.freeze(dispute_id=new_id(), milestone_id=funded_escrow().milestone_id)
    actions.refund_escrow(milestone_id=funded_escrow().milestone_id, ruling=ruling())
    ordered_payout(rich(cedis(100)), cedis(40))
    _, together = ordered_payout(rich(cedis(100)), cedis(40))
    with atomic("payments"):
        payout_batches._made_of([together])
    refunds.refund_deposit(deposit_id=charge_of(rich(cedis(20)).user_id).subject_id, ruling=ruling())
    owing = rich(cedis(30)).user_id
    emptied(owing, cedis(30))
    disputed(charge_of(owing))
    actions.check_books()
    WebhookEvent.objects.create(
        gateway="sandbox", account="kelmah", event_id="evt_1", kind="charge", ref="ch_1", body=b"{}",
        received_at=clock.now(), next_at=clock.now(), dead_at=clock.now(), attempts=12,
    )  # fmt: skip
    methods.add(by=somebody(), gateway="sandbox", destination="acct_success", hint="…cess")
    fare = {"amount": cedis(5), "purpose": "fare", "source": "rides.ride:1", "expires_at": None}
    holds.hold(holds.Wanted(key="ride:1", payer_id=rich(cedis(5)).user_id, **fare))
    code = {"owner": f"vehicle:{new_id()}", "purpose": "rent", "currency": "GHS", "gateway": "sandbox"}
    VirtualAddress.objects.create(**code, ref="ad_1", data={"account_number": "9000000001"}, created_at=clock.now())
    exchange.keep_rates({"GHS": Decimal("10.95")}, origin="Bank of Ghana", observed_at=clock.now())
    exchange.quote(by=somebody(), sold=cedis(10), into="USD")
    adjustments.ask(lines=WRITTEN_OFF, by_id=new_id(), reason="lost for good")
    every_kind_of_difference()
