"""Every page of an extracted domain's desk opens, from that domain's tables alone.

A table of Django's own has no database here, so that a single query to one fails the page.
"""

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.utils.connection import ConnectionDoesNotExist

from tests.kernel.staff.alone.things import MAKERS
from tests.kernel.staff.browser import Browser

pytestmark = pytest.mark.domain("*")

DOMAIN = settings.LOCAL_DOMAINS[0]
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label == DOMAIN), key=lambda model: model.__name__
)
BROUGHT = ("Statement", "Adjustment", "FeePlan", "PaymentFile")  # each made by an action


def path(model: Any) -> str:
    return f"/admin/{DOMAIN}/{model._meta.model_name}/"


@pytest.fixture
def things() -> None:
    MAKERS[DOMAIN]()


def test_the_index_names_every_list_and_leads_nowhere_else(desk: Browser) -> None:
    page = desk.get(desk.root)
    assert page.status_code == 200
    text = page.content.decode()
    assert all(path(model) in text for model in MODELS)
    assert "Efua Staff" in text
    assert "/admin/auth/" not in text


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_can_be_searched_and_lets_nobody_add_but_files(
    desk: Browser, things: None, model: Any
) -> None:
    assert desk.get(path(model)).status_code == 200
    assert desk.get(path(model), {"q": "cabinet"}).status_code == 200
    assert desk.get(f"{path(model)}add/").status_code == (200 if model.__name__ in BROUGHT else 403)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_thing_opens_without_a_history_and_cannot_be_changed(desk: Browser, things: None, model: Any) -> None:
    thing = model.objects.first()
    if thing is None:
        assert model.__name__ in ("Deadline", "Inbox", "Outbox", "PaymentFile", "WebhookEvent", "CategoryMean")
        return
    one = f"{path(model)}{thing.pk}/"
    page = desk.get(f"{one}change/")
    assert page.status_code == 200
    assert "/history/" not in page.content.decode()
    assert desk.get(f"{one}history/").status_code == 404
    assert desk.post(f"{one}change/", {"state": "succeeded"}).status_code == 403
    assert desk.post(f"{one}delete/", {"post": "yes"}).status_code == 403


def test_the_search_of_the_desk_works(desk: Browser) -> None:
    page = desk.get(f"{desk.root}search", {"s": MODELS[0]._meta.verbose_name[:4], "extended": "1"})
    assert page.status_code == 200
    assert path(MODELS[0]) in page.content.decode()


def test_who_has_no_rights_sees_an_empty_desk(browser: Browser) -> None:
    from tests.kernel.staff.browser import efua

    browser.enter(efua(has_all_rights=False, roles=frozenset({"staff"})))
    page = browser.get(browser.root)
    assert page.status_code == 200
    assert path(MODELS[0]) not in page.content.decode()
    assert browser.get(path(MODELS[0])).status_code == 403


@pytest.mark.parametrize("model", [User, Permission, ContentType, LogEntry], ids=lambda model: model.__name__)
def test_djangos_own_tables_cannot_even_be_asked(model: Any) -> None:
    with pytest.raises(ConnectionDoesNotExist):
        model.objects.first()


def test_the_database_holds_tables_of_this_domain_only() -> None:
    with connections[DOMAIN].cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        tables = set(cursor.fetchall())
    assert {schema for schema, _ in tables} == {DOMAIN}
    foreign = {table for _, table in tables if not table.startswith(f"{DOMAIN}_")}
    assert foreign == {"django_migrations"}
