"""What roles see and do at the desk of an extracted domain: what identity's token says, and what changes of it do."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin

from kelmah.http.denylist import announce_standing
from tests.kernel.staff.alone.things import MAKERS
from tests.kernel.staff.browser import Browser, efua
from tests.kernel.staff.who_sees import STAFF_ROLES, does, sees

pytestmark = pytest.mark.domain("*")

DOMAIN = settings.LOCAL_DOMAINS[0]
PAGES = sorted(
    (page for model, page in admin.site._registry.items() if model._meta.app_label == DOMAIN),
    key=lambda page: page.opts.label,
)


def entered(role: str, **changes: Any) -> Browser:
    browser = Browser(DOMAIN)
    roles = frozenset({"staff", role})
    assert browser.enter(efua(roles=roles, has_all_rights=False, **changes)).status_code == 302
    return browser


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_each_role_opens_the_lists_that_the_table_says(db: None, role: str) -> None:
    browser = entered(role)
    for page in PAGES:
        answer = browser.get(f"{browser.root}{page.opts.model_name}/")
        assert answer.status_code == (200 if sees(role, DOMAIN, page.opts.object_name) else 403), page.opts.label


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_each_role_is_offered_the_actions_that_the_table_says(db: None, role: str) -> None:
    MAKERS[DOMAIN]()
    browser = entered(role)
    for page in PAGES:
        if not sees(role, DOMAIN, page.opts.object_name) or not page.model.objects.exists():
            continue
        text = browser.get(f"{browser.root}{page.opts.model_name}/").content.decode()
        for action in page.actions or ():
            offered = f'value="{action}"' in text
            assert offered == does(role, DOMAIN, page.opts.object_name, action), (page.opts.label, action)


def test_without_a_role_there_is_a_door_and_nothing_behind_it(db: None) -> None:
    browser = entered("staff")
    for page in PAGES:
        assert browser.get(f"{browser.root}{page.opts.model_name}/").status_code == 403


def test_rights_that_changed_at_identity_are_asked_for_anew_at_once(db: None) -> None:

    member = efua(roles=frozenset({"staff", "admin"}), has_all_rights=False, standing=3)
    browser = Browser(DOMAIN)
    browser.enter(member)
    page = f"{browser.root}{PAGES[0].opts.model_name}/"
    announce_standing(member.id, 3, timedelta(minutes=10))
    assert browser.get(page).status_code == 200
    announce_standing(member.id, 4, timedelta(minutes=10))
    assert browser.get(page).status_code == 302
