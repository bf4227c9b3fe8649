"""What the contract suite needs of an adapter under test: the adapter, and a peer that plays what it is told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar, Final

from domains.payments.gateways import Gateway, Order, Outcome, Pending, Unknown
from kelmah.ids import new_id
from kelmah.money import Money

Webhook = tuple[dict[str, str], bytes]  # headers, body, as they came over the wire
# Carried out, and we can't know it: what ``tests.peers.serving.Fault`` has.
UNSURE: Final = ("silence", "error", "garbage", "408", "409", "423", "425", "moved", "empty", "list", "cut")
_USUAL: Final = {"charge": "pays", "payout": "receives", "refund": "pays"}


class Subject(ABC):
    """One adapter with the peer that it talks to over real HTTP.

    ``instruments``: what plays which part. Of charges: ``pays``, ``declines``, ``waits`` (pending at first, then paid).
    Of payouts: ``receives``, ``refuses``, ``returns`` (paid, and later returned; left out where that never happens).
    Only those that the capabilities promise are needed. ``names``: instruments whose holder the peer knows, by name;
    ``nobody``: one that is nobody's.
    """

    gateway: Gateway
    currency: ClassVar[str] = "GHS"
    others: ClassVar[tuple[str, ...]] = ()  # more of its currencies, of other exponents where it has some
    instruments: ClassVar[Mapping[str, str]]
    names: ClassVar[Mapping[str, str]] = {}
    nobody: ClassVar[str] = ""
    phases: ClassVar[tuple[str, ...]] = (
        "inquiry",
        "closed",
        "withdrawn",
        "reinstated",
        "lost",
    )  # that its disputes come to
    stamped: ClassVar[bool] = True  # its signatures carry the time at which they were made
    unsure: ClassVar[tuple[str, ...]] = UNSURE  # of its faults those after which nobody knows that it did as told
    is_spoken_to: ClassVar[bool] = True  # False: orders wait here for files, so that sending one can't fail
    remembers_orders: ClassVar[bool] = True  # a second order under one key is told from the first

    @abstractmethod
    def made(self, order: Order) -> int:
        """How many objects that moved money, or may yet, the peer has for the order."""

    @abstractmethod
    def next_order(self, fault: str) -> None:
        """How the peer treats the next order that comes.

        Carried out: one of ``unsure``. Not carried out: ``lost`` (never answered), ``refuse`` (a 503), ``limit`` (a
        429).
        """

    @abstractmethod
    def nobody_there(self) -> AbstractContextManager[None]:
        """For a while nothing listens where the provider is."""

    @abstractmethod
    def pass_time(self) -> None:
        """What the peer does later, it does now: what waits is decided, what is to be returned comes back."""

    def webhooks(self, order: Order) -> list[Webhook]:
        """Those that the peer sent about the order, at least one. Needed unless it sends none."""
        raise LookupError(f"{self.gateway.name} is not to send webhooks")

    def without_signature(self, webhook: Webhook) -> Webhook:
        """The same, unsigned. Needed if the signature stands elsewhere than in the headers."""
        return {"Content-Type": "application/json"}, webhook[1]

    def old_webhook(self, order: Order) -> Webhook:
        """One about the order, well signed an hour ago. Needed if it signs with a time."""
        raise LookupError(f"{self.gateway.name} does not sign with a time")

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        """The payer's bank disputes a charge, and it comes to this phase; the dispute's ref. Needed if it has such."""
        raise LookupError(f"{self.gateway.name} knows no disputes")

    def paid_into(self, address: str, *, minor: int) -> Webhook:
        """Somebody pays to an address there, and the peer tells. Needed if it has addresses."""
        raise LookupError(f"{self.gateway.name} has no addresses")

    def order(
        self, kind: str = "charge", part: str = "", amount: int = 1500, currency: str = "", of: str = ""
    ) -> Order:
        """A new order to the gateway, by default of what is paid at once."""
        instrument = self.instruments.get(part or _USUAL[kind], "")
        money = Money(amount, currency or self.currency)
        return Order(key=new_id(), kind=kind, amount=money, instrument=instrument, of=of)

    def settled(self, order: Order) -> Outcome:
        """Send the order, and ask until it is decided: some providers decide nothing at once."""
        outcome = self.gateway.submit(order)
        return self.followed(order) if isinstance(outcome, Pending | Unknown) else outcome

    def followed(self, order: Order) -> Outcome:
        """What a query says at last, once time has passed."""
        outcome = self.asked(order)
        for _ in range(5):
            if not isinstance(outcome, Pending):
                break
            self.pass_time()
            outcome = self.asked(replace(order, ref=outcome.facts.ref))
        return outcome

    def asked(self, order: Order) -> Outcome:
        """What a query says. Where an order has to be sent again to be asked about, it is, as the janitor does."""
        outcome = self.gateway.query(order)
        if isinstance(outcome, Unknown) and outcome.absent and not self.gateway.capabilities.queries:
            return self.gateway.submit(order)
        return outcome
