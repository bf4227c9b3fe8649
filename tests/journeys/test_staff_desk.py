"""Staff's desk as a whole: every list of every domain opens, can be searched, and lets nobody add or change rows."""

import pytest
from django.conf import settings

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from django.contrib import admin

from kelmah.db.router import HOUSED_WITH_IDENTITY

pytestmark = pytest.mark.domain("*")

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label not in HOUSED_WITH_IDENTITY),
    key=lambda model: model._meta.label,
)
# What staff bring or ask for through a form; an action keeps it, and others decide on it.
BROUGHT = {f"payments.{name}" for name in ("Adjustment", "FeePlan", "PaymentFile", "Statement")}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_opens_and_can_be_searched(desk, model):
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    assert desk.get(path).status_code == 200
    assert desk.get(path, {"q": "cabinet"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_money_contracts_and_messages_are_never_typed_in(desk, model):
    if model._meta.app_label in ("payments", "contracts", "messaging", "reviews", "files"):
        answer = desk.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/")
        assert answer.status_code == (200 if model._meta.label in BROUGHT else 403)


def test_the_desk_has_every_domain():
    assert {model._meta.app_label for model in MODELS} >= set(settings.LOCAL_DOMAINS) - {"probes", "probe"}


def test_nobody_and_members_do_not_get_in(client):
    answer = client.get("/admin/")
    assert (answer.status_code, "/admin/login/" in answer.headers["Location"]) == (302, True)
