"""What import contracts can't see: each check passes on the project and fails on an example made for it."""

import pytest
from django.core.checks import run_checks
from django.db import models
from django.db.migrations import Migration
from django.test.utils import isolate_apps

from kelmah.checks import crossing_migrations, crossing_relations, folders_without_marker


def test_the_project_passes_all_checks():
    assert [message for message in run_checks() if message.id.startswith("kelmah.")] == []


@isolate_apps("domains.contracts", "domains.payments")
def test_a_foreign_key_into_another_domain_is_found():
    class Ledger(models.Model):
        class Meta:
            app_label = "payments"

    class Deal(models.Model):
        ledger = models.ForeignKey(Ledger, on_delete=models.PROTECT)
        ledgers = models.ManyToManyField(Ledger, related_name="+")

        class Meta:
            app_label = "contracts"

    found = crossing_relations([Deal, Deal.ledgers.through, Ledger])
    assert [message.id for message in found].count("kelmah.E001") >= 3
    assert "Deal.ledger points into another domain" in found[0].msg


@isolate_apps("domains.contracts")
def test_a_foreign_key_inside_a_domain_is_fine():
    class Deal(models.Model):
        class Meta:
            app_label = "contracts"

    class Step(models.Model):
        deal = models.ForeignKey(Deal, on_delete=models.PROTECT)

        class Meta:
            app_label = "contracts"

    assert crossing_relations([Deal, Step]) == []


@isolate_apps("domains.contracts")
def test_a_quoted_schema_in_a_table_name_is_found():
    class Deal(models.Model):
        class Meta:
            app_label = "contracts"
            db_table = 'payments"."deal'

    assert [message.id for message in crossing_relations([Deal])] == ["kelmah.E003"]


@isolate_apps("domains.contracts", "django.contrib.contenttypes")
def test_a_generic_relation_is_found():
    from django.contrib.contenttypes.fields import GenericForeignKey  # noqa: TID251 - the broken example

    class Note(models.Model):
        kind = models.TextField()
        thing_id = models.UUIDField()
        thing = GenericForeignKey("kind", "thing_id")

        class Meta:
            app_label = "contracts"

    assert "kelmah.E002" in [message.id for message in crossing_relations([Note])]


@pytest.mark.parametrize("attribute", ["dependencies", "run_before"])
def test_a_migration_that_waits_for_another_domain_is_found(attribute):
    migration = Migration("0001_initial", "contracts")
    setattr(migration, attribute, [("payments", "0001_initial")])
    assert [message.id for message in crossing_migrations({("contracts", "0001_initial"): migration})] == [
        "kelmah.E004"
    ]


def test_a_migration_of_its_own_domain_is_fine():
    migration = Migration("0002_more", "contracts")
    migration.dependencies = [("contracts", "0001_initial")]
    assert crossing_migrations({("contracts", "0002_more"): migration}) == []


def test_a_folder_that_import_linter_would_not_see_is_found(tmp_path):
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen/__init__.py").touch()
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/code.py").touch()
    assert folders_without_marker(tmp_path) == [tmp_path / "hidden"]
