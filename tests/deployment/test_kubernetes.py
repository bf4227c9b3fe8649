"""The manifests say only what is so."""

from typing import Any

import pytest
from django.urls import resolve

from kelmah.deployment.processes import PORTS
from kelmah.deployment.routes import route_table
from kelmah.deployment.variables import VARIABLES
from tests.deployment.reading import DEPLOY, containers, domain_of, manifests, of_kind, pods, processes, variables_read
from tests.deployment.test_compose import READ_ELSEWHERE

SPLIT = processes("compose.split.yaml")


def kind_of(name: str) -> str:
    return name.rpartition("-")[2]


def test_the_pods_are_the_containers_of_the_split() -> None:
    """Same commands, same variables; only where values come from differs."""
    assert set(pods()) == set(SPLIT)
    for name, pod in pods().items():
        commands = [container["command"] for container in containers(pod)]
        expected = SPLIT[name]["command"]
        if kind_of(name) == "prepare":
            assert "; ".join(" ".join(command) for command in commands) == expected[2]
        else:
            assert commands == [expected]
        helpers = {"API_HOST", "WEB_ORIGINS"}  # of which other values are made
        for container in containers(pod):
            assert {each["name"] for each in container["env"]} - helpers == set(SPLIT[name]["environment"])


def test_every_variable_is_one_that_the_code_reads_or_another_value_uses() -> None:
    for pod in pods().values():
        for container in containers(pod):
            made = " ".join(each.get("value", "") for each in container["env"])
            for name in {each["name"] for each in container["env"]} - variables_read() - READ_ELSEWHERE:
                assert f"$({name})" in made, name
                # Kubernetes knows only what stands above.
                order = [each["name"] for each in container["env"]]
                first = next(each["name"] for each in container["env"] if f"$({name})" in each.get("value", ""))
                assert order.index(name) < order.index(first)


def test_every_secret_is_a_reference_and_none_is_here() -> None:
    assert not of_kind("Secret")
    secret = {variable.name for variable in VARIABLES if variable.source in ("secret", "shared")}
    for name, pod in pods().items():
        own = domain_of(name)
        for container in containers(pod):
            for each in container["env"]:
                if each["name"] == "JWT_SIGNING_KEY_FILE":
                    assert own == "identity"
                    assert each["value"] == "/run/secrets/jwt_signing_key"
                elif each["name"] == "CRYPTO_KEYS_FILE":
                    assert own in ("identity", "files", "payments")
                    assert each["value"] == f"/run/crypto/{own}.json"
                    (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "crypto")
                    assert volume["secret"]["secretName"] == f"kelmah-{own}-crypto"
                elif each["name"] in secret:
                    holder = each["valueFrom"]["secretKeyRef"]["name"]
                    administrators = each["name"] == "DATABASE_ADMIN_URL"
                    assert holder in {f"kelmah-{own}-admin"} if administrators else {"kelmah-shared", f"kelmah-{own}"}
                    assert not administrators or kind_of(name) == "prepare"


def test_every_reference_to_the_configuration_leads_somewhere() -> None:
    known = set(of_kind("ConfigMap")["kelmah"]["data"])
    used = {
        each["valueFrom"]["configMapKeyRef"]["key"]
        for pod in pods().values()
        for container in containers(pod)
        for each in container["env"]
        if "configMapKeyRef" in each.get("valueFrom", {})
    }
    assert used == known


@pytest.mark.parametrize("name", sorted(SPLIT))
def test_a_pod_has_no_rights_and_limits(name: str) -> None:
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in containers(pod):
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= {volume["name"] for volume in pod["volumes"]}


@pytest.mark.parametrize("name", sorted(name for name in SPLIT if kind_of(name) in PORTS))
def test_who_is_asked_is_probed_and_found(name: str) -> None:
    kind = kind_of(name)
    container = pods()[name]["containers"][0]
    assert container["ports"] == [{"name": "http", "containerPort": PORTS[kind]}]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert resolve(asked["path"])
        assert asked["port"] == "http"
        assert asked["httpHeaders"] == [{"name": "Host", "value": name}]
    hosts = next(each["value"] for each in container["env"] if each["name"] == "ALLOWED_HOSTS")
    assert name in hosts.split(",")
    service = of_kind("Service")[name]["spec"]
    assert service["ports"] == [{"name": "http", "port": PORTS[kind], "targetPort": "http"}]
    assert service["selector"] == of_kind("Deployment")[name]["spec"]["template"]["metadata"]["labels"]
    if kind == "api":
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert of_kind("PodDisruptionBudget")[name]["spec"]["minAvailable"] == 1
        scaled = of_kind("HorizontalPodAutoscaler")[name]["spec"]
        assert scaled["scaleTargetRef"]["name"] == name
        assert scaled["minReplicas"] == 2
        assert "replicas" not in of_kind("Deployment")[name]["spec"]


def test_the_ingress_has_exactly_the_routes_of_the_table() -> None:
    [rule] = of_kind("Ingress")["kelmah"]["spec"]["rules"]
    said = {each["path"]: each["backend"]["service"] for each in rule["http"]["paths"]}
    assert said == {
        route.path: {"name": f"{route.domain}-{route.kind}", "port": {"name": "http"}} for route in route_table()
    }
    assert all(each["pathType"] == "Prefix" for each in rule["http"]["paths"])
    assert not any("/internal" in path for path in said)
    assert rule["host"] == of_kind("ConfigMap")["kelmah"]["data"]["API_HOST"]
    annotations = of_kind("Ingress")["kelmah"]["metadata"]["annotations"].values()
    named = {
        name.removeprefix("kelmah-").removesuffix("@kubernetescrd") for each in annotations for name in each.split(",")
    }
    assert named == set(of_kind("Middleware"))


def test_only_the_gateway_and_our_own_reach_a_pod() -> None:
    policies = of_kind("NetworkPolicy")
    assert policies["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": []}
    for name, policy in policies.items():
        for entry in policy["spec"]["ingress"]:
            [source] = entry["from"]
            kind = policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            assert entry["ports"] == [{"protocol": "TCP", "port": PORTS[kind]}]
            assert ("namespaceSelector" in source) == name.startswith("gateway")
            if "podSelector" in source:
                assert source["podSelector"]["matchLabels"] == {"app.kubernetes.io/part-of": "kelmah"}
                assert kind == "api"


def test_everything_is_ours_and_applied_together() -> None:
    kustomization: dict[str, Any] = next(each for each in manifests() if each["kind"] == "Kustomization")
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")}
    # Preparing comes first, by itself.
    assert set(kustomization["resources"]) == files - {"kustomization.yaml", "prepare.yaml"}
    for each in manifests():
        if each["kind"] not in ("Kustomization", "Namespace"):
            assert each["metadata"]["namespace"] == "kelmah"
