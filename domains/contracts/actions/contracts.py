"""Making, signing and cancelling contracts."""

from dataclasses import dataclass
from uuid import UUID

from domains.contracts import queries, rules
from domains.contracts.models import Contract, Milestone, Signature
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import FieldError, NotFound
from kelmah.events.publish import publish
from kelmah.interfaces.contracts.events import ContractCreated, ContractEnded, ContractPartySigned, ContractSigned
from kelmah.money import Money
from kelmah.principal import Principal


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """How a signature was given: the signer's address and program."""

    address: str | None
    user_agent: str


def create_contract(*, terms: rules.Terms, offer_id: UUID, category: str) -> Contract | None:
    """The contract of an accepted offer, awaiting both signatures; None when it exists already."""
    with atomic("contracts"):
        text = rules.contract_text(terms)
        contract, made = Contract.objects.get_or_create(
            offer_id=offer_id,
            defaults={
                "id": terms.contract_id,
                "job_id": terms.job_id,
                "hirer_id": terms.hirer_id,
                "worker_id": terms.worker_id,
                "title": terms.title,
                "category": category,
                "kind": terms.kind,
                "amount_minor": terms.amount.minor,
                "currency": terms.amount.currency,
                "text": text,
                "text_sha256": rules.text_hash(text),
                "created_at": clock.now(),
            },
        )
        if not made:
            return None
        Milestone.objects.bulk_create(
            Milestone(
                contract=contract,
                position=position,
                title=step.title,
                description=step.description,
                amount_minor=step.amount.minor,
                currency=step.amount.currency,
                due_in_days=step.due_in_days,
            )
            for position, step in enumerate(terms.steps, start=1)
        )
        publish(
            ContractCreated(
                contract_id=contract.id,
                job_id=contract.job_id,
                hirer_id=contract.hirer_id,
                worker_id=contract.worker_id,
                title=contract.title,
            )
        )
    return contract


def sign_contract(
    *,
    contract_id: UUID,
    by: Principal,
    expected_version: int | None,
    legal_name: str,
    consent: bool,
    text_sha256: str,
    circumstances: Circumstances,
) -> Contract:
    """One side signs for itself; with the second signature the contract becomes active.

    Raises NotFound, StaleVersion, InvalidTransition, AlreadySigned, TextChanged, ConsentMissing.
    """
    if not consent:
        raise rules.ConsentMissing(errors=[FieldError("/consent", "required", "Must be true.")])
    with atomic("contracts"):
        contract = queries.lock_contract(contract_id)  # both sides signing at once must see each other's signature
        role = queries.role_of(contract, by.user_id)
        if role is None:
            raise NotFound("You have no such contract.")
        check_version(contract, expected_version)
        rules.CONTRACT.check("sign", contract.state)
        if text_sha256 != contract.text_sha256:
            raise rules.TextChanged()
        earlier = list(contract.signatures.order_by("id"))
        if any(signature.role == role for signature in earlier):
            raise rules.AlreadySigned()
        _add_signature(contract, earlier, role=role, by=by, legal_name=legal_name, circumstances=circumstances)
        if earlier:
            contract.state, contract.activated_at = rules.CONTRACT.check("activate", contract.state), clock.now()
        contract.save_change("state", "activated_at")
        _tell_of_signature(contract, role)
    return contract


def cancel_contract(*, contract_id: UUID, by: Principal, expected_version: int | None) -> Contract:
    """Either side steps back before both have signed. Raises NotFound, StaleVersion, InvalidTransition."""
    with atomic("contracts"):
        contract = queries.lock_contract(contract_id)  # against the second signature
        if queries.role_of(contract, by.user_id) is None:
            raise NotFound("You have no such contract.")
        check_version(contract, expected_version)
        contract.state = rules.CONTRACT.check("cancel", contract.state)
        contract.ended_at = clock.now()
        contract.save_change("state", "ended_at")
        for milestone in contract.milestones.select_for_update():
            milestone.state = rules.MILESTONE.check("cancel", milestone.state)
            milestone.save_change("state")
        tell_of_end(contract, paid=Money(0, contract.currency))
    return contract


def tell_of_end(contract: Contract, *, paid: Money) -> None:
    """Publish that the contract is over. Inside the transaction that ended it."""
    assert contract.ended_at is not None  # noqa: S101 - a constraint says so
    publish(
        ContractEnded(
            contract_id=contract.id,
            hirer_id=contract.hirer_id,
            worker_id=contract.worker_id,
            title=contract.title,
            category=contract.category,
            outcome=contract.state,
            paid=paid,
            ended_at=contract.ended_at,
        )
    )


# Private functions


def _add_signature(
    contract: Contract,
    earlier: list[Signature],
    *,
    role: str,
    by: Principal,
    legal_name: str,
    circumstances: Circumstances,
) -> None:
    signed_at, previous = clock.now(), earlier[-1].hash if earlier else ""
    Signature.objects.create(
        contract=contract,
        role=role,
        user_id=by.user_id,
        legal_name=legal_name,
        text_sha256=contract.text_sha256,
        signed_at=signed_at,
        address=circumstances.address,
        user_agent=circumstances.user_agent[:400],
        mfa_level=by.mfa_level,
        previous_hash=previous,
        hash=rules.signature_hash(
            contract_id=contract.id,
            role=role,
            user_id=by.user_id,
            legal_name=legal_name,
            text_sha256=contract.text_sha256,
            signed_at=signed_at,
            previous=previous,
        ),
    )


def _tell_of_signature(contract: Contract, role: str) -> None:
    publish(
        ContractPartySigned(
            contract_id=contract.id,
            hirer_id=contract.hirer_id,
            worker_id=contract.worker_id,
            title=contract.title,
            role=role,
        )
    )
    if contract.state == "active":
        publish(
            ContractSigned(
                contract_id=contract.id,
                hirer_id=contract.hirer_id,
                worker_id=contract.worker_id,
                title=contract.title,
                text_sha256=contract.text_sha256,
            )
        )
