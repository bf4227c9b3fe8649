"""The shape of every Kubernetes manifest of ours, and who may reach whom."""

from typing import Any

from kelmah.deployment.processes import PORTS, Service

PART_OF = {"app.kubernetes.io/part-of": "kelmah"}
_GATEWAY = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}


def manifest(version: str, kind: str, name: str, *, service: Service | None = None, **rest: Any) -> dict[str, Any]:
    """An object in our namespace, labelled as ours."""
    metadata: dict[str, Any] = {"name": name, "labels": labels(service) if service else dict(PART_OF)}
    if kind != "Namespace":
        metadata["namespace"] = "kelmah"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def labels(service: Service) -> dict[str, str]:
    """Of a service and its pods."""
    return {**PART_OF, "app.kubernetes.io/name": service.name, "app.kubernetes.io/component": service.kind}


def network_policies() -> list[dict[str, Any]]:
    """Nobody reaches our pods, but the gateway what is public, and our own pods the API processes.

    Calls and events between domains (``/internal/``) arrive at the same port as the API: the gateway has no route
    there, and they are signed.
    """
    return [
        _policy("nobody", {}, []),
        _policy("calls-between-domains", _component("api"), [_from({"podSelector": {"matchLabels": PART_OF}}, "api")]),
        _policy("gateway-to-api", _component("api"), [_from(_GATEWAY, "api")]),
        _policy("gateway-to-live", _component("live"), [_from(_GATEWAY, "live")]),
    ]


# Private functions


def _policy(name: str, pods: dict[str, Any], ingress: list[dict[str, Any]]) -> dict[str, Any]:
    spec = {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": ingress}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


def _component(kind: str) -> dict[str, Any]:
    return {"matchLabels": {**PART_OF, "app.kubernetes.io/component": kind}}


def _from(peer: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"from": [peer], "ports": [{"protocol": "TCP", "port": PORTS[kind]}]}
