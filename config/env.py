"""Reading the environment: few settings, typed; a wrong one stops the process with its name and a valid example."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit


def text(name: str, *, default: str | None = None, example: str) -> str:
    """The variable's text. Without a default it is required."""
    value = os.environ.get(name, default)
    if value is None or (not value and default is None):
        raise SystemExit(f"{name} is not set: for example {name}={example}")
    return value


def number(name: str, *, default: int, at_least: int = 0) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal() or int(value) < at_least:
        raise SystemExit(f"{name}={value!r} must be a whole number from {at_least}: for example {name}={default}")
    return int(value)


def switch(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "yes" if default else "no").lower()
    if value not in ("yes", "no", "true", "false", "1", "0"):
        raise SystemExit(f"{name}={value!r} must be yes or no: for example {name}=yes")
    return value in ("yes", "true", "1")


def one_of(name: str, choices: Sequence[str], *, default: str) -> str:
    value = os.environ.get(name, default)
    if value not in choices:
        raise SystemExit(f"{name}={value!r} must be one of {', '.join(choices)}: for example {name}={default}")
    return value


def site(name: str, *, default: str | None = None, example: str, https: bool = False) -> str:
    """The address of a site, to which paths are appended: no slash at the end, no query, nobody's password."""
    value = text(name, default=default, example=example)
    if not _is_site(value, ("https",) if https else ("https", "http")):
        raise SystemExit(f"{name}={value!r} must be the address of a site: for example {name}={example}")
    return value


def words(name: str, *, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def pairs(name: str) -> list[tuple[str, str]]:
    """``payments=https://desk.example.com,files=https://…``"""
    found = [word.partition("=") for word in words(name)]
    if wrong := [key for key, equals, value in found if not (key and equals and value)]:
        raise SystemExit(f"{name}: {wrong[0]!r} has no value: for example {name}=payments=https://desk.example.com")
    return [(key, value) for key, _, value in found]


def readable_files(name: str, *, example: str) -> list[str]:
    """The files that the variable names, separated by commas, each of which can be read now."""
    paths = [word.strip() for word in text(name, example=example).split(",")]
    try:
        for path in paths:
            Path(path).read_text()
    except OSError as error:
        raise SystemExit(
            f"{name}: {error.filename} can't be read ({error.strerror}): for example {name}={example}"
        ) from None
    return paths


# Private functions


def _is_site(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    named = parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
    bare = not (parts.query or parts.fragment or value.endswith(("/", "?", "#")))
    return named and bare and value.isprintable() and " " not in value
