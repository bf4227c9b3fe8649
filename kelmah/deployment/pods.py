"""The pods of a process: what they run, what they are told, and what they may."""

from collections.abc import Iterator, Sequence
from typing import Any

from kelmah.deployment.manifests import labels
from kelmah.deployment.places import places
from kelmah.deployment.processes import FILES, Service, people_domain
from kelmah.deployment.variables import Variable, variables_of

USER = 10001  # as in the Dockerfile
IMAGE = "kelmah:latest"
_SECRETS = "/run/secrets"
_KEY = "jwt_signing_key"
_CRYPTO = "/run/crypto"


def pod(service: Service, services: Sequence[Service]) -> dict[str, Any]:
    """The template. ``services``: all of the deployment, so that this one knows where the others are."""
    *first, last = [_container(service, services, number) for number in range(len(service.commands))]
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # variables that nobody asked for
        "terminationGracePeriodSeconds": service.grace + (5 if service.port else 0),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"initContainers": first} if first else {}),
        "containers": [last],
        "volumes": [{"name": name, **source} for name, (_, source) in _volumes(service).items()],
    }
    if service.copies > 1:
        spec["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": labels(service)},
            }
        ]
    return {"metadata": {"labels": labels(service)}, "spec": spec}


# Private functions


def _container(service: Service, services: Sequence[Service], number: int) -> dict[str, Any]:
    command = service.commands[number]
    found: dict[str, Any] = {
        "name": service.kind if len(service.commands) == 1 else command[-1].replace("_", "-"),
        "image": IMAGE,
        "command": list(command),
        "env": list(_environment(service, services)),
        "resources": {
            "requests": {"cpu": "100m", "memory": f"{service.memory // 2}Mi"},
            "limits": {"memory": f"{service.memory}Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": name, "mountPath": path} for name, (path, _) in _volumes(service).items()],
    }
    if service.port:
        found["ports"] = [{"name": "http", "containerPort": service.port}]
        found["lifecycle"] = {"preStop": {"sleep": {"seconds": 5}}}  # until the gateway has heard of it
    return found | _probes(service)


def _probes(service: Service) -> dict[str, Any]:
    if service.port:
        alive = {"httpGet": _asked(service, "/health/live"), "timeoutSeconds": 3}
        return {
            "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": 60},
            "livenessProbe": {**alive, "periodSeconds": 10},
            "readinessProbe": {"httpGet": _asked(service, service.health), "timeoutSeconds": 3, "periodSeconds": 5},
        }
    if service.check:
        often = 60 if service.kind == "worker" else 10  # a ping of Celery starts a Python
        works = {"exec": {"command": list(service.check)}, "periodSeconds": often, "timeoutSeconds": 20}
        return {"livenessProbe": {**works, "initialDelaySeconds": 60}}
    return {}


def _asked(service: Service, path: str) -> dict[str, Any]:
    # By the name that others call it by: Django answers to no other host.
    return {"path": path, "port": "http", "httpHeaders": [{"name": "Host", "value": service.name}]}


def _volumes(service: Service) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name to mount path and source."""
    found: dict[str, tuple[str, dict[str, Any]]] = {"tmp": ("/tmp", {"emptyDir": {}})}  # noqa: S108 - a pod's own
    if people_domain() in service.domains:
        found["jwt"] = _SECRETS, {"secret": {"secretName": "kelmah-jwt", "defaultMode": 0o440}}
    if service.sealing:
        found["crypto"] = (
            _CRYPTO,
            {"secret": {"secretName": f"kelmah-{service.domains[0]}-crypto", "defaultMode": 0o440}},
        )
    if "files" in service.domains and service.kind in ("api", "worker"):
        found["files"] = FILES, {"persistentVolumeClaim": {"claimName": "files"}}
    return found


def _environment(service: Service, services: Sequence[Service]) -> Iterator[dict[str, Any]]:
    yield _from_config("API_HOST")  # of which the values below are made, as of the next
    if service.kind == "live":
        yield _from_config("WEB_ORIGINS")
    told = places(service, services, host="$(API_HOST)", origins="$(WEB_ORIGINS)")
    for variable in variables_of(service):
        if variable.source == "place":
            if variable.name == "<DOMAIN>_DATABASE_URL":
                yield _from_config(f"{service.domains[0].upper()}_DATABASE_URL")
            elif variable.name in told:
                yield {"name": variable.name, "value": told[variable.name]}
        elif variable.source == "choice":
            yield _from_config(variable.name)
        elif variable.name == "JWT_SIGNING_KEY_FILE":
            yield {"name": variable.name, "value": f"{_SECRETS}/{_KEY}"}
        elif variable.name == "CRYPTO_KEYS_FILE":
            yield {"name": variable.name, "value": f"{_CRYPTO}/{service.domains[0]}.json"}
        else:
            secret: dict[str, Any] = {"name": _secret_of(variable, service), "key": variable.name}
            if variable.unless_said is not None:
                secret["optional"] = True
            yield {"name": variable.name, "valueFrom": {"secretKeyRef": secret}}


def _secret_of(variable: Variable, service: Service) -> str:
    """The secret that holds it: one for all, one of each domain, and one that only ``prepare`` may see."""
    if variable.source == "shared":
        return "kelmah-shared"
    return f"kelmah-{service.domains[0]}" + ("-admin" if variable.name == "DATABASE_ADMIN_URL" else "")


def _from_config(name: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"configMapKeyRef": {"name": "kelmah", "key": name}}}
