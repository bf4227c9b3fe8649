"""System checks for what import contracts can't see: relations, migrations and folders that cross a domain's wall."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.models import Field, Model

from kelmah.db.router import alias_of
from kelmah.domain import DomainConfig, local_domains


@register()
def relations_stay_inside(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No foreign key, many-to-many or generic relation leaves a domain, and no table borrows another schema's name."""
    return crossing_relations(apps.get_models(include_auto_created=True))


def crossing_relations(models: Iterable[type[Model]]) -> list[CheckMessage]:
    """What is wrong with the relations and tables of these models."""
    found: list[CheckMessage] = []
    for model in models:
        home = alias_of(model._meta.app_label)
        if '"."' in model._meta.db_table:
            found.append(Error(f"{model._meta.label}.db_table quotes a schema", hint="Remove it.", id="kelmah.E003"))
        for field in _relations(model):
            target = field.related_model
            if target is None:
                found.append(
                    Error(
                        f"{model._meta.label}.{field.name} is a generic relation",
                        hint="Store a plain UUID column <thing>_id and the kind as text.",
                        obj=model,
                        id="kelmah.E002",
                    )
                )
            elif isinstance(target, type) and issubclass(target, Model) and alias_of(target._meta.app_label) != home:
                found.append(
                    Error(
                        f"{model._meta.label}.{field.name} points into another domain ({target._meta.label})",
                        hint=f"Store a plain UUID column {field.name}_id instead.",
                        obj=model,
                        id="kelmah.E001",
                    )
                )
    return found


@register()
def migrations_stay_inside(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A domain's migrations depend on no other domain's."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()  # without the graph, which a first migration still to be made has no place in
    return crossing_migrations(loader.disk_migrations)


def crossing_migrations(migrations: Mapping[tuple[str, str], Migration]) -> list[CheckMessage]:
    """Which of these migrations, by (app, name), depend on another domain's."""
    found: list[CheckMessage] = []
    for (label, name), migration in migrations.items():
        home = alias_of(label)
        for other, _ in [*migration.dependencies, *migration.run_before]:
            if other != "__setting__" and home != (alias_of(other) or home):
                found.append(Error(f"migration {label}.{name} depends on {other}", id="kelmah.E004"))
    return found


@register()
def packages_are_visible(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every folder with Python files is a package: import-linter walks past the others."""
    roots = [Path(settings.BASE_DIR) / "kelmah", *(Path(config.path) for config in local_domains())]
    return [
        Error(f"{folder} holds modules but no __init__.py", hint="Add one.", id="kelmah.E005")
        for root in roots
        for folder in folders_without_marker(root)
    ]


@register()
def domains_are_declared(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every domain has the tables that events and idempotency need, and schedules only tasks of its own."""
    found: list[CheckMessage] = []
    for config in local_domains():
        for table in ("Outbox", "Inbox", "IdempotencyKey"):
            if table.lower() not in config.models:
                found += [Error(f"{config.label} has no {table} table", id="kelmah.E006")]
        found += _foreign_tasks(config)
    return found


def folders_without_marker(root: Path) -> list[Path]:
    """Folders below ``root`` that hold Python files but no ``__init__.py``."""
    return sorted(
        folder
        for folder in {path.parent for path in root.rglob("*.py")}
        if not (folder / "__init__.py").exists() and "__pycache__" not in folder.parts
    )


# Private functions


def _relations(model: type[Model]) -> list[Any]:
    meta = model._meta
    fields: list[Field[Any, Any]] = [*meta.local_fields, *meta.local_many_to_many]
    private: list[Any] = list(meta.private_fields)
    generic = [field for field in private if hasattr(field, "ct_field") and hasattr(field, "fk_field")]
    return [field for field in fields if field.is_relation] + generic


def _foreign_tasks(config: DomainConfig) -> list[CheckMessage]:
    return [
        Error(f"{config.label} schedules {entry['task']}, a task of somebody else", id="kelmah.E007")
        for entry in config.beat.values()
        if not str(entry["task"]).startswith(f"{config.domain}.")
    ]
