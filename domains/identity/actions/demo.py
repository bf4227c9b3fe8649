"""Demo people."""

from typing import Any

from domains.identity import rules
from domains.identity.actions.accounts import create_staff, register
from domains.identity.actions.profiles import update_profile
from domains.identity.actions.sessions import Device
from domains.identity.models import User
from kelmah.demo import PASSWORD, PEOPLE, DemoPerson


def load_demo() -> None:
    """Make whoever is missing."""
    there = set(User.objects.filter(id__in=[person.user_id for person in PEOPLE]).values_list("id", flat=True))
    for person in PEOPLE:
        if person.user_id not in there:
            _make(person)


def _make(person: DemoPerson) -> None:
    if person.role == "staff":
        create_staff(email=person.email, password=PASSWORD, display_name=person.name, user_id=person.user_id)
        return
    register(
        email=person.email,
        password=PASSWORD,
        role=person.role,
        display_name=person.name,
        device=Device(name="demo"),
        user_id=person.user_id,
    )
    place = rules.Place(name=person.place, latitude=person.latitude, longitude=person.longitude)
    changes: dict[str, Any] = {"headline": person.headline, "place": place}
    if person.skill_id:
        changes["skills"] = (rules.Skill(skill_id=person.skill_id, level=4, years=8),)
    update_profile(user_id=person.user_id, expected_version=None, changes=changes)
