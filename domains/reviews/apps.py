"""What reviews declares about itself."""

from kelmah.domain import DomainConfig


class ReviewsConfig(DomainConfig):
    name = "domains.reviews"
    label = "reviews"
