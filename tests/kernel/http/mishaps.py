"""What can go wrong inside a request, and how to tell what it left behind."""

from collections.abc import Callable

from tests.kernel.http.probes import views
from tests.kernel.http.probes.models import Note


class Died(BaseException):
    """The process ends here: not even an exception handler runs."""


def raises(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def notes() -> int:
    """How many effects there were."""
    return Note.objects.count()


def nothing_happens_inside() -> None:
    for happening in (views.BEFORE_EFFECT, views.BEFORE_COMMIT, views.AFTER_COMMIT):
        happening.clear()
