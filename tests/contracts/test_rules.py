"""The rules of contracts, without a database."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.contracts import rules
from kelmah.errors import InvalidTransition
from kelmah.ids import new_id
from kelmah.money import Money
from tests.contracts.factories import TermsFactory


@pytest.mark.parametrize("table", [rules.CONTRACT, rules.MILESTONE, rules.DISPUTE], ids=lambda table: table.subject)
def test_every_state_is_reachable_and_every_waiting_state_has_an_exit(table):
    assert table.unreachable() == frozenset()
    assert table.dead_ends() == frozenset()


def test_work_begins_only_when_funded():
    with pytest.raises(InvalidTransition) as refusal:
        rules.MILESTONE.check("submit", "planned")
    assert refusal.value.data["possible"] == ["cancel", "fund"]


def test_the_worker_can_never_approve():
    for state in rules.MILESTONE.states:
        assert "approve" not in rules.MILESTONE.available(state, "worker")


@given(st.lists(st.sampled_from(sorted({t.name for t in rules.MILESTONE.transitions})), max_size=30))
def test_no_history_settles_a_milestone_that_was_not_funded(steps):
    state, seen = rules.MILESTONE.initial, []
    for step in steps:
        try:
            state = rules.MILESTONE.check(step, state)
        except InvalidTransition:
            continue
        seen.append(step)
    if state in rules.SETTLED:
        assert "funding_succeeded" in seen
        assert seen[-1] in ("release", "refund", "split")


def test_money_decides_wherever_it_is_protected_and_neither_side_says_that_it_moved():
    """Payments may have settled while something else was on its way here: every such state follows."""
    for state in rules.PROTECTED:
        for step, target in (("release", "released"), ("refund", "refunded"), ("split", "split")):
            assert rules.MILESTONE.check(step, state) == target
            for role in ("hirer", "worker"):
                assert step not in rules.MILESTONE.available(state, role)


@pytest.mark.parametrize(
    ("paid", "refunded", "step"), [(500, 0, "release"), (0, 500, "refund"), (1, 499, "split"), (499, 1, "split")]
)
def test_where_the_money_went_names_the_step(paid, refunded, step):
    assert rules.settling_step(paid=Money(paid, "GHS"), refunded=Money(refunded, "GHS")) == step


def test_the_text_states_every_term():
    terms = TermsFactory()
    text = rules.contract_text(terms)
    for part in (terms.contract_id, terms.hirer_id, terms.worker_id, terms.title, terms.scope, terms.amount):
        assert str(part) in text
    for step in terms.steps:
        assert f"{step.title}: {step.amount}" in text


def test_another_term_is_another_hash():
    terms = TermsFactory()
    other = TermsFactory(**{**terms.__dict__, "scope": terms.scope + " And paint them."})
    assert rules.text_hash(rules.contract_text(terms)) != rules.text_hash(rules.contract_text(other))


def test_a_signature_binds_name_time_text_and_the_one_before():
    facts = {
        "contract_id": new_id(),
        "role": "hirer",
        "user_id": new_id(),
        "legal_name": "Ama",
        "text_sha256": "a" * 64,
        "signed_at": datetime(2026, 11, 20, tzinfo=UTC),
        "previous": "",
    }
    changed = {
        "legal_name": "Eve",
        "text_sha256": "b" * 64,
        "signed_at": datetime(2026, 11, 21, tzinfo=UTC),
        "previous": "c" * 64,
    }
    hashes = {rules.signature_hash(**{**facts, name: value}) for name, value in changed.items()}
    assert len(hashes | {rules.signature_hash(**facts)}) == 5
