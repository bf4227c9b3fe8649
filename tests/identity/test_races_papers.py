"""Several at once, each with a connection of its own."""

import pytest

from domains.identity import actions, tasks
from domains.identity.actions import checking, papers, reviewing
from domains.identity.actions.paper_steps import Ruling
from domains.identity.models import Document, DocumentStep, Profile
from domains.identity.rules import Skill
from kelmah.interfaces.identity.events import AccountChanged, UserVerified
from tests.identity.paper_factories import (
    PASSED,
    PLUMBING,
    approved,
    cabinet,
    claimed,
    level_of,
    member,
    now_of,
    paper,
    reviewer,
    sent,
    verified,
    waiting,
)

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity", transaction=True)


def kinds(outcome: list) -> dict[str, int]:
    names = [type(each).__name__ for each in outcome]
    return {name: names.count(name) for name in names}


def test_of_papers_of_one_kind_sent_at_once_one_is_taken(race, cabinet):
    kofi = member()
    ready = [paper(cabinet, kofi) for _ in range(6)]
    outcome = race([lambda each=each: papers.send_document(user_id=kofi.id, paper=each) for each in ready])
    assert kinds(outcome) == {"Document": 1, "UnderReview": 5}


def test_one_document_is_claimed_by_one_reviewer(race, cabinet):
    document, staff = waiting(cabinet, member()), [reviewer() for _ in range(5)]
    outcome = race([lambda by=by: claimed(document, by=by) for by in staff])
    assert kinds(outcome) == {"Document": 1, "ClaimedByAnother": 4}
    assert DocumentStep.objects.filter(what="claim").count() == 1


def test_reviewers_who_take_the_next_at_once_take_different_ones(race, cabinet):
    documents, staff = [waiting(cabinet, member()) for _ in range(4)], [reviewer() for _ in range(4)]
    outcome = race([lambda by=by: reviewing.claim_next(by_id=by.id) for by in staff])
    assert {each.id for each in outcome} == {document.id for document in documents}


def test_one_reviewer_pressing_two_buttons_decides_once(race, cabinet, published):
    for _ in range(3):
        efua = reviewer()
        document = claimed(waiting(cabinet, member()), by=efua)
        ruling = Ruling(by=efua.id, reason="unreadable")
        outcome = race(
            [
                lambda d=document, r=ruling: reviewing.approve_document(document_id=d.id, ruling=r),
                lambda d=document, r=ruling: reviewing.reject_document(document_id=d.id, ruling=r),
            ]
        )
        assert kinds(outcome) == {"Document": 1, "InvalidTransition": 1}
        assert DocumentStep.objects.filter(document=document, what__in=["approve", "reject"]).count() == 1
    assert len(published.of(AccountChanged)) == 3


def test_withdrawing_and_approving_at_once_is_one_or_the_other(race, cabinet):
    for _ in range(4):
        kofi, efua = member(), reviewer()
        document = claimed(waiting(cabinet, kofi), by=efua)
        race(
            [
                lambda d=document, u=kofi: papers.withdraw_document(
                    document_id=d.id, user_id=u.id, expected_version=None
                ),
                lambda d=document, r=efua: reviewing.approve_document(document_id=d.id, ruling=Ruling(by=r.id)),
            ]
        )
        row = now_of(document)
        assert (row.state, row.details is None, level_of(kofi)) in [("verified", False, 1), ("withdrawn", True, 0)]


def test_a_verdict_and_the_hour_that_is_over_decide_once(race, cabinet, clock):
    for _ in range(3):
        kofi = member()
        document = sent(cabinet, kofi)
        Document.objects.filter(id=document.id).update(state="checking")
        clock.advance(hours=2)
        race(
            [
                lambda d=document: checking.record_verdict(document_id=d.id, vendor_name="test", verdict=PASSED),
                tasks.run_deadlines,
            ]
        )
        row = now_of(document)
        assert (row.state, row.version) in [("verified", 2), ("needs_review", 2)]
        assert level_of(kofi) == (1 if row.state == "verified" else 0)


def test_a_verdict_that_comes_four_times_counts_once(race, cabinet, published):
    document = sent(cabinet, member())
    Document.objects.filter(id=document.id).update(state="checking")
    race(lambda: checking.record_verdict(document_id=document.id, vendor_name="test", verdict=PASSED), 4)
    assert len(published.of(UserVerified)) == 1


def test_of_the_same_number_sent_by_two_at_once_no_two_pass(race, cabinet):
    """Each is checked after it was committed, so that at least the later check sees the other."""
    for _ in range(4):
        people = [member(), member()]
        ready = [paper(cabinet, each, "national_id") for each in people]

        def send_and_check(owner, sheet):
            document = papers.send_document(user_id=owner.id, paper=sheet)
            Document.objects.filter(id=document.id).update(state="checking")
            checking.record_verdict(document_id=document.id, vendor_name="test", verdict=PASSED)
            return now_of(document).state

        states = race([lambda o=o, s=s: send_and_check(o, s) for o, s in zip(people, ready, strict=True)])
        assert states.count("verified") <= 1
        Document.objects.update(number_index=None)


def test_two_papers_approved_at_once_both_count(race, cabinet, published):
    """Both raise the level: the second must see what the first has written."""
    kofi = member()
    for kind in ("photo", "national_id"):
        verified(cabinet, kofi, kind)
    selfie, address = waiting(cabinet, kofi, "selfie"), waiting(cabinet, kofi, "address")
    staff = [reviewer(), reviewer()]
    race([lambda d=d, by=by: approved(d, by=by) for d, by in zip((selfie, address), staff, strict=True)])
    assert level_of(kofi) == 2
    assert [(event.before, event.level) for event in published.of(UserVerified)] == [(0, 1), (1, 2)]


def test_a_new_paper_approved_while_the_old_one_ends_leaves_one_that_counts(race, cabinet, clock):
    kofi, efua = member(), reviewer()
    old = verified(cabinet, kofi)
    clock.advance(days=5 * 365 + 2)
    new = claimed(waiting(cabinet, kofi), by=efua)
    race(
        [
            tasks.run_deadlines,
            lambda: reviewing.approve_document(document_id=new.id, ruling=Ruling(by=efua.id)),
        ]
    )
    tasks.run_deadlines()
    assert now_of(old).state in ("expired", "superseded")
    assert (now_of(new).state, level_of(kofi)) == ("verified", 1)


def test_approving_beside_edits_and_reviews_deadlocks_nobody_and_loses_nothing(race, cabinet):
    for number in range(4):
        kofi, efua = member(), reviewer()
        document = claimed(waiting(cabinet, kofi), by=efua)
        skill = Skill(skill_id=PLUMBING, level=2, years=1)
        outcome = race(
            [
                lambda d=document, by=efua: reviewing.approve_document(document_id=d.id, ruling=Ruling(by=by.id)),
                lambda u=kofi, s=skill: actions.update_profile(
                    user_id=u.id, expected_version=None, changes={"skills": [s], "headline": "Plumber"}
                ),
                lambda u=kofi, n=number: actions.record_reputation(user_id=u.id, stars=450, reviews=n + 1),
                lambda u=kofi: actions.suspend_user(user_id=u.id),
            ]
        )
        assert not [each for each in outcome if isinstance(each, Exception)]
        profile = Profile.objects.get(user=kofi)
        assert (profile.verified_level, profile.reviews, profile.headline) == (1, number + 1, "Plumber")
