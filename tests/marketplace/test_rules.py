"""What marketplace decides, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.marketplace import rules
from kelmah.errors import InvalidInput, InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.transitions import StateTable

TABLES = [rules.JOB, rules.PROPOSAL, rules.OFFER]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.subject)
def test_every_state_can_be_reached_and_left_unless_it_is_final(table: StateTable) -> None:
    assert not table.unreachable()
    assert not table.dead_ends()
    assert not {step.source for step in table.transitions if step.actor != "staff"} & table.final


def test_states_are_those_of_the_specification() -> None:
    assert rules.JOB.states == {"draft", "open", "paused", "filled", "closed", "expired", "removed"}
    assert rules.OFFER.states == {"sent", "accepted", "declined", "withdrawn", "expired", "void"}
    live = {"submitted", "viewed", "shortlisted", "offered", "accepted"}
    assert rules.PROPOSAL.states == live | {"withdrawn", "declined", "void", "expired"}
    assert set(rules.LIVE_PROPOSALS) == live


def test_a_filled_job_can_be_filled_no_more() -> None:
    with pytest.raises(InvalidTransition):
        rules.JOB.check("fill", "filled")


def test_a_hirer_may_do_nothing_to_a_job_that_has_ended() -> None:
    assert all(rules.JOB.available(state, "hirer") == [] for state in rules.JOB.final)
    assert rules.JOB.available("draft", "hirer") == ["edit", "publish"]
    assert rules.JOB.available("open", "hirer") == ["close", "edit", "pause"]


def test_every_live_proposal_ends_with_its_job() -> None:
    waiting = sorted(rules.PROPOSAL.states - rules.PROPOSAL.final)
    assert rules.sources_of(rules.PROPOSAL, "void") == waiting
    assert rules.sources_of(rules.PROPOSAL, "lose") == waiting


class TestSides:
    hirer_id, worker_id = new_id(), new_id()

    def side(self, user_id: object) -> str:
        return rules.side_of(hirer_id=self.hirer_id, worker_id=self.worker_id, user_id=user_id)  # type: ignore[arg-type]

    def test_sides_are_told_apart(self) -> None:
        assert [self.side(who) for who in (self.hirer_id, self.worker_id, new_id(), None)] == [
            "hirer",
            "worker",
            "stranger",
            "stranger",
        ]

    def test_a_stranger_never_learns_that_the_thing_exists(self) -> None:
        with pytest.raises(NotFound):
            rules.check_hirer("stranger")
        with pytest.raises(NotFound):
            rules.check_worker("stranger")

    def test_the_other_side_is_told_whose_step_it_is(self) -> None:
        with pytest.raises(rules.NotTheHirer):
            rules.check_hirer("worker")
        with pytest.raises(rules.NotTheWorker):
            rules.check_worker("hirer")

    def test_nobody_proposes_to_their_own_job(self) -> None:
        with pytest.raises(rules.OwnJob):
            rules.check_not_own_job(hirer_id=self.hirer_id, worker_id=self.hirer_id)
        rules.check_not_own_job(hirer_id=self.hirer_id, worker_id=self.worker_id)


def refusal(error: pytest.ExceptionInfo[InvalidInput]) -> tuple[str, str]:
    return error.value.errors[0].pointer, error.value.errors[0].code


class TestAmounts:
    @given(budget=st.integers(1, 10**12), amount=st.integers(1, 2 * 10**12))
    def test_the_band_is_exactly_80_to_120_percent(self, budget: int, amount: int) -> None:
        within = 80 * budget <= 100 * amount <= 120 * budget
        try:
            rules.check_amount(Money(amount, "GHS"), budget=Money(budget, "GHS"), banded=True)
            accepted = True
        except InvalidInput:
            accepted = False
        assert accepted == within

    @given(budget=st.integers(1, 10**12))
    def test_the_budget_itself_is_always_within_the_band(self, budget: int) -> None:
        low, high = rules.band_of(Money(budget, "GHS"))
        assert low <= Money(budget, "GHS") <= high

    def test_without_the_hirers_rule_any_amount_goes(self) -> None:
        rules.check_amount(Money(1, "GHS"), budget=Money(100_000, "GHS"), banded=False)

    def test_another_currency_is_refused_even_without_a_band(self) -> None:
        with pytest.raises(InvalidInput) as error:
            rules.check_amount(Money(1000, "USD"), budget=Money(1000, "GHS"), banded=False)
        assert refusal(error) == ("/amount/currency", "wrong_currency")

    def test_a_published_job_keeps_its_currency(self) -> None:
        with pytest.raises(InvalidInput) as error:
            rules.check_currency_kept(state="open", before="GHS", after="USD")
        assert refusal(error) == ("/budget/currency", "immutable")
        rules.check_currency_kept(state="draft", before="GHS", after="USD")


def step(minor: int, currency: str = "GHS") -> rules.Step:
    return rules.Step(title="Step", description="", amount=Money(minor, currency), due_in_days=None)


class TestMilestones:
    @given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20), st.integers(-5, 5))
    def test_milestones_sum_exactly_to_a_fixed_price(self, parts: list[int], off: int) -> None:
        total = Money(sum(parts) + off, "GHS")
        if off == 0:
            rules.check_steps(kind="fixed", amount=total, steps=[step(part) for part in parts])
            return
        with pytest.raises(InvalidInput) as error:
            rules.check_steps(kind="fixed", amount=total, steps=[step(part) for part in parts])
        assert refusal(error) == ("/milestones", "sum_mismatch")

    def test_a_fixed_price_has_milestones_and_hourly_work_none(self) -> None:
        with pytest.raises(InvalidInput) as error:
            rules.check_steps(kind="fixed", amount=Money(100, "GHS"), steps=[])
        assert refusal(error) == ("/milestones", "required")
        with pytest.raises(InvalidInput) as error:
            rules.check_steps(kind="hourly", amount=Money(100, "GHS"), steps=[step(100)])
        assert refusal(error) == ("/milestones", "not_allowed")
        rules.check_steps(kind="hourly", amount=Money(100, "GHS"), steps=[])

    def test_milestones_are_in_the_currency_of_the_offer(self) -> None:
        with pytest.raises(InvalidInput) as error:
            rules.check_steps(kind="fixed", amount=Money(200, "GHS"), steps=[step(100), step(100, "USD")])
        assert refusal(error) == ("/milestones/1/amount/currency", "wrong_currency")


def test_work_on_site_needs_a_place() -> None:
    osu = rules.Place(name="Osu", latitude=5.556, longitude=-0.182)
    for mode in ("onsite", "hybrid"):
        with pytest.raises(InvalidInput) as error:
            rules.check_place(mode=mode, place=None)
        assert refusal(error) == ("/place", "required")
        rules.check_place(mode=mode, place=osu)
    rules.check_place(mode="remote", place=None)


class TestWords:
    def test_words_are_lower_case_and_come_once(self) -> None:
        assert rules.search_words("Pipe-fitter, PIPE & drain!") == ["pipe", "fitter", "drain"]

    @given(st.text(max_size=300))
    def test_no_operator_of_the_query_language_gets_through(self, text: str) -> None:
        words = rules.search_words(text)
        assert len(words) <= 12
        assert all(word.isalnum() and len(word) <= 40 for word in words)
