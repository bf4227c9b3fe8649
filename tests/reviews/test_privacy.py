"""What reviews forgets of somebody."""

import pytest
from django.db import DatabaseError, transaction

from domains.reviews.actions import privacy, reply_to_review
from domains.reviews.models import CategoryMean, Reputation, Review, ReviewWindow
from kelmah.ids import new_id
from kelmah.interfaces.privacy import ERASED, Asked
from kelmah.interfaces.reviews.events import PersonAnswered
from kelmah.testing.databases import rows_of
from tests.reviews.factories import both_written, somebody

pytestmark = pytest.mark.domain("reviews")


def erase(user_id) -> None:
    privacy.answer(Asked(request_id=new_id(), user_id=user_id, step="erase"))


def test_every_word_by_and_about_the_person_goes_and_the_figures_stay(published):
    hers, his = both_written(title="The house of Ama Mensah")
    reply_to_review(
        review_id=his.id, by=somebody(his.subject_id, "hirer"), expected_version=None, text="Thank you, Ama Mensah"
    )
    means = list(CategoryMean.objects.values("total", "count"))
    erase(hers.author_id)
    after = Review.objects.get(id=hers.id)
    assert (after.text, after.private_feedback, after.stars) == ("", "", hers.stars)
    assert Review.objects.get(id=his.id).text == ""
    assert Review.objects.get(id=his.id).reply_text == ERASED
    assert ReviewWindow.objects.get().title == ERASED
    assert not Reputation.objects.filter(user_id=hers.author_id).exists()
    assert Reputation.objects.filter(user_id=his.author_id).exists()
    assert list(CategoryMean.objects.values("total", "count")) == means
    assert "Ama Mensah" not in str(rows_of("reviews", ["review", "reviewwindow", "inbox"]))
    erase(hers.author_id)
    assert published.of(PersonAnswered)[-1].counts == {}


@pytest.mark.parametrize("change", [{"text": "Other words"}, {"stars": 100}, {"private_feedback": "x", "text": ""}])
def test_what_is_published_may_be_erased_and_not_changed(change):
    hers, _ = both_written()
    with pytest.raises(DatabaseError), transaction.atomic("reviews"):  # noqa: TID251
        Review.objects.filter(id=hers.id).update(**change)
