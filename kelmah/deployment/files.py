"""The text of every file under ``deploy/``."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from kelmah.deployment.compose import Compose, Flow
from kelmah.deployment.kubernetes import Kubernetes
from kelmah.deployment.outside import env_example, variables_table
from kelmah.deployment.processes import deployed_domains
from kelmah.deployment.routes import table_of
from kelmah.domain import local_domains

_WRITTEN = "# Written by `manage.py deployment` from the code: change that, not this file. See docs/deployment.md\n"


def deploy_files() -> Mapping[str, str]:
    """By their path under ``deploy/``. Every domain must be installed."""
    domains = deployed_domains(local_domains())
    routes = table_of(domains)
    monolith, split = (Compose(domains, routes, split=split) for split in (False, True))
    found = {
        "compose.yaml": _text([monolith.document()]),
        "compose.split.yaml": _text([split.document()]),
        "compose.env.example": env_example(monolith.document(), name="compose.yaml"),
        "variables.md": variables_table(),
        "compose.split.env.example": env_example(split.document(), name="compose.split.yaml"),
    }
    manifests = Kubernetes(domains, routes).files()
    return found | {f"kubernetes/{name}": _text(documents) for name, documents in manifests.items()}


class _Dumper(yaml.SafeDumper):
    """Says things as often as they are so: no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _flow(dumper: yaml.SafeDumper, value: Flow) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(Flow, _flow)


def _text(documents: Iterable[Mapping[str, Any]]) -> str:
    return _WRITTEN + yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=100_000, allow_unicode=True)
