"""System check: every provider that is offered is known, allowed, and has its secrets."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

from domains.payments.gateways import GATEWAYS, missing_secrets, names_offered


def offered_gateways_are_complete(app_configs: Iterable[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong with ``settings.GATEWAYS``."""
    return [message for name in names_offered() for message in _problems(name)]


def _problems(name: str) -> list[CheckMessage]:
    if name not in GATEWAYS:
        hint = f"GATEWAYS may name {', '.join(sorted(GATEWAYS))}."
        return [Error(f"GATEWAYS names {name!r}, a provider that nobody wrote", hint=hint, id="payments.E001")]
    if name == "sandbox" and not settings.SANDBOX_GATEWAY_ALLOWED:
        hint = "Take it out of GATEWAYS, or set SANDBOX_GATEWAY_ALLOWED where no real money is."
        return [Error("GATEWAYS offers the sandbox where it is not allowed", hint=hint, id="payments.E002")]
    hint = "Set it in the environment, or take the provider out of GATEWAYS."
    return [
        Error(f"GATEWAYS offers {name}, but {each} is empty", hint=hint, id="payments.E003")
        for each in missing_secrets(name)
    ]
