"""Contracts in every stage, made through the domain's own actions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import factory

from domains.contracts import actions, rules
from domains.contracts.actions import disputes
from domains.contracts.actions.contracts import Circumstances
from domains.contracts.models import Contract, Milestone
from kelmah.ids import new_id
from kelmah.interfaces.marketplace.events import OfferAccepted
from kelmah.interfaces.marketplace.types import MilestoneTerms
from kelmah.interfaces.payments.calls import Payments
from kelmah.interfaces.payments.types import WalletBalance
from kelmah.money import Money
from kelmah.principal import Principal
from kelmah.rpc.service import Method

FROM_HERE = Circumstances(address="127.0.0.1", user_agent="tests")


def cedis(amount: int) -> Money:
    return Money(amount * 100, "GHS")


class StepFactory(factory.Factory):
    class Meta:
        model = rules.Step

    title = factory.Sequence(lambda n: f"Step {n}")
    description = "As agreed."
    amount = cedis(500)
    due_in_days = 7


class TermsFactory(factory.Factory):
    class Meta:
        model = rules.Terms

    contract_id = factory.LazyFunction(new_id)
    job_id = factory.LazyFunction(new_id)
    hirer_id = factory.LazyFunction(new_id)
    worker_id = factory.LazyFunction(new_id)
    title = "Fit kitchen cabinets"
    scope = "Six cabinets, levelled."
    kind = "fixed"
    steps = factory.LazyFunction(lambda: [StepFactory()])
    amount = factory.LazyAttribute(lambda terms: Money(sum(s.amount.minor for s in terms.steps), "GHS"))


class OfferAcceptedFactory(factory.Factory):
    class Meta:
        model = OfferAccepted

    offer_id = factory.LazyFunction(new_id)
    job_id = factory.LazyFunction(new_id)
    proposal_id = factory.LazyFunction(new_id)
    contract_id = factory.LazyFunction(new_id)
    hirer_id = factory.LazyFunction(new_id)
    worker_id = factory.LazyFunction(new_id)
    title = "Fit kitchen cabinets"
    category = "carpentry"
    scope = "Six cabinets, levelled."
    kind = "fixed"
    amount = cedis(800)
    milestones = factory.LazyFunction(
        lambda: [
            MilestoneTerms(title="Delivered", description="", amount=cedis(300), due_in_days=3),
            MilestoneTerms(title="Fitted", description="Doors hung", amount=cedis(500), due_in_days=None),
        ]
    )


def _not_asked(method: Method) -> Callable[..., Any]:
    """What contracts does not ask of payments."""

    def refuse(**_: Any) -> None:
        raise AssertionError(f"contracts asked {method}")

    parameters = [each for name, each in method.signature.parameters.items() if name != "self"]
    refuse.__signature__ = method.signature.replace(parameters=parameters)
    return refuse


class FakeWallets:
    """Payments, for a caller who has ``available`` in every wallet."""

    def __init__(self, available: Money) -> None:
        self.available = available
        for method in Payments.methods.values():
            if not hasattr(self, method.name):
                setattr(self, method.name, _not_asked(method))

    def wallet_of(self, *, user_id: UUID, currency: str) -> WalletBalance:
        return WalletBalance(user_id=user_id, available=self.available, pending=Money(0, currency))

    def escrow_of(self, *, contract_ids: list[UUID]) -> list:
        return []


def as_hirer(contract: Contract) -> Principal:
    return Principal(user_id=contract.hirer_id, roles=frozenset({"hirer"}), session_id=new_id())


def as_worker(contract: Contract) -> Principal:
    return Principal(user_id=contract.worker_id, roles=frozenset({"worker"}), session_id=new_id())


def unsigned_contract(*, steps: int = 1, **terms_as: Any) -> Contract:
    terms = TermsFactory(steps=[StepFactory() for _ in range(steps)], **terms_as)
    contract = actions.create_contract(terms=terms, offer_id=new_id(), category="carpentry")
    assert contract is not None
    return contract


def sign(contract: Contract, by: Principal) -> Contract:
    return actions.sign_contract(
        contract_id=contract.id,
        by=by,
        expected_version=None,
        legal_name="Somebody Real",
        consent=True,
        text_sha256=contract.text_sha256,
        circumstances=FROM_HERE,
    )


def active_contract(*, steps: int = 1, **terms_as: Any) -> Contract:
    contract = unsigned_contract(steps=steps, **terms_as)
    sign(contract, as_hirer(contract))
    return sign(contract, as_worker(contract))


def funded_milestone(contract: Contract | None = None) -> Milestone:
    """A milestone whose funding was asked for and granted."""
    contract = contract or active_contract()
    milestone = contract.milestones.filter(state="planned").order_by("position").first()
    assert milestone is not None
    Milestone.objects.filter(id=milestone.id).update(state="awaiting_funds", funding_request=1)
    actions.mark_funded(milestone_id=milestone.id, request=1)
    return Milestone.objects.select_related("contract").get(id=milestone.id)


def submitted_milestone(contract: Contract | None = None) -> Milestone:
    milestone = funded_milestone(contract)
    return actions.submit_milestone(
        milestone_id=milestone.id, by=as_worker(milestone.contract), expected_version=None, note="Done.", file_ids=[]
    )


def disputed_milestone(*, by: str = "hirer", contract: Contract | None = None) -> Milestone:
    """Work that was handed in, and disputed by one side."""
    milestone = submitted_milestone(contract)
    who = {"hirer": as_hirer, "worker": as_worker}[by](milestone.contract)
    return disputes.open_dispute(milestone_id=milestone.id, by=who, expected_version=None, reason="Two doors")


def approved_milestone(contract: Contract | None = None) -> Milestone:
    milestone = submitted_milestone(contract)
    return actions.approve_milestone(milestone_id=milestone.id, by=as_hirer(milestone.contract), expected_version=None)
