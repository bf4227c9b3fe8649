"""Skills of profiles follow marketplace's taxonomy, and what papers prove."""

import pytest

from domains.identity import handlers, rules
from domains.identity.actions import reviewing
from domains.identity.actions.paper_steps import Ruling
from domains.identity.actions.profiles import update_profile
from domains.identity.models import Profile, Skill
from kelmah.db import atomic
from kelmah.errors import InvalidInput
from kelmah.interfaces.marketplace.events import SkillsChanged
from kelmah.interfaces.marketplace.types import TaxonomySkill
from tests.identity.factories import sign_up
from tests.identity.paper_factories import cabinet, reviewer, verified

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")

CARPENTRY = "47-2031-00-carpentry"
PLUMBING = "47-2152-00-plumbing"


def skill(skill_id: str, level: int = 3) -> rules.Skill:
    return rules.Skill(skill_id=skill_id, level=level, years=2)


def say(user, *skills: rules.Skill, version: int | None = None) -> None:
    update_profile(user_id=user.id, expected_version=version, changes={"skills": skills})


def shown(user) -> dict[str, tuple[str, bool]]:
    rows = Profile.objects.get(user=user).skills.all()
    return {row.skill_id: (row.name, row.verified) for row in rows}


def hear(**change) -> None:
    told = {"skill_id": CARPENTRY, "name": "Carpentry", "words": ["Carpentry", "Carpenter"], "active": True} | change
    for _ in range(2):  # twice is safe
        with atomic("identity"):
            handlers.on_skills_changed(SkillsChanged(skills=[TaxonomySkill(**told)]))


def test_the_name_is_the_taxonomys():
    user = sign_up().user
    say(user, skill(CARPENTRY))
    assert shown(user) == {CARPENTRY: ("Carpentry", False)}


def test_a_new_skill_can_be_chosen_once_it_was_told_of():
    user = sign_up().user
    with pytest.raises(InvalidInput):
        say(user, skill("tiling-of-pools"))
    hear(skill_id="tiling-of-pools", name="Tiling of pools")
    say(user, skill("tiling-of-pools"))
    assert shown(user) == {"tiling-of-pools": ("Tiling of pools", False)}


def test_a_retired_skill_stays_with_those_who_have_it_and_is_no_choice_for_others():
    user, other = sign_up().user, sign_up().user
    say(user, skill(CARPENTRY))
    hear(active=False)
    say(user, skill(CARPENTRY, level=5), skill(PLUMBING))
    assert set(shown(user)) == {CARPENTRY, PLUMBING}
    with pytest.raises(InvalidInput) as refused:
        say(other, skill(PLUMBING), skill(CARPENTRY))
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/skills/1/skill_id", "unknown_skill")]
    say(user, skill(PLUMBING))
    with pytest.raises(InvalidInput):
        say(user, skill(CARPENTRY))  # let go, so gone


def test_a_renamed_skill_keeps_its_rows_and_is_shown_under_its_new_name_when_written_again():
    user = sign_up().user
    say(user, skill(CARPENTRY))
    hear(name="Woodwork")
    assert Skill.objects.get(id=CARPENTRY).name == "Woodwork"
    say(user, skill(CARPENTRY, level=5))
    assert shown(user)[CARPENTRY] == ("Woodwork", False)


def test_a_certificate_proves_its_skill_and_no_other(cabinet):
    user = sign_up().user
    say(user, skill(CARPENTRY), skill(PLUMBING))
    verified(cabinet, user, "certificate", skill_id=CARPENTRY)
    assert (shown(user)[CARPENTRY][1], shown(user)[PLUMBING][1]) == (True, False)
    say(user, skill(CARPENTRY, level=5))
    assert shown(user) == {CARPENTRY: ("Carpentry", True)}
    say(user, skill(PLUMBING))
    say(user, skill(PLUMBING), skill(CARPENTRY))  # the certificate counts still
    assert shown(user)[CARPENTRY][1] is True


def test_what_was_proven_can_be_taken_back(cabinet):
    user = sign_up().user
    say(user, skill(CARPENTRY))
    document = verified(cabinet, user, "certificate", skill_id=CARPENTRY)
    reviewing.revoke_document(document_id=document.id, ruling=Ruling(by=reviewer().id, reason="fraud"))
    assert shown(user) == {CARPENTRY: ("Carpentry", False)}
