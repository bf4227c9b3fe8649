"""Stars, exactly, and who may say what for how long."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domains.reviews import rules
from kelmah.errors import InvalidInput

STARS = st.integers(100, 500)
REVIEWS = st.lists(STARS, max_size=60)
RATING = st.integers(1, 5)


def exactly(value: Fraction) -> int:
    """Half to even, by other means than the code's."""
    return int((Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1), ROUND_HALF_EVEN))


def stars(reviews: list[int], prior: int) -> int:
    return rules.bayesian_mean(total=sum(reviews), count=len(reviews), prior=prior)


@pytest.mark.parametrize("table", [rules.WINDOW, rules.REVIEW], ids=lambda table: table.subject)
def test_the_state_tables_have_no_dead_ends(table):
    assert not table.unreachable()
    assert not table.dead_ends()


@given(REVIEWS, STARS)
@example([437, 438], 400)
def test_stars_are_the_bayesian_mean_half_to_even(reviews, prior):
    mean = Fraction(rules.PRIOR_WEIGHT * prior + sum(reviews), rules.PRIOR_WEIGHT + len(reviews))
    assert stars(reviews, prior) == exactly(mean)
    assert abs(stars(reviews, prior) - mean) <= Fraction(1, 2)


@given(REVIEWS.filter(bool), STARS)
def test_stars_lie_between_the_prior_and_the_plain_mean(reviews, prior):
    plain = Fraction(sum(reviews), len(reviews))
    low, high = sorted([Fraction(prior), plain])
    assert exactly(low) <= stars(reviews, prior) <= exactly(high)


@given(STARS)
def test_without_reviews_stars_are_the_prior(prior):
    assert stars([], prior) == prior


@given(REVIEWS, STARS, STARS, STARS)
def test_a_better_review_or_a_better_prior_never_costs_stars(reviews, one, other, prior):
    worse, better = sorted([one, other])
    assert stars([*reviews, worse], prior) <= stars([*reviews, better], prior)
    assert stars(reviews, worse) <= stars(reviews, better)


@given(st.lists(STARS, min_size=400, max_size=400))
def test_many_reviews_outweigh_the_prior(reviews):
    assert abs(stars(reviews, 100) - Fraction(sum(reviews), 400)) < 8


@given(st.one_of(*[st.fixed_dictionaries(dict.fromkeys(axes, RATING)) for axes in rules.AXES.values()]))
def test_the_mean_of_the_axes_is_exact_half_to_even(ratings):
    mean = Fraction(100 * sum(ratings.values()), len(ratings))
    assert rules.overall(ratings) == exactly(mean)
    assert 100 * min(ratings.values()) <= rules.overall(ratings) <= 100 * max(ratings.values())


@pytest.mark.parametrize(
    ("ratings", "wanted"),
    [((5, 5, 4, 5), 475), ((1, 1, 1, 2), 125), ((5, 5, 4), 467), ((4, 4, 5), 433), ((1, 1, 2), 133)],
)
def test_examples_of_the_mean(ratings, wanted):
    assert rules.overall(dict(zip("abcd", ratings, strict=False))) == wanted


@given(st.lists(STARS, min_size=1, max_size=40))
def test_a_category_has_a_mean_of_its_own_from_twenty_reviews_on(reviews):
    prior = rules.category_prior(total=sum(reviews), count=len(reviews))
    assert prior == (exactly(Fraction(sum(reviews), len(reviews))) if len(reviews) >= 20 else 400)


def test_an_empty_category_has_the_neutral_prior():
    assert rules.category_prior(total=0, count=0) == rules.NEUTRAL_STARS


@pytest.mark.parametrize("side", rules.AXES)
def test_all_axes_of_the_side_and_no_other_are_wanted(side):
    whole = dict.fromkeys(rules.AXES[side], 5)
    rules.check_ratings(whole, author_role=side)
    for axis in whole:
        rest = {name: value for name, value in whole.items() if name != axis}
        with pytest.raises(InvalidInput) as refusal:
            rules.check_ratings(rest, author_role=side)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [(f"/ratings/{axis}", "required")]
    for axis in rules.AXES[rules.other_side(side)]:
        with pytest.raises(InvalidInput) as refusal:
            rules.check_ratings({**whole, axis: 5}, author_role=side)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [
            (f"/ratings/{axis}", "unknown_field")
        ]


def test_a_reply_has_its_time():
    published = datetime(2026, 5, 1, tzinfo=UTC)
    last = published + timedelta(days=28)
    assert rules.may_reply(published_at=published, replied_at=None, now=last)
    assert not rules.may_reply(published_at=published, replied_at=None, now=last + timedelta(microseconds=1))
    assert not rules.may_reply(published_at=published, replied_at=published, now=published)
    assert not rules.may_reply(published_at=None, replied_at=None, now=published)
