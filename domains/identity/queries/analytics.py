"""What figures are counted from, and the figures for those who look at them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domains.identity.models import ActivationStep, ActiveWeek, Figure, Profile, User
from domains.identity.rules import analytics as rules


@dataclass(frozen=True, slots=True)
class Somebody:
    """As much of a person as is counted."""

    role: str
    region: str
    signed_up: datetime
    steps: frozenset[str]
    weeks: frozenset[date]


@dataclass(frozen=True)
class Bar:
    label: str
    value: int | None
    most: int


@dataclass(frozen=True)
class Chart:
    """Bars of one measure; ``value`` of a bar is None where the group is too small to be told."""

    title: str
    bars: list[Bar]


def people_since(start: datetime) -> Iterator[Somebody]:
    """Workers and hirers who signed up from then on and are still here."""
    steps: dict[UUID, set[str]] = defaultdict(set)
    for user_id, step in ActivationStep.objects.filter(user__created_at__gte=start).values_list("user_id", "step"):
        steps[user_id].add(step)
    weeks: dict[UUID, set[date]] = defaultdict(set)
    for user_id, week in ActiveWeek.objects.filter(user__created_at__gte=start).values_list("user_id", "week"):
        weeks[user_id].add(week)
    places = {
        user_id: (headline, latitude, longitude)
        for user_id, headline, latitude, longitude in Profile.objects.filter(user__created_at__gte=start).values_list(
            "user_id", "headline", "latitude", "longitude"
        )
    }
    people = User.objects.filter(created_at__gte=start, role__in=["worker", "hirer"]).exclude(status="erased")
    for user_id, role, created_at in people.values_list("id", "role", "created_at").iterator(chunk_size=5_000):
        headline, latitude, longitude = places.get(user_id, ("", None, None))
        own = {"signed_up"} | ({"profile"} if headline else set())
        yield Somebody(
            role=role,
            region=rules.region_of(latitude, longitude),
            signed_up=created_at,
            steps=frozenset(own | steps[user_id]),
            weeks=frozenset(weeks[user_id]),
        )


def charts() -> list[Chart]:
    """The figures as they are looked at: sign-ups by week, the funnel of the newest months, who comes back."""
    rows = list(Figure.objects.order_by("kind", "period", "item", "part"))
    every = [row for row in rows if row.by == "all"]
    found = [_chart("Sign-ups by week", [(f"{row.period}", row) for row in every if row.kind == "signups"])]
    for name in ("role", "region"):
        newest = max((row.period for row in rows if row.kind == "signups" and row.by == name), default=None)
        parts = [row for row in rows if row.kind == "signups" and row.by == name and row.period == newest]
        found.append(_chart(f"Sign-ups of the newest week by {name}", [(row.part, row) for row in parts]))
    for month in sorted({row.period for row in every if row.kind == "funnel"})[-3:]:
        steps = {row.item: row for row in every if row.kind == "funnel" and row.period == month}
        bars = [(step.replace("_", " "), steps[step]) for step in rules.STEPS if step in steps]
        found.append(_chart(f"How far those of {month:%B %Y} came", bars))
    for week in sorted({row.period for row in every if row.kind == "retention"})[-8:]:
        mine = [row for row in every if row.kind == "retention" and row.period == week]
        cells = [(int(row.item), row) for row in sorted(mine, key=lambda row: int(row.item))]
        found.append(_chart(f"Who of the week of {week} came back", [(f"week {nth}", row) for nth, row in cells]))
    return [chart for chart in found if chart.bars]


# Private functions


def _chart(title: str, rows: list[tuple[str, Figure]]) -> Chart:
    most = max((row.value or 0 for _, row in rows), default=0)
    return Chart(title, [Bar(label, row.value, most or 1) for label, row in rows])
