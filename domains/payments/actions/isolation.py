"""One bad item must not stop the others."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
Id = TypeVar("Id")


def each_alone(
    ids: Iterable[Id], act: Callable[[Id], None], *, failed: Callable[[Id, str], None] | None = None
) -> None:
    """``act`` on every id; what raises is logged, handed to ``failed`` with the reason, and the next one follows.

    Without ``failed``, it has its turn again by itself.
    """
    for item in ids:
        try:
            act(item)
        except Exception as error:  # the boundary of one item's work
            log.error("item_failed", item=str(item), act=act.__qualname__, exc_info=error)
            if failed:
                failed(item, f"{type(error).__name__}: {error}"[:500])
