"""Looking at the books."""

import structlog

from domains.payments.models import BooksCheck
from domains.payments.queries.invariants import contradictions
from kelmah import clock
from kelmah.db import atomic

log = structlog.get_logger(__name__)


def check_books() -> int:
    """Check the invariants and keep the result: while it is red, no payout leaves. Returns how many are broken."""
    found = contradictions()
    for contradiction in found:
        log.critical("books_out_of_balance", invariant=contradiction.invariant, rows=len(contradiction.rows))
    with atomic("payments"):
        BooksCheck.objects.create(at=clock.now(), broken=[contradiction.invariant for contradiction in found])
    return len(found)
