"""What every domain needs to give people's data back and to forget them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from kelmah.ids import new_id
from kelmah.interfaces.privacy import Asked, Hold, answer_of, keepers, kept_by
from kelmah.privacy import answered
from kelmah.privacy.copies import LONGEST, parts_of


def test_every_core_domain_takes_part_and_says_what_it_keeps():
    assert set(keepers()) >= {"marketplace", "contracts", "payments", "messaging", "reviews", "files"}
    for domain in (*keepers(), "identity"):
        assert all(kept.what and kept.on_erasure for kept in kept_by(domain)), domain
        assert kept_by(domain)


@pytest.mark.parametrize("domain", keepers())
def test_every_keeper_answers_identity(domain):
    answer = answer_of(domain)
    assert (answer.domain, answer.listeners) == (domain, ("identity",))


@given(st.lists(st.text(max_size=2000), max_size=40), st.integers(1, 400))
def test_parts_hold_every_record_once_in_order_and_stay_small(texts, times):
    records = [{"text": text * times} for text in texts]
    parts = list(parts_of({"messages": iter(records)}))
    assert [record for part in parts for record in json.loads(part.content)] == records
    assert len({part.name for part in parts}) == len(parts)
    for part in parts:
        assert len(part.content) <= LONGEST + 10 * part.records or part.records == 1


def test_what_json_has_no_form_for_is_told_as_text():
    (part,) = parts_of({"hours": [{"free": Multirange([Range(1, 5)]), "at": datetime(2026, 1, 2, tzinfo=UTC)}]})
    assert json.loads(part.content) == [{"free": "{[1, 5)}", "at": "2026-01-02T00:00:00Z"}]


@pytest.mark.parametrize(
    ("step", "held", "erased"),
    [("check", 1, False), ("erase", 1, False), ("check", 0, False), ("erase", 0, True), ("sweep", 1, True)],
)
def test_nothing_is_erased_while_something_stands_against_it(step, held, erased):
    done = []
    answer = answered(
        answer_of("reviews"),
        Asked(request_id=new_id(), user_id=new_id(), step=step),
        holds_on=lambda _: [Hold(reason="money", count=held), Hold(reason="nothing", count=0)],
        erase=lambda user_id: done.append(user_id) or {"rows": 1, "none": 0},
    )
    assert bool(done) is erased
    assert answer.counts == ({"rows": 1} if erased else {})
    assert [hold.reason for hold in answer.holds] == (["money"] if held and step != "sweep" else [])
