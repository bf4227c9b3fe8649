"""What somebody must say before a compose file can start: the names, never the values."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kelmah.deployment.variables import VARIABLES

_NAMED = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)(?P<how>:[?-])?(?P<default>(?:[^${}]|\$\{[A-Z_]+\})*)")

# Those that only the files know, not Kelmah.
_MEANINGS = {
    "API_HOST": "the public host name, for example api.example.com",
    "WEB_ORIGINS": "pages that may use the API and open sockets, with commas: https://app.example.com",
    "ACME_EMAIL": "whom the certificate authority writes to",
    "ACME_SERVER": "the certificate authority",
    "KELMAH_VERSION": "the tag of the image",
    "JWT_SIGNING_KEY_FILE": "a file that user 10001 may read, made by `manage.py signing_keys new <file>`",
    "CRYPTO_KEYS_FILE": "a file that user 10001 may read, of those that `manage.py crypto new <folder>` makes",
    "POSTGRES_PASSWORD": "of the database's administrator; letters and digits, since it becomes part of a URL",
    "REDIS_PASSWORD": "letters and digits, since it becomes part of a URL",
    "RABBITMQ_PASSWORD": "letters and digits, since it becomes part of a URL",
}
_SAID_BY = {
    "place": "the files themselves",
    "choice": "you, or the default",
    "secret": "you: a secret of the domain",
    "shared": "you: a secret of all",
}
_BY_NAME = {variable.name: f"{variable.meaning}, for example {variable.example}" for variable in VARIABLES}


def names_from_outside(value: Any) -> Iterator[tuple[str, str | None]]:
    """Every variable that a document takes from its environment, with its default; None for one that must be said."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from names_from_outside(each)
    elif isinstance(value, list):
        for each in value:
            yield from names_from_outside(each)
    elif isinstance(value, str):
        for found in _NAMED.finditer(value):
            yield found["name"], found["default"] if found["how"] == ":-" else None


def env_example(document: Mapping[str, Any], *, name: str) -> str:
    """The text of an environment file without values. What has a default is a comment."""
    found = dict(sorted(names_from_outside(document)))
    optional = {each: default for each, default in names_from_outside(document) if default is not None}
    lines = [f"# For {name}: copy it to .env beside it, fill it in, and let nobody else read it.", ""]
    for each in found:
        lines += [f"# {_meaning(each)}", f"# {each}={optional[each]}" if each in optional else f"{each}=", ""]
    return "\n".join(lines)


def _meaning(name: str) -> str:
    """Also of ``PAYMENTS_SECRET_KEY``, which is the SECRET_KEY of payments."""
    known = _MEANINGS | {key: text for key, text in _BY_NAME.items() if key not in _MEANINGS}
    if name in known:
        return known[name]
    domain, _, rest = name.partition("_")
    return f"{domain.lower()}: {known[rest]}"


def variables_table() -> str:
    """Every variable that a process reads, as Markdown."""
    lines = [
        "# The environment of Kelmah's processes",
        "",
        "<!-- Written by `manage.py deployment`; edits are lost. -->",
        "",
        "| variable | meaning | example | who gets it | said by |",
        "|---|---|---|---|---|",
    ]
    for each in VARIABLES:
        name = each.name.replace("<", "&lt;")
        who = " of ".join(part for part in (", ".join(each.kinds) or "all", " and ".join(each.domains)) if part)
        lines.append(f"| {name} | {each.meaning} | `{each.example}` | {who} | {_SAID_BY[each.source]} |")
    return "\n".join(lines) + "\n"
