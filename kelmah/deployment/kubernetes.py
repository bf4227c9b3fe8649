"""``deploy/kubernetes/``, as data: every domain in pods of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kelmah.deployment import traefik
from kelmah.deployment.manifests import labels, manifest, network_policies
from kelmah.deployment.pods import pod
from kelmah.deployment.processes import Service, split_services
from kelmah.deployment.routes import Route
from kelmah.deployment.variables import VARIABLES
from kelmah.domain import DomainConfig

HOST = "api.example.com"
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Kubernetes:
    """The manifests, by the name of their file."""

    domains: Sequence[DomainConfig]
    routes: Sequence[Route]

    def files(self) -> dict[str, list[Manifest]]:
        services = list(split_services(self.domains))
        shared = {
            "namespace.yaml": [manifest("v1", "Namespace", "kelmah")],
            "config.yaml": [self._config(), _files_volume()],
            "network.yaml": network_policies(),
            "gateway.yaml": [*_middlewares(), self._ingress()],
            "prepare.yaml": [_job(service, services) for service in services if service.kind == "prepare"],
        }
        of_domains = {
            f"{config.domain}.yaml": [
                each
                for service in services
                if service.domains == (config.domain,) and service.kind != "prepare"
                for each in _running(service, services)
            ]
            for config in self.domains
        }
        names = [*(name for name in shared if name != "prepare.yaml"), *of_domains]
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": "kelmah",
            "resources": names,
        }
        return {**shared, **of_domains, "kustomization.yaml": [kustomization]}

    # Private functions

    def _config(self) -> Manifest:
        chosen = {
            variable.name: variable.example if variable.unless_said is None else variable.unless_said
            for variable in VARIABLES
            if variable.source == "choice"
        }
        places = {
            f"{config.domain.upper()}_DATABASE_URL": f"postgresql://{config.domain}-postgres:5432/kelmah"
            for config in self.domains
        }
        return manifest(
            "v1", "ConfigMap", "kelmah", data={"API_HOST": HOST, "WEB_ORIGINS": f"https://{HOST}", **chosen, **places}
        )

    def _ingress(self) -> Manifest:
        paths = [
            {
                "path": route.path,
                "pathType": "Prefix",
                "backend": {"service": {"name": f"{route.domain}-{route.kind}", "port": {"name": "http"}}},
            }
            for route in self.routes
        ]
        middlewares = ",".join(f"kelmah-{name}@kubernetescrd" for name in traefik.MIDDLEWARES)
        found = manifest(
            "networking.k8s.io/v1",
            "Ingress",
            "kelmah",
            spec={
                "ingressClassName": "traefik",
                "tls": [{"hosts": [HOST], "secretName": "kelmah-tls"}],
                "rules": [{"host": HOST, "http": {"paths": paths}}],
            },
        )
        found["metadata"]["annotations"] = {"traefik.ingress.kubernetes.io/router.middlewares": middlewares}
        return found


# Private functions


def _middlewares() -> Iterator[Manifest]:
    specs = {
        "kelmah-limit": {"rateLimit": traefik.LIMIT},
        "kelmah-cors": {"headers": traefik.cors([f"https://{HOST}"])},
        "kelmah-retry": {"retry": traefik.RETRY},
    }
    for name in traefik.MIDDLEWARES:
        yield manifest("traefik.io/v1alpha1", "Middleware", name, spec=specs[name])


def _files_volume() -> Manifest:
    """One for all copies: what one takes in, another hands out."""
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "50Gi"}}}
    return manifest("v1", "PersistentVolumeClaim", "files", spec=spec)


def _job(service: Service, services: Sequence[Service]) -> Manifest:
    template = pod(service, services)
    template["spec"]["restartPolicy"] = "OnFailure"
    spec = {"backoffLimit": 5, "ttlSecondsAfterFinished": 3600, "template": template}
    return manifest("batch/v1", "Job", service.name, service=service, spec=spec)


def _running(service: Service, services: Sequence[Service]) -> Iterator[Manifest]:
    selector = {"matchLabels": labels(service)}
    spec: dict[str, Any] = {"selector": selector, "template": pod(service, services)}
    if service.kind != "api":  # of which the autoscaler says how many
        spec = {"replicas": service.copies, **spec}
    yield manifest("apps/v1", "Deployment", service.name, service=service, spec=spec)
    if service.port:
        ports = [{"name": "http", "port": service.port, "targetPort": "http"}]
        yield manifest(
            "v1", "Service", service.name, service=service, spec={"selector": labels(service), "ports": ports}
        )
    if service.kind == "api":
        yield manifest(
            "policy/v1",
            "PodDisruptionBudget",
            service.name,
            service=service,
            spec={"minAvailable": 1, "selector": selector},
        )
        yield _autoscaler(service)


def _autoscaler(service: Service) -> Manifest:
    busy = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service.name},
        "minReplicas": service.copies,
        "maxReplicas": 5 * service.copies,
        "metrics": [{"type": "Resource", "resource": busy}],
    }
    return manifest("autoscaling/v2", "HorizontalPodAutoscaler", service.name, service=service, spec=spec)
