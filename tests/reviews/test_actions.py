"""What reviews does, one rule per test."""

import pytest

from domains.reviews import actions, queries, rules
from domains.reviews.models import CategoryMean, Deadline, Reputation, Review, ReviewWindow
from domains.reviews.tasks import run_deadlines
from kelmah.errors import InvalidInput, NotFound, StaleVersion
from kelmah.ids import new_id
from kelmah.interfaces.reviews.events import ReputationChanged, ReviewPublished, ReviewSubmitted
from tests.reviews.factories import GOOD, as_hirer, as_worker, both_written, open_window, somebody, write

pytestmark = pytest.mark.domain("reviews")


def test_the_first_review_is_hidden_and_the_other_side_learns_only_that_there_is_one(published):
    window = open_window()
    review = write(window, as_hirer(window), text="Careful work", private_feedback="Came late once.")
    assert (review.state, review.stars, review.published_at) == ("hidden", 475, None)
    assert published.of(ReviewSubmitted) == [
        ReviewSubmitted(
            contract_id=window.contract_id,
            author_id=window.hirer_id,
            subject_id=window.worker_id,
            author_role="hirer",
            title=window.title,
        )
    ]
    assert published.of(ReviewPublished) == published.of(ReputationChanged) == []
    assert not Reputation.objects.exists()


@pytest.mark.parametrize("order", [(as_hirer, as_worker), (as_worker, as_hirer)])
def test_with_the_second_review_both_are_published_once(published, order):
    window = open_window()
    for author in order:
        write(window, author(window))
    reviews = list(Review.objects.all())
    assert {review.state for review in reviews} == {"published"}
    assert {event.review_id for event in published.of(ReviewPublished)} == {review.id for review in reviews}
    assert len(published.of(ReviewPublished)) == 2
    assert {event.user_id: event.reviews for event in published.of(ReputationChanged)} == {
        window.hirer_id: 1,
        window.worker_id: 1,
    }
    assert ReviewWindow.objects.get().state == "published"
    assert not Deadline.objects.filter(done_at__isnull=True).exists()


def test_the_second_author_gets_their_review_as_it_is_now():
    _, second = both_written()
    assert (second.state, second.version) == ("published", 2)
    assert second.published_at is not None


def test_the_deadline_publishes_the_lone_review(published, clock):
    window = open_window()
    write(window, as_worker(window))
    clock.advance(days=13, hours=23)
    assert run_deadlines() == 0
    clock.advance(hours=2)
    assert run_deadlines() == 1
    assert Review.objects.get().state == "published"
    assert [event.subject_id for event in published.of(ReviewPublished)] == [window.hirer_id]
    assert [event.user_id for event in published.of(ReputationChanged)] == [window.hirer_id]
    assert run_deadlines() == 0


def test_a_window_in_which_nobody_wrote_closes_silently(published, clock):
    open_window()
    clock.advance(days=15)
    assert run_deadlines() == 1
    assert ReviewWindow.objects.get().state == "published"
    assert published.of(ReviewPublished) == []


def test_after_fourteen_days_nobody_writes_though_the_deadline_is_late(clock):
    window = open_window()
    write(window, as_hirer(window))
    clock.advance(days=14)
    with pytest.raises(rules.WindowClosed):
        write(window, as_worker(window))
    run_deadlines()
    with pytest.raises(rules.WindowClosed):
        write(window, as_worker(window))
    assert Review.objects.count() == 1


def test_the_fourteen_days_count_from_the_end_of_the_contract(clock):
    ended_at = clock.now()
    clock.advance(days=13, hours=23)
    window = open_window(ended_at=ended_at)
    write(window, as_hirer(window))
    clock.advance(hours=1)
    with pytest.raises(rules.WindowClosed):
        write(window, as_worker(window))


def test_nobody_reviews_twice_before_or_after_publication():
    window = open_window()
    write(window, as_hirer(window))
    with pytest.raises(rules.AlreadyReviewed):
        write(window, as_hirer(window), ratings=dict.fromkeys(GOOD["hirer"], 1))
    write(window, as_worker(window))
    with pytest.raises(rules.AlreadyReviewed):
        write(window, as_hirer(window))
    assert Review.objects.count() == 2


