"""What the database refuses whoever asks it."""

import pytest
from django.db import DatabaseError, connections

from domains.reviews.models import CategoryMean, Reputation, Review
from domains.reviews.tasks import run_deadlines
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.reviews.factories import as_hirer, as_worker, both_written, open_window, somebody, write
from tests.reviews.test_actions import reply

pytestmark = pytest.mark.domain("reviews")


def refused(statement: str, *parameters) -> bool:
    try:
        with atomic("reviews"), connections["reviews"].cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount >= 1, "the statement reached no row"
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except DatabaseError:
        return True
    return False


def hidden_review() -> Review:
    window = open_window()
    return write(window, as_hirer(window))


def published_review() -> Review:
    return both_written()[0]


@pytest.mark.parametrize(
    "change",
    [
        "quality = 0",
        "quality = 6",
        "quality = NULL",
        "clarity = 3",
        "author_role = 'worker'",
        "author_role = 'staff'",
        "author_id = subject_id",
        "stars = 99",
        "stars = 501",
        "stars = stars + 1",
        "stars = stars - 1",
        "quality = 1",
        "state = 'gone'",
        "state = 'published'",
        "published_at = now()",
        "state = 'published', published_at = now()",
        "reply_text = 'Thanks'",
        "reply_text = 'Thanks', replied_at = now()",
        "author_id = gen_random_uuid()",
        "subject_id = gen_random_uuid()",
        "author_id = subject_id, subject_id = author_id",
        "version = -1",
    ],
)
def test_a_hidden_review_cannot_become_nonsense(change):
    review = hidden_review()
    assert refused(f"UPDATE reviews_review SET {change} WHERE id = %s", review.id)


@pytest.mark.parametrize(
    "change",
    [
        "text = 'Terrible.'",
        "private_feedback = 'Nothing'",
        "quality = 1, stars = 375",
        "stars = stars - 1",
        "author_id = gen_random_uuid()",
        "submitted_at = now() - interval '1 day'",
        "published_at = now() + interval '1 day'",
        "state = 'hidden', published_at = NULL",
        "id = gen_random_uuid()",
        "reply_text = 'Thanks'",
        "replied_at = now()",
    ],
)
def test_a_published_review_stays_as_it_was_written(change):
    review = published_review()
    assert refused(f"UPDATE reviews_review SET {change} WHERE id = %s", review.id)


def test_a_published_review_is_replied_to_once():
    review = published_review()
    reply(review, somebody(review.subject_id))
    for change in ("reply_text = 'Liar!'", "replied_at = now()", "reply_text = '', replied_at = NULL"):
        assert refused(f"UPDATE reviews_review SET {change} WHERE id = %s", review.id)


COPY = (
    "INSERT INTO reviews_review (id, version, window_id, author_id, subject_id, author_role, quality, communication,"
    " punctuality, value, clarity, payment, respect, stars, text, private_feedback, state, submitted_at, published_at,"
    " reply_text) SELECT %s, 1, window_id, {author}, {subject}, {role}, {ratings}, 500, '', '', state, submitted_at,"
    " published_at, '' FROM reviews_review WHERE id = %s"
)
AXES = {"'hirer'": "5, 5, 5, 5, NULL, NULL, NULL", "'worker'": "NULL, NULL, NULL, NULL, 5, 5, 5"}


@pytest.mark.parametrize(
    ("role", "author", "subject", "verdict"),
    [
        ("'worker'", "subject_id", "author_id", False),
        ("'hirer'", "author_id", "subject_id", True),
        ("'worker'", "gen_random_uuid()", "author_id", True),
        ("'worker'", "subject_id", "gen_random_uuid()", True),
        ("'worker'", "author_id", "subject_id", True),
    ],
    ids=["the other side", "the same side again", "a stranger", "about a stranger", "in the other's name"],
)
def test_only_the_other_side_writes_the_second_review(role, author, subject, verdict):
    review = hidden_review()
    statement = COPY.format(role=role, author=author, subject=subject, ratings=AXES[role])
    assert refused(statement, new_id(), review.id) is verdict


def test_nothing_is_added_to_a_window_that_is_published(clock):
    review = hidden_review()
    clock.advance(days=15)
    run_deadlines()
    statement = COPY.format(role="'worker'", author="subject_id", subject="author_id", ratings=AXES["'worker'"])
    hidden = statement.replace("'', '', state, submitted_at, published_at", "'', '', 'hidden', submitted_at, NULL")
    assert refused(hidden, new_id(), review.id)


def test_a_window_is_not_published_without_its_reviews_nor_they_without_it():
    review = hidden_review()
    assert refused("UPDATE reviews_reviewwindow SET state = 'published' WHERE id = %s", review.window_id)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'gone'",
        "worker_id = hirer_id",
        "contract_id = gen_random_uuid()",
        "hirer_id = gen_random_uuid()",
        "closes_at = closes_at + interval '1 day'",
    ],
)
def test_a_window_cannot_become_nonsense(change):
    window = open_window()
    assert refused(f"UPDATE reviews_reviewwindow SET {change} WHERE id = %s", window.id)


def test_a_published_window_does_not_open_again():
    review = published_review()
    assert refused("UPDATE reviews_reviewwindow SET state = 'open' WHERE id = %s", review.window_id)


def test_a_contract_has_one_window():
    window = open_window()
    assert refused(
        "INSERT INTO reviews_reviewwindow SELECT gen_random_uuid(), contract_id, hirer_id, worker_id, title, category,"
        " state, opened_at, closes_at FROM reviews_reviewwindow WHERE id = %s",
        window.id,
    )


@pytest.mark.parametrize("table", ["reviews_review", "reviews_reviewwindow"])
def test_nothing_that_was_said_is_deleted(table):
    window = open_window()
    write(window, as_worker(window))
    assert refused(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "change",
    ["total = 99", "total = 501", "total = -1", "count = 0", "count = 5", "stars = NULL", "stars = 501", "stars = 99"],
)
def test_a_reputation_adds_up(change):
    review = published_review()
    Reputation.objects.exclude(user_id=review.subject_id).delete()
    assert refused(f"UPDATE reviews_reputation SET {change}")


@pytest.mark.parametrize("change", ["total = 99", "total = 501", "count = 5", "subject_role = 'staff'"])
def test_a_mean_adds_up(change):
    published_review()
    CategoryMean.objects.exclude(subject_role="worker").delete()
    assert refused(f"UPDATE reviews_categorymean SET {change}")


def test_a_category_has_one_mean_per_side():
    published_review()
    assert refused("UPDATE reviews_categorymean SET subject_role = 'worker'")


def test_a_contract_has_one_armed_deadline():
    open_window()
    assert refused(
        "INSERT INTO reviews_deadline (subject_id, kind, due_at, subject_version, attempts, last_error)"
        " SELECT subject_id, kind, due_at, 1, 0, '' FROM reviews_deadline"
    )


def test_the_run_time_role_reaches_no_other_schema():
    with connections["reviews"].cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT 1 FROM payments.payments_outbox")
