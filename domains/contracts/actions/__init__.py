"""Writes of contracts, one function per use case."""

from domains.contracts.actions.contracts import cancel_contract, create_contract, sign_contract
from domains.contracts.actions.funding import mark_funded, mark_funding_failed, request_funding
from domains.contracts.actions.milestones import (
    approve_milestone,
    auto_approve_milestone,
    request_changes,
    start_milestone,
    submit_milestone,
)
from domains.contracts.actions.settlements import mark_released

__all__ = [
    "approve_milestone",
    "auto_approve_milestone",
    "cancel_contract",
    "create_contract",
    "mark_funded",
    "mark_funding_failed",
    "mark_released",
    "request_changes",
    "request_funding",
    "sign_contract",
    "start_milestone",
    "submit_milestone",
]
