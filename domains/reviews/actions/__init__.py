"""Writes of reviews, one function per use case."""

from domains.reviews.actions.replies import reply_to_review
from domains.reviews.actions.reviews import close_window, open_window, submit_review

__all__ = ["close_window", "open_window", "reply_to_review", "submit_review"]
