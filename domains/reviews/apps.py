"""What reviews declares about itself."""

from kelmah.domain import DomainConfig


class ReviewsConfig(DomainConfig):
    name = "domains.reviews"
    label = "reviews"
    service = ""
    handlers = "domains.reviews.handlers"
    urls = "domains.reviews.api.urls"
    beat = {"reviews-deadlines": {"task": "reviews.run_deadlines", "schedule": 15.0}}
