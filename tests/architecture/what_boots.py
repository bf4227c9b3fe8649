"""What is there in a process, as JSON: ``KELMAH_ALONE=payments python -m tests.architecture.what_boots``."""

import json
from collections.abc import Iterator

from kelmah.architecture.alone import wall_in_if_asked

wall_in_if_asked()

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from config.celery import app
from kelmah.db.router import alias_of
from kelmah.domain import local_domains


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from addresses(pattern, here)


def desks(resolver: URLResolver) -> list[str]:
    return [entry.namespace for entry in resolver.url_patterns if getattr(entry, "app_name", "") == "admin"]


app.set_default()
app.loader.import_default_modules()
found = {
    "domains": [config.domain for config in local_domains()],
    "databases": {alias: place["USER"] for alias, place in settings.DATABASES.items()},
    "models": {model._meta.app_label: alias_of(model._meta.app_label) for model in apps.get_models()},
    "tasks": sorted(name for name in app.tasks if not name.startswith("celery.")),
    "beat": sorted(entry["task"] for config in local_domains() for entry in config.beat.values()),
    "addresses": sorted(set(addresses(get_resolver()))),
    "desks": desks(get_resolver()),
}
print(json.dumps(found))
