"""Rules of papers and of the ladder, without a database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.identity.rules import ladder, papers
from domains.identity.rules.ladder import Facts
from domains.identity.rules.papers import Details, Paper
from kelmah.errors import InvalidInput
from kelmah.ids import new_id

TODAY = date(2026, 11, 21)
CARD = Paper(
    kind="national_id",
    file_ids=(new_id(),),
    details=Details(name="Ama Mensah", number="GHA-712345678-5", born=date(1990, 4, 12)),
    country="GH",
    expires_on=date(2031, 5, 31),
)
PROOF = Paper(kind="certificate", file_ids=(new_id(),), details=Details(name="Ama", title="Carpenter", issuer="NVTI"))


def refusals(paper: Paper) -> dict[str, str]:
    try:
        papers.check_paper(paper, today=TODAY, skill_ids={"carpentry"})
    except InvalidInput as refusal:
        return {error.pointer: error.code for error in refusal.errors}
    return {}


def test_whole_papers_are_taken():
    assert refusals(CARD) == refusals(PROOF) == refusals(Paper(kind="photo", file_ids=(new_id(),))) == {}


@pytest.mark.parametrize("name", ["name", "number", "born"])
def test_each_missing_field_is_named(name):
    empty = replace(CARD, details=replace(CARD.details, **{name: None if name == "born" else ""}))
    assert refusals(empty) == {f"/{name}": "required"}


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        (replace(CARD, expires_on=None), {"/expires_on": "required"}),
        (replace(CARD, country=""), {"/country": "required"}),
        (replace(CARD, expires_on=TODAY - timedelta(days=1)), {"/expires_on": "over"}),
        (replace(CARD, details=replace(CARD.details, born=TODAY)), {"/born": "invalid"}),
        (replace(CARD, details=replace(CARD.details, born=date(1850, 1, 1))), {"/born": "invalid"}),
        (replace(CARD, details=replace(CARD.details, number="- 12 -")), {"/number": "invalid"}),
        (replace(CARD, details=replace(CARD.details, issuer="NIA")), {"/issuer": "unknown_field"}),
        (replace(CARD, skill_id="carpentry"), {"/skill_id": "unknown_field"}),
        (replace(CARD, file_ids=(new_id(), new_id(), new_id())), {"/file_ids": "wrong_number"}),
        (replace(CARD, file_ids=CARD.file_ids * 2), {"/file_ids": "not_unique"}),
        (replace(PROOF, skill_id="welding"), {"/skill_id": "unknown_skill"}),
        (Paper(kind="photo", file_ids=(new_id(),), country="GH"), {"/country": "unknown_field"}),
    ],
)
def test_what_is_wrong_is_named(paper, expected):
    assert refusals(paper) == expected


def test_a_paper_is_valid_on_its_last_day():
    assert refusals(replace(CARD, expires_on=TODAY)) == {}


def test_one_number_written_in_many_ways_is_one():
    ways = ["GHA-712345678-5", "gha 712 345 678 5", "GHA.712345678/5", "ＧＨＡ-712345678-5"]
    said = {papers.identity_of(replace(CARD, details=replace(CARD.details, number=way))) for way in ways}
    assert said == {"national_id|GH|GHA7123456785"}


def test_the_same_digits_of_another_country_or_kind_are_another_number():
    other = replace(CARD, country="NG")
    assert papers.identity_of(other) != papers.identity_of(CARD)
    assert papers.identity_of(PROOF) is None


@given(st.text(max_size=40))
def test_never_more_than_the_last_four_or_half_of_a_number_is_shown(number):
    plain, shown = papers.plain_number(number), papers.masked(number)
    seen = shown.removeprefix("••••")
    assert len(seen) <= 4
    assert len(seen) <= len(plain) / 2
    assert plain.endswith(seen)


def test_a_paper_counts_until_its_own_end_or_that_of_its_kind_whichever_is_first():
    def until(kind, expires_on):
        return papers.counts_until(kind, expires_on=expires_on, verified_on=TODAY)

    assert until("national_id", date(2031, 5, 31)) == date(2031, 5, 31)
    assert until("certificate", None) is None
    assert until("address", None) == TODAY + timedelta(days=730)
    assert until("address", TODAY) == TODAY


def test_no_document_is_stuck_and_no_state_is_out_of_reach():
    assert papers.DOCUMENT.unreachable() == papers.DOCUMENT.dead_ends() == frozenset()
    assert papers.DOCUMENT.available("needs_review", "owner") == ["withdraw"]
    assert papers.DOCUMENT.available("verified", "owner") == []


def test_a_vendor_never_rejects():
    assert all("vendor" not in step.actors for step in papers.DOCUMENT.transitions if step.target == "rejected")


def test_a_secret_is_not_in_what_an_object_shows():
    assert "712345678" not in repr(CARD)
    assert "Ama" not in repr(CARD)


# --- the ladder --------------------------------------------------------------------------------------------------

NOTHING = Facts(role="worker", phone=False, skills=0, papers=frozenset(), jobs=0, stars=0)
FIRST = replace(NOTHING, phone=True, skills=1, papers=frozenset({"photo"}))
SECOND = replace(FIRST, papers=frozenset({"photo", "national_id", "selfie", "address"}))


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        (NOTHING, 0),
        (FIRST, 1),
        (SECOND, 2),
        (replace(SECOND, papers=SECOND.papers | {"certificate"}), 3),
        (replace(SECOND, jobs=10, stars=450), 3),
        (replace(SECOND, jobs=9, stars=500), 2),
        (replace(SECOND, jobs=99, stars=449), 2),
        (replace(SECOND, phone=False), 0),
        (replace(FIRST, papers=frozenset({"photo", "certificate"})), 1),
        (replace(SECOND, papers=SECOND.papers - {"selfie"}), 1),
        (replace(FIRST, skills=0), 0),
        (replace(FIRST, skills=0, role="hirer"), 1),
    ],
)
def test_levels(facts, level):
    assert ladder.level_of(facts) == level


def test_what_is_missing_is_named_rung_by_rung():
    assert ladder.missing_on(1, NOTHING) == ["phone", "photo", "skill"]
    assert ladder.missing_on(2, FIRST) == ["national_id", "selfie", "address"]
    assert ladder.missing_on(3, SECOND) == ["certificate_or_jobs"]
    assert ladder.missing_on(1, replace(NOTHING, role="hirer")) == ["phone", "photo"]


KINDS = st.frozensets(st.sampled_from(sorted(papers.KINDS)))
FACTS = st.builds(
    Facts,
    role=st.sampled_from(["worker", "hirer"]),
    phone=st.booleans(),
    skills=st.integers(0, 2),
    papers=KINDS,
    jobs=st.integers(0, 20),
    stars=st.integers(0, 500),
)


@given(FACTS, KINDS, st.integers(0, 20))
def test_more_papers_and_more_jobs_never_lower_anybody(facts, more, jobs):
    richer = replace(facts, papers=facts.papers | more, jobs=facts.jobs + jobs)
    assert ladder.level_of(richer) >= ladder.level_of(facts)


@given(FACTS)
def test_nothing_is_missing_up_to_the_level_and_something_on_the_next(facts):
    level = ladder.level_of(facts)
    assert not any(ladder.missing_on(rung, facts) for rung in range(1, level + 1))
    assert level == ladder.TOP or ladder.missing_on(level + 1, facts)
