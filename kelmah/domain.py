"""What a domain declares about itself, and where to find the domains of this process."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module  # noqa: TID251 - of a module that the configuration names
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.db.models import Model
from django.utils.module_loading import import_string


class DomainConfig(AppConfig):
    """Base of every ``domains/<name>/apps.py``: a few declarative lines.

    ``service``: the class that implements ``kelmah.interfaces.<name>.calls``. ``handlers``: the module whose
    ``@handles`` functions listen to events. ``urls``: the REST routes. ``admin_urls``: what is below ``/admin/`` beside
    Django's own. ``beat``: the schedule, as Celery entries whose task names begin with the domain's name. ``demo``: a
    function that loads the domain's demo data. ``proof``: the management command, if there is one, that proves the
    domain's data to be in order. ``outside``: the systems beyond Kelmah that it uses, and for what.
    """

    default = False  # Django takes the only configuration of a module: not this one, which is merely imported there
    default_auto_field = "django.db.models.BigAutoField"
    service: str = ""
    handlers: str = ""
    urls: str = ""
    admin_urls: str = ""
    websocket_urls: str = ""
    demo: str = ""
    outside: Mapping[str, str] = {}
    proof: tuple[str, ...] = ()
    beat: dict[str, dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    @property
    def domain(self) -> str:
        """One word for the alias, the schema and the role: the last part of the package name."""
        return self.label

    def ready(self) -> None:
        if find_spec(f"kelmah.interfaces.{self.domain}"):  # what it publishes; one from elsewhere declares it itself
            import_module(f"kelmah.interfaces.{self.domain}.events")
        if self.handlers:
            import_module(self.handlers)


def local_domains() -> list[DomainConfig]:
    """The domains that run in this process, in the order of configuration."""
    return [config for config in apps.get_app_configs() if isinstance(config, DomainConfig)]


def sealing_domains() -> list[str]:
    """Those of this process that seal people's data, and so have data keys."""
    return [config.domain for config in local_domains() if "datakey" in config.models]


def is_local(domain: str) -> bool:
    return any(config.domain == domain for config in local_domains())


@cache
def service_of(domain: str) -> Any:
    """The one instance of a local domain's service class. Raises LookupError when the domain has none."""
    config = apps.get_app_config(domain)
    if not isinstance(config, DomainConfig) or not config.service:
        raise LookupError(f"domain {domain!r} offers no service in this process")
    return import_string(config.service)()


def model_of(domain: str, name: str) -> type[Model]:
    """One of the tables that every local domain has (``Outbox``, ``Inbox``, ``IdempotencyKey``), or one that seals
    (``DataKey``). Raises LookupError."""
    return apps.get_model(domain, name)  # noqa: TID251 - only the kernel's own tables
