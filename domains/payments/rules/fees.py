"""Who gets what of a released escrow."""

from domains.payments.rules.errors import WaitTooLong
from kelmah.money import Money

WHOLE = 10_000  # basis points
LONGEST_WAIT_HOURS = 366 * 24  # of a review, and of what was earned


def fee_split(gross: Money, basis_points: int) -> tuple[Money, Money]:
    """The platform's fee and the worker's net, by largest remainder: they sum exactly to ``gross``."""
    fee, net = gross.allocate([basis_points, WHOLE - basis_points])
    return fee, net


def check_waits(*hours: int | None) -> None:
    """That a plan lets nobody's money wait longer than a year. Raises WaitTooLong."""
    if any(each is not None and not 0 <= each <= LONGEST_WAIT_HOURS for each in hours):
        raise WaitTooLong()


def part_split(released: Money, part: Money, basis_points: int) -> tuple[Money, Money]:
    """Fee and net of a further part, ``released`` before it: however it is cut, the parts' fees sum to the whole's."""
    before, _ = fee_split(released, basis_points)
    after, _ = fee_split(released + part, basis_points)
    return after - before, part - (after - before)
