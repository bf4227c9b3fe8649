"""Restrictions at the desk, at once, and in the database."""

import pytest
from django.test import Client
from django.urls import reverse

from domains.identity.actions import restrictions
from domains.identity.models import Restriction
from kelmah.errors import DomainError
from tests.identity.factories import colleague, sign_up, staff
from tests.identity.test_admin import inside, run_action
from tests.identity.test_constraints import broken_constraint
from tests.identity.test_races import kinds
from tests.identity.test_restrictions import appeal, impose, in_days

pytestmark = pytest.mark.domain("identity")


def impose_at(desk: Client, user, **changes: str):
    until = in_days(3)
    form = {
        "user": str(user.id), "kind": "posting", "code": "spam", "evidence": "One text, three jobs.",
        "until_0": f"{until:%Y-%m-%d}", "until_1": f"{until:%H:%M:%S}",
    }  # fmt: skip
    return desk.post(reverse("admin:identity_restriction_add"), form | changes)


def test_staff_impose_and_somebody_else_decides_on_the_appeal():
    ama, moderator, compliance = sign_up(role="hirer").user, colleague("moderator"), colleague("compliance")
    desk = inside(moderator)
    assert impose_at(desk, ama).status_code == 302
    restriction = Restriction.objects.get(user=ama)
    assert (restriction.imposed_by, restriction.state) == (moderator, "active")
    appeal(restriction)
    assert "Somebody else" in run_action(desk, Restriction, "lift", restriction, reason="Fine")
    other = inside(compliance)
    page = other.get(reverse("admin:identity_restriction_change", args=[restriction.id]))
    assert "They are three sites." in page.content.decode()
    assert "plain words" in run_action(other, Restriction, "uphold", restriction)
    assert "done" in run_action(other, Restriction, "uphold", restriction, reason="The texts are one")
    restriction.refresh_from_db()
    assert (restriction.state, restriction.decided_by) == ("upheld", compliance)


@pytest.mark.parametrize("change", [{"kind": "breathing"}, {"code": "because"}, {"evidence": ""}])
def test_a_wrong_form_restricts_nobody(change):
    desk = inside(colleague("moderator"))
    assert impose_at(desk, sign_up().user, **change).status_code == 200
    assert not Restriction.objects.exists()


def test_staff_are_not_restricted_and_support_only_looks():
    desk = inside(colleague("moderator"))
    assert "staff lose roles" in impose_at(desk, staff()).content.decode()
    support = inside(colleague("support"))
    assert support.get(reverse("admin:identity_restriction_changelist")).status_code == 200
    assert support.get(reverse("admin:identity_restriction_add")).status_code == 403
    restriction = impose(sign_up().user)
    run_action(support, Restriction, "lift", restriction, reason="They asked")
    restriction.refresh_from_db()
    assert restriction.state == "active"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("code = 'because'", "restriction_code"),
        ("evidence = ''", "restriction_has_evidence"),
        ("until = imposed_at", "restriction_ends_later"),
        ("source = ''", "restriction_by_somebody_or_something"),
        ("imposed_by_id = user_id, source = ''", "restriction_by_somebody_else"),
        ("appeal = 'x'", "restriction_appeal_is_whole"),
        ("state = 'appealed'", "restriction_decided_after_an_appeal"),
        ("state = 'upheld', appeal = 'x', appealed_at = imposed_at", "restriction_upheld_by_somebody_else"),
        ("state = 'lifted'", "restriction_end_has_a_date"),
        ("ended_at = imposed_at", "restriction_end_has_a_date"),
        ("kind = 'payouts'", "restriction_once"),
    ],
)
def test_a_restriction_cannot_become_nonsense(change, constraint):
    ama = sign_up().user
    impose(ama, kind="payouts")
    restriction = impose(ama)
    assert broken_constraint(f"UPDATE identity_restriction SET {change} WHERE id = %s", restriction.id) == constraint


@pytest.mark.domain("identity", transaction=True)
def test_of_parallel_impositions_and_decisions_one_counts(race):
    ama = sign_up().user
    outcome = race(lambda: impose(ama), 4)
    assert kinds(outcome) == {"Restriction": 1, "AlreadyRestricted": 3}
    restriction = Restriction.objects.get()
    appeal(restriction)
    one, two = colleague("moderator"), colleague("admin")
    outcome = race(
        [
            lambda: restrictions.uphold(restriction_id=restriction.id, by_id=one.id, note="No"),
            lambda: restrictions.uphold(restriction_id=restriction.id, by_id=two.id, note="No"),
            restrictions.end_due,
        ]
    )
    assert sum(isinstance(each, DomainError) for each in outcome) == 1
    restriction.refresh_from_db()
    assert restriction.state == "upheld"
