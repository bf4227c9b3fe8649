"""What the directory says of people, read from all that it is made of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max

from domains.identity import rules
from domains.identity.models import AuthSession, FinishedJob, Profile, RankWeights, Skill, WorkerCard
from domains.identity.queries.privacy import Privacy, privacy_of
from domains.identity.queries.profiles import availability_of, content_of, profiles
from domains.identity.queries.taxonomy import skills_named
from domains.identity.rules import availability, directory
from domains.identity.rules import profiles as said
from domains.identity.rules.public_holidays import holidays_between
from kelmah.money import Money

_NAMES = ("version", "rating", "verified", "jobs", "recency", "match", "jobs_full", "recency_days")


@dataclass(frozen=True, kw_only=True)
class _Beside:
    """What a card needs besides the profile, asked once for all."""

    privacy: Mapping[UUID, Privacy]
    skills: Mapping[str, Skill]
    active_at: Mapping[UUID, datetime]
    weights: directory.Weights
    now: datetime


def weights() -> directory.Weights:
    """What a place in the directory is made of now."""
    row = RankWeights.objects.order_by("-version").values(*_NAMES).first()
    return directory.Weights(**row) if row else directory.FIRST_WEIGHTS


def cards_of(user_ids: Collection[UUID], *, now: datetime) -> list[dict[str, Any]]:
    """The rows of ``WorkerCard``, as JSON, of those who may be found, and beside their columns the texts they are
    searched by (``skill_names``, ``about``, ``words``); in eleven statements however many."""
    privacy = privacy_of(user_ids)
    found = [profile for profile in profiles(user_ids) if _may_be_found(profile, privacy[profile.user_id])]
    beside = _Beside(
        privacy=privacy,
        skills=skills_named({skill.skill_id for profile in found for skill in profile.skills.all()}),
        active_at=_last_here([profile.user_id for profile in found]),
        weights=weights(),
        now=now,
    )
    return [_card(profile, beside) for profile in found]


# Private functions


def _may_be_found(profile: Profile, privacy: Privacy) -> bool:
    """Somebody without skills has nothing to be found by. Pauses end by themselves: the search looks at the clock."""
    return profile.user.role == "worker" and profile.user.is_active and privacy.in_search and bool(profile.skills.all())


def _last_here(user_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When they last used a session, or finished a job; what was known before stays (sessions are forgotten)."""
    last: dict[UUID, datetime] = {}
    for moments in (
        WorkerCard.objects.filter(user_id__in=user_ids).values_list("user_id", "active_at"),
        _latest(AuthSession, "user_id", "last_used_at", user_ids),
        _latest(FinishedJob, "profile_id", "ended_at", user_ids),
    ):
        for user_id, at in moments:
            last[user_id] = max(at, last.get(user_id, at))
    return last


def _latest(model: Any, whose: str, column: str, user_ids: Collection[UUID]) -> Any:
    rows = model.objects.filter(**{f"{whose}__in": user_ids}).order_by().values(whose)
    return rows.annotate(at=Max(column)).values_list(whose, "at")


def _card(profile: Profile, beside: _Beside) -> dict[str, Any]:
    content = content_of(profile)
    return {
        "user_id": str(profile.user_id),
        "display_name": content.display_name,
        "headline": content.headline,
        "excerpt": content.bio[: directory.EXCERPT_LENGTH],
        "about": " ".join([content.bio, *(each.title for each in (*content.experience, *content.education))]),
        "verified_level": profile.verified_level,
        "reviews": profile.reviews,
        "jobs": profile.jobs,
        **_skills(content, beside.skills),
        **_place(content, beside.privacy[profile.user_id]),
        **_rates(content.rates),
        **_languages(content),
        **_week(availability_of(profile), beside.now.date()),
        **_rank(profile, beside),
    }


def _skills(content: rules.Content, known: Mapping[str, Skill]) -> dict[str, Any]:
    ids = [skill.skill_id for skill in content.skills]
    return {
        "skills": [vars(skill) for skill in content.skills],
        "skill_ids": ids,
        "strengths": [directory.skill_strength(level=skill.level, verified=skill.verified) for skill in content.skills],
        "skill_names": " ".join(skill.name for skill in content.skills),
        "words": " ".join(known[skill_id].words for skill_id in ids if skill_id in known),
    }


def _place(content: rules.Content, privacy: Privacy) -> dict[str, Any]:
    place, digits = content.place, privacy.place_digits
    if place is None or digits is None:
        return {"place_name": "", "latitude": None, "longitude": None, "radius_km": None}
    return {
        "place_name": place.name,
        "latitude": round(place.latitude, digits),
        "longitude": round(place.longitude, digits),
        "radius_km": content.radius_km,
    }


def _rates(rates: said.Rates) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for kind in said.RATE_KINDS:
        rate: Money | None = getattr(rates, kind)
        row |= {f"{kind}_minor": rate.minor if rate else None, f"{kind}_currency": rate.currency if rate else ""}
    return row


def _languages(content: rules.Content) -> dict[str, Any]:
    return {
        "languages": [vars(language) for language in content.languages],
        "language_codes": [language.code for language in content.languages],
    }


def _week(when: availability.Availability, today: date) -> dict[str, Any]:
    """Multiranges in PostgreSQL's own text; it merges what touches."""
    minutes = [part for slot in when.slots for part in slot.of_week]
    days = {first // availability.DAY for first, _ in minutes} | {(last - 1) // availability.DAY for _, last in minutes}
    since, until = today - timedelta(days=2), today + directory.HOLIDAYS_AHEAD
    resting = holidays_between(when.holidays, since, until)
    off = [(each.first, each.last) for each in when.days_off] + [(day, day) for day, _ in resting]
    return {
        "zone": when.zone,
        "weekdays": sorted(day + 1 for day in days),
        "utc_hours": availability.hours_of_week(when.slots, availability.offsets_between(when.zone, since, until)),
        "weekly": "{" + ",".join(f"[{first},{last})" for first, last in minutes) + "}",
        "days_off": "{" + ",".join(f"[{first},{last}]" for first, last in off) + "}",
        "paused_until": when.paused_until.isoformat() if when.paused_until else None,
    }


def _rank(profile: Profile, beside: _Beside) -> dict[str, Any]:
    active_at = beside.active_at.get(profile.user_id, profile.user.created_at)
    terms = directory.contributions(
        directory.Standing(
            stars=profile.stars or 0,
            verified_level=profile.verified_level,
            jobs=profile.jobs,
            silent_for=beside.now - active_at,
        ),
        beside.weights,
    )
    return {
        "stars": profile.stars or 0,
        "active_at": active_at.isoformat(),
        "rank": sum(terms.values()),
        "rank_terms": {name: value / 1_000_000 for name, value in terms.items()},
        "weights_version": beside.weights.version,
    }
