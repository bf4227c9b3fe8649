"""Looking at the books."""

from typing import Final
from uuid import NAMESPACE_URL, uuid5

import structlog

from domains.payments import queries, rules
from domains.payments.models import BooksCheck
from domains.payments.queries.invariants import contradictions
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue
from kelmah.outbound.oncall import page

RUNBOOK: Final = "docs/runbooks/books-red.md"

log = structlog.get_logger(__name__)


def check_books() -> int:
    """Check the invariants and keep the result: while it is red, no payout leaves. Returns how many are broken.

    Whoever is on call is told of red, of green again, and once an hour for as long as it is red.
    """
    found = contradictions()
    for contradiction in found:
        log.critical("books_out_of_balance", invariant=contradiction.invariant, rows=len(contradiction.rows))
    broken = [contradiction.invariant for contradiction in found]
    with atomic("payments"):
        before, told = queries.books_newest(), queries.books_paged()
        news = broken != (before.broken if before else [])
        late = bool(broken) and (told is None or told.at <= clock.now() - rules.PAGED_AGAIN_AFTER)
        check = BooksCheck.objects.create(at=clock.now(), broken=broken, paged=news or late)
        if check.paged:
            enqueue("payments.page_books", check_id=check.id)
    return len(found)


def page_books(*, check_id: int) -> None:
    """Tell whoever is on call what a look at the books found. Twice is one mail. Raises NotSent."""
    check = BooksCheck.objects.get(id=check_id)
    if check.broken:
        subject = f"Kelmah: books out of balance ({len(check.broken)}), payouts are frozen"
        text = "Broken:\n" + "".join(f"- {name}\n" for name in check.broken) + f"\nWhat to do: {RUNBOOK}\n"
    else:
        subject, text = "Kelmah: the books are in order again", "Payouts leave again.\n"
    page(message_id=uuid5(NAMESPACE_URL, f"books-check:{check.id}"), subject=subject, text=text, at=check.at)