def test_strangers_and_unknown_contracts_have_nothing_to_review(rows):
    window = open_window()
    before = rows()
    with pytest.raises(NotFound):
        write(window, somebody(new_id()))
    with pytest.raises(NotFound):
        actions.submit_review(
            contract_id=new_id(), by=as_hirer(window), ratings=GOOD["hirer"], text="", private_feedback=""
        )
    assert rows() == before


def test_the_axes_of_the_other_side_are_refused(rows):
    window = open_window()
    before = rows()
    with pytest.raises(InvalidInput):
        write(window, as_hirer(window), ratings=GOOD["worker"])
    assert rows() == before


def test_stars_of_three_reviews_are_the_bayesian_mean(published):
    worker_id = new_id()
    for _ in range(3):
        both_written(worker_id=worker_id)
    reputation = Reputation.objects.get(user_id=worker_id)
    assert (reputation.total, reputation.count, reputation.stars) == (1425, 3, 420)  # (8 * 400 + 1425) / 11
    assert [event.stars for event in published.of(ReputationChanged) if event.user_id == worker_id] == [408, 415, 420]


def test_newcomers_to_a_known_category_begin_at_its_mean(published):
    for _ in range(rules.PRIOR_NEEDS):
        both_written(category="plumbing")
    mean = CategoryMean.objects.get(category="plumbing", subject_role="worker")
    assert (mean.count, mean.total) == (20, 20 * 475)
    review, _ = both_written(category="plumbing")
    assert Reputation.objects.get(user_id=review.subject_id).stars == 475  # (8 * 475 + 475) / 9
    elsewhere, _ = both_written(category="painting")
    assert Reputation.objects.get(user_id=elsewhere.subject_id).stars == 408  # (8 * 400 + 475) / 9


def test_the_sides_of_a_category_have_means_of_their_own():
    both_written()
    totals = dict(CategoryMean.objects.values_list("subject_role", "total"))
    assert totals == {"worker": 475, "hirer": 467}


def test_a_window_opens_once():
    window = open_window()
    again = actions.open_window(
        contract_id=window.contract_id,
        hirer_id=window.hirer_id,
        worker_id=window.worker_id,
        title="Another",
        category="painting",
        ended_at=window.opened_at,
    )
    assert again is None
    assert ReviewWindow.objects.get().title == window.title
    assert Deadline.objects.count() == 1


def reply(review, by, **options):
    return actions.reply_to_review(
        review_id=review.id, by=by, **({"expected_version": None, "text": "Thanks"} | options)
    )


def test_the_subject_replies_once():
    review, _ = both_written()
    done = reply(review, somebody(review.subject_id), expected_version=2)
    assert (done.reply_text, done.version) == ("Thanks", 3)
    with pytest.raises(rules.ReplyClosed):
        reply(review, somebody(review.subject_id))


def test_a_reply_based_on_an_older_reading_is_refused():
    review, _ = both_written()
    with pytest.raises(StaleVersion):
        reply(review, somebody(review.subject_id), expected_version=1)


def test_a_reply_comes_within_twenty_eight_days(clock):
    first, second = both_written()
    clock.advance(days=27, hours=23)
    reply(first, somebody(first.subject_id))
    clock.advance(hours=2)
    with pytest.raises(rules.ReplyClosed):
        reply(second, somebody(second.subject_id))


def test_only_the_subject_replies_and_only_to_what_is_published():
    review, _ = both_written()
    for other in (review.author_id, new_id()):
        with pytest.raises(rules.NotTheSubject):
            reply(review, somebody(other))
    window = open_window()
    hidden = write(window, as_hirer(window))
    with pytest.raises(NotFound):
        reply(hidden, as_worker(window))


def test_a_hidden_review_is_its_authors_alone():
    window = open_window()
    hidden = write(window, as_hirer(window))
    assert queries.access_review(review_id=hidden.id, by=as_hirer(window)).id == hidden.id
    for other in (as_worker(window), somebody(new_id())):
        with pytest.raises(NotFound):
            queries.access_review(review_id=hidden.id, by=other)


def test_what_is_over_or_written_is_no_longer_to_be_reviewed(clock):
    window = open_window()

    def waits_for(user_id):
        return list(queries.open_windows_of(user_id))

    assert waits_for(window.hirer_id) == waits_for(window.worker_id) == [window]
    write(window, as_hirer(window))
    assert (waits_for(window.hirer_id), waits_for(window.worker_id)) == ([], [window])
    clock.advance(days=14)
    assert waits_for(window.worker_id) == []  # though the deadline has not run yet
