"""Two at once, each with a connection of its own."""

import pytest
from django.db import DatabaseError, connections

from domains.reviews import actions, rules
from domains.reviews.models import CategoryMean, Deadline, Reputation, Review, ReviewWindow
from domains.reviews.tasks import run_deadlines
from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.reviews.events import ReputationChanged, ReviewPublished, ReviewSubmitted
from tests.reviews.factories import GOOD, as_hirer, as_worker, both_written, open_window, somebody, write
from tests.reviews.test_actions import reply

pytestmark = pytest.mark.domain("reviews", transaction=True)


def failures(outcome):
    return [each for each in outcome if isinstance(each, Exception)]


def test_two_sides_that_write_at_once_reveal_exactly_once(race, published):
    for number in range(1, 6):
        window = open_window()
        outcome = race([lambda w=window: write(w, as_hirer(w)), lambda w=window: write(w, as_worker(w))])
        assert failures(outcome) == []
        assert sorted(review.state for review in outcome) == ["hidden", "published"]
        assert ReviewWindow.objects.get(id=window.id).state == "published"
        assert {(r.state, r.version) for r in Review.objects.filter(window=window)} == {("published", 2)}
        assert len(published.of(ReviewSubmitted)) == len(published.of(ReviewPublished)) == 2 * number
        assert len(published.of(ReputationChanged)) == 2 * number
    assert not Deadline.objects.exists()


def test_one_side_that_writes_eight_times_at_once_has_written_once(race, published):
    window = open_window()
    outcome = race(lambda: write(window, as_hirer(window)), 8)
    assert sum(isinstance(each, rules.AlreadyReviewed) for each in failures(outcome)) == 7
    assert len(published.of(ReviewSubmitted)) == Review.objects.count() == 1


def test_the_clock_and_the_second_review_at_once_publish_each_review_once(race, published):
    """Whoever comes first: what is in the window is published, once, and nothing after it."""
    for _ in range(8):
        window = open_window()
        write(window, as_hirer(window))
        before = len(published.of(ReviewPublished))
        second, closing = race(
            [
                lambda w=window: write(w, as_worker(w)),
                lambda w=window: actions.close_window(subject_id=w.contract_id, subject_version=1),
            ]
        )
        assert closing is None
        reviews = list(Review.objects.filter(window=window))
        assert {review.state for review in reviews} == {"published"}
        assert len(published.of(ReviewPublished)) - before == len(reviews)
        assert len(reviews) == (1 if isinstance(second, rules.WindowClosed) else 2), second


def test_two_beats_at_once_close_each_window_once(race, published, clock):
    for _ in range(6):
        window = open_window()
        write(window, as_hirer(window))
    clock.advance(days=15)
    assert sum(race(run_deadlines, 3)) == 6
    assert len(published.of(ReviewPublished)) == 6
    assert set(Review.objects.values_list("state", "version")) == {("published", 2)}


def test_the_same_end_heard_four_times_at_once_opens_one_window(race):
    ids = {"contract_id": new_id(), "hirer_id": new_id(), "worker_id": new_id()}
    made = race(lambda: actions.open_window(title="A", category="painting", ended_at=clock.now(), **ids), 4)
    assert failures(made) == []
    assert sum(window is not None for window in made) == 1
    assert ReviewWindow.objects.count() == Deadline.objects.count() == 1


def test_reviews_of_one_person_published_at_once_all_count(race, published):
    worker_id = new_id()
    windows = [open_window(worker_id=worker_id, category=f"category {n % 3}") for n in range(6)]
    for window in windows:
        write(window, as_hirer(window))
    assert failures(race([lambda w=w: write(w, as_worker(w)) for w in windows])) == []
    reputation = Reputation.objects.get(user_id=worker_id)
    assert (reputation.count, reputation.total) == (6, 6 * 475)
    heard = [event.reviews for event in published.of(ReputationChanged) if event.user_id == worker_id]
    assert heard == [1, 2, 3, 4, 5, 6]


def test_windows_of_one_category_published_at_once_never_wait_in_a_circle(race):
    """Ids grow with time: half of these workers sort before their hirers, half after them."""
    both_written(category="tiling")
    for _ in range(6):
        windows = []
        for number in range(6):
            sides = sorted([new_id(), new_id()], reverse=bool(number % 2))
            window = open_window(hirer_id=sides[0], worker_id=sides[1], category="tiling")
            write(window, as_hirer(window))
            windows.append(window)
        assert failures(race([lambda w=w: write(w, as_worker(w)) for w in windows])) == []
    assert set(CategoryMean.objects.values_list("subject_role", "count")) == {("worker", 37), ("hirer", 37)}


def test_two_people_with_two_contracts_published_at_once(race):
    one, other = new_id(), new_id()
    for _ in range(4):
        windows = [open_window(hirer_id=one, worker_id=other), open_window(hirer_id=other, worker_id=one)]
        for window in windows:
            write(window, as_hirer(window))
        assert failures(race([lambda w=w: write(w, as_worker(w)) for w in windows])) == []
    assert set(Reputation.objects.values_list("count", flat=True)) == {8}


def test_eight_replies_at_once_are_one(race):
    review, _ = both_written()
    by = somebody(review.subject_id)
    outcome = race(lambda: reply(review, by, expected_version=2), 8)
    assert len(failures(outcome)) == 7
    assert Review.objects.get(id=review.id).version == 3


def test_blindness_is_checked_at_commit_whatever_code_forgets():
    """The trigger waits for the end of the transaction, so that window and reviews may change one after the other."""
    window = open_window()
    review = write(window, as_hirer(window), ratings=GOOD["hirer"])
    with pytest.raises(DatabaseError), atomic("reviews"), connections["reviews"].cursor() as cursor:
        cursor.execute("UPDATE reviews_review SET state = 'published', published_at = now() WHERE id = %s", [review.id])
    review.refresh_from_db()
    assert review.state == "hidden"
