"""Counting people: what they do for the first time, the weeks in which they were here, and once a day the figures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from domains.identity.models import ActivationStep, ActiveWeek, AuthSession, Figure, User
from domains.identity.queries.analytics import Somebody, people_since
from domains.identity.rules import analytics as rules
from kelmah import clock
from kelmah.db import atomic

_Cell = tuple[str, date, str]  # kind, period, item


def record_step(*, user_ids: Iterable[UUID], step: str, at: datetime) -> None:
    """The first time counts; ids of nobody here are left out."""
    with atomic("identity"):
        known = User.objects.filter(id__in=list(user_ids)).values_list("id", flat=True)
        ActivationStep.objects.bulk_create(
            [ActivationStep(user_id=user_id, step=step, at=at) for user_id in known], ignore_conflicts=True
        )


def count_people() -> int:
    """Note who was here of late, and count anew; returns how many figures there are.

    Again is safe: all figures are written again. Nobody who is erased is counted.
    """
    now = clock.now()
    _note_weeks(now)
    figures = list(_figures(now))
    with atomic("identity"):
        Figure.objects.all().delete()
        Figure.objects.bulk_create(figures, batch_size=2_000)
        ActiveWeek.objects.filter(week__lt=_first_week(now)).delete()
    return len(figures)


# Private functions


def _note_weeks(now: datetime) -> None:
    """A session's last use is overwritten by the next: what was used within two days is noted for its week."""
    seen = AuthSession.objects.filter(last_used_at__gte=now - timedelta(days=2)).values_list("user_id", "last_used_at")
    weeks = {(user_id, rules.week_of(moment)) for user_id, moment in seen.iterator(chunk_size=5_000)}
    with atomic("identity"):
        ActiveWeek.objects.bulk_create(
            [ActiveWeek(user_id=user_id, week=week) for user_id, week in sorted(weeks)],
            ignore_conflicts=True,
            batch_size=5_000,
        )


def _first_week(now: datetime) -> date:
    return rules.week_of(now) - timedelta(weeks=rules.WEEKS)


def _first_month(now: datetime) -> date:
    months = now.year * 12 + now.month - 1 - (rules.MONTHS - 1)
    return date(months // 12, months % 12 + 1, 1)


def _figures(now: datetime) -> Iterator[Figure]:
    """Everybody counted in each cell, then each cell by role and by region, as far as it may be told."""
    everybody, by = Counter[_Cell](), {name: Counter[tuple[_Cell, str]]() for name in ("role", "region")}
    roles, regions = ("hirer", "worker"), (*rules.REGIONS, "elsewhere", "unknown")
    start = min(_first_month(now), _first_week(now))
    for person in people_since(datetime.combine(start, time(), UTC)):
        for cell in _cells_of(person, now):
            everybody[cell] += 1
            by["role"][cell, person.role] += 1
            by["region"][cell, person.region] += 1
    for cell, total in sorted(everybody.items()):
        for name, parts in (("role", roles), ("region", regions)):
            whole, told = rules.told(total, {part: by[name][cell, part] for part in parts})
            if name == "role":
                yield _figure(cell, now, by="all", part="", value=whole)
            yield from (_figure(cell, now, by=name, part=part, value=value) for part, value in told.items())


def _cells_of(person: Somebody, now: datetime) -> Iterator[_Cell]:
    week, month = rules.week_of(person.signed_up), rules.month_of(person.signed_up)
    if week >= _first_week(now):
        yield "signups", week, ""
        for later in range(1, rules.FOLLOWED + 1):
            if week + timedelta(weeks=later) in person.weeks:
                yield "retention", week, str(later)
    if month >= _first_month(now):
        yield from (("funnel", month, step) for step in rules.STEPS if step in person.steps)


def _figure(cell: _Cell, now: datetime, *, by: str, part: str, value: int | None) -> Figure:
    kind, period, item = cell
    return Figure(kind=kind, period=period, item=item, by=by, part=part, value=value, computed_at=now)
