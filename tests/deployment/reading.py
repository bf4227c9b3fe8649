"""Reading ``deploy/`` and the code it must agree with, without the code that wrote it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kelmah.embedded.folders import CLONE

DEPLOY = CLONE / "deploy"
COMPOSE = ("compose.yaml", "compose.split.yaml")
DOMAINS = sorted(path.name for path in (CLONE / "domains").iterdir() if (path / "apps.py").exists())
_READERS = {"text", "number", "switch", "one_of", "site", "words", "secret_file", "_words", "get", "setdefault"}


@cache
def compose(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return found


def processes(name: str) -> dict[str, dict[str, Any]]:
    """The services of a compose file that run our code."""
    return {service: said for service, said in compose(name)["services"].items() if said["image"].startswith("kelmah:")}


def domain_of(service: str) -> str:
    """Of ``payments-api``; empty for a service of the monolith and for a server of all."""
    first = service.partition("-")[0]
    return first if first in DOMAINS else ""


@cache
def manifests() -> list[dict[str, Any]]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [each for file in files for each in yaml.safe_load_all(file.read_text())]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests() if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The specification of every pod of ours, by the name of its job or deployment."""
    return {
        name: each["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for name, each in of_kind(kind).items()
    }


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@cache
def variables_read() -> frozenset[str]:
    """Every environment variable that the settings and the kernel ask for by name."""
    files = (*(CLONE / "config").rglob("*.py"), *(CLONE / "kelmah").rglob("*.py"))
    found = {name for file in files for name in _asked_for(ast.parse(file.read_text()))}
    of_domains = {name for name in found if name.startswith("*")}
    return frozenset(found - of_domains | {domain.upper() + name[1:] for domain in DOMAINS for name in of_domains})


def _asked_for(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in _READERS:
                yield from _name(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            yield from _name(node.slice)


def _name(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Z][A-Z0-9_]+", node.value):
        yield node.value
    # f"{domain.upper()}_DATABASE_URL"
    if isinstance(node, ast.JoinedStr) and len(node.values) == 2 and isinstance(node.values[1], ast.Constant):
        yield f"*{node.values[1].value}"


def dockerfile() -> list[list[str]]:
    """Its stages, each a list of instructions with continued lines joined and comments left out."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", Path(CLONE / "Dockerfile").read_text(), flags=re.M))
    stages: list[list[str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("FROM "):
            stages.append([])
        stages[-1].append(line)
    return stages


def copied_into_the_image() -> list[str]:
    """What of the clone the last stage holds."""
    lines = [line.split() for line in dockerfile()[-1] if line.startswith("COPY ") and "--from" not in line]
    return [source for _, *sources, _ in lines for source in sources]
