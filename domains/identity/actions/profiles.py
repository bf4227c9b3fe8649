"""What people tell of themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domains.identity import queries, rules
from domains.identity.actions import cards
from domains.identity.actions.ladder import settle_level
from domains.identity.models import Education, Experience, Profile, ProfileSkill
from domains.identity.queries import taxonomy
from domains.identity.rules import profiles as said
from domains.identity.rules import resume
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import FieldError, InvalidInput
from kelmah.events.publish import publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.identity.events import ProfileUpdated

_COLUMNS = (
    "headline", "bio", "radius_km", "languages", "language_levels", "place_name", "latitude", "longitude",
    "portfolio_file_ids", *(f"{kind}_{part}" for kind in said.RATE_KINDS for part in ("minor", "currency")),
)  # fmt: skip


def update_profile(*, user_id: UUID, expected_version: int | None, changes: Mapping[str, Any]) -> Profile:
    """Change the named parts (fields of ``rules.Content``) of one's own profile and leave the others.

    Where nothing changes, nothing is written and nobody is told. Raises NotFound, StaleVersion, InvalidInput, and
    Unavailable when files can't be asked about a new portfolio.
    """
    wanted = _in_rules_order(changes)
    if "portfolio_file_ids" in wanted:
        _check_files(queries.own_profile(user_id), wanted["portfolio_file_ids"])
    with atomic("identity"):
        profile = queries.lock_profile(user_id)  # two devices editing at once: the second sees a newer version
        check_version(profile, expected_version)
        before = queries.content_of(profile)
        if "skills" in wanted:
            wanted["skills"] = _known(wanted["skills"], before.skills)
        after = replace(before, **wanted)
        rules.check_content(after, role=profile.user.role, today=clock.now().date())
        if after != before:
            _write(profile, after)
            _write_skills(profile, before.skills, after.skills)
            _write_stations(Experience, profile, before.experience, after.experience)
            _write_stations(Education, profile, before.education, after.education)
            settle_level(profile)
            cards.refresh(user_id)
            _tell_of_change(user_id, after)
    return queries.own_profile(user_id)


# Private functions


def _in_rules_order(changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(changes)
    if "display_name" in wanted:
        wanted["display_name"] = rules.clean_display_name(wanted["display_name"])
    for part in {"experience", "education"} & wanted.keys():
        wanted[part] = resume.newest_first(wanted[part])
    return wanted


def _check_files(profile: Profile, file_ids: Collection[UUID]) -> None:
    """Only files that are ready and one's own; those that are shown already are not asked about again."""
    new = [file_id for file_id in file_ids if file_id not in profile.portfolio_file_ids]
    if not new:
        return
    own = {info.file_id for info in files.infos(ids=list(dict.fromkeys(new))) if info.owner_id == profile.user_id}
    errors = [
        FieldError(f"/portfolio_file_ids/{number}", "unknown_file", "You have no such file that is ready.")
        for number, file_id in enumerate(file_ids)
        if file_id in new and file_id not in own
    ]
    if errors:
        raise InvalidInput(errors=errors)


def _known(wanted: Sequence[rules.Skill], before: Collection[rules.Skill]) -> tuple[rules.Skill, ...]:
    """With the taxonomy's names, and with what papers proved before. Who has a skill that was retired may keep it.

    Raises InvalidInput.
    """
    taken, held = taxonomy.skills_named([skill.skill_id for skill in wanted]), {each.skill_id: each for each in before}
    errors, known = [], []
    for number, skill in enumerate(wanted):
        entry, mine = taken.get(skill.skill_id), held.get(skill.skill_id)
        if mine is None and (entry is None or not entry.active):
            errors.append(
                FieldError(f"/skills/{number}/skill_id", "unknown_skill", "GET /skills names those there are.")
            )
            continue
        name = entry.name if entry else mine.name if mine else ""
        known.append(replace(skill, name=name, verified=mine.verified if mine else False))
    if errors:
        raise InvalidInput(errors=errors)
    return rules.in_order(known)


def _write(profile: Profile, content: rules.Content) -> None:
    user, place = profile.user, content.place
    user.display_name, user.locale, user.zone = content.display_name, content.locale, content.zone
    user.save(update_fields=["display_name", "locale", "zone"])
    profile.headline, profile.bio, profile.radius_km = content.headline, content.bio, content.radius_km
    profile.languages = [language.code for language in content.languages]
    profile.language_levels = [language.level for language in content.languages]
    profile.place_name = place.name if place else ""
    profile.latitude, profile.longitude = (place.latitude, place.longitude) if place else (None, None)
    profile.portfolio_file_ids = list(content.portfolio_file_ids)
    for kind in said.RATE_KINDS:
        rate = getattr(content.rates, kind)
        setattr(profile, f"{kind}_minor", rate.minor if rate else None)
        setattr(profile, f"{kind}_currency", rate.currency if rate else "")
    profile.save_change(*_COLUMNS)


def _write_skills(profile: Profile, before: tuple[rules.Skill, ...], after: tuple[rules.Skill, ...]) -> None:
    if before == after:
        return
    profile.skills.all().delete()
    ProfileSkill.objects.bulk_create(ProfileSkill(profile=profile, **vars(skill)) for skill in after)


def _write_stations(
    model: Any,
    profile: Profile,
    before: Sequence[resume.Station],
    after: Sequence[resume.Station],
) -> None:
    if before == after:
        return
    model.objects.filter(profile=profile).delete()
    model.objects.bulk_create(model(profile=profile, **vars(station)) for station in after)


def _tell_of_change(user_id: UUID, content: rules.Content) -> None:
    publish(
        ProfileUpdated(user_id=user_id, display_name=content.display_name, locale=content.locale, zone=content.zone)
    )
