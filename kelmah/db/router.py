"""Which database holds a model: the one named like its domain."""

from typing import Any

from django.apps import apps

from kelmah.domain import DomainConfig

# Django's own tables belong to the domain that owns users and staff.
HOUSED_WITH_IDENTITY = frozenset({"auth", "admin", "contenttypes", "sessions"})


class DomainRouter:
    """alias = schema = role = domain; relations never leave a domain."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return alias_of(model._meta.app_label)

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return alias_of(one._meta.app_label) == alias_of(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return alias_of(app_label) == db


def alias_of(app_label: str) -> str | None:
    """The alias that holds an app's tables; None for apps that have none."""
    if app_label in HOUSED_WITH_IDENTITY:
        return "identity"
    config = apps.app_configs.get(app_label)
    return config.domain if isinstance(config, DomainConfig) else None
