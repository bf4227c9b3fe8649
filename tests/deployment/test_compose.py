"""The compose files say only what is so."""

import re
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.urls import resolve

from kelmah import processes as project
from kelmah.deployment.outside import names_from_outside
from kelmah.deployment.processes import PORTS
from kelmah.deployment.routes import Route, find_route, route_table
from kelmah.deployment.variables import VARIABLES
from kelmah.embedded import cluster
from kelmah.embedded.programs import postgres_programs
from tests.deployment.reading import COMPOSE, DEPLOY, compose, domain_of, processes, variables_read

pytestmark = pytest.mark.parametrize("file", COMPOSE)

# What Celery's own code reads.
READ_ELSEWHERE = {"REMAP_SIGTERM"}


def test_the_files_are_what_the_code_says(file: str) -> None:
    call_command("deployment", check=True)
    assert (DEPLOY / file).exists()


def test_every_command_is_one_of_the_project(file: str) -> None:
    everywhere = {"host": "0.0.0.0", "python": "python"}
    known = {
        "api": project.api(port=PORTS["api"], **everywhere),
        "live": project.live(port=PORTS["live"], **everywhere),
        "relay": None,
        "worker": project.worker(python="python"),
        "beat": None,
    }
    for name, service in processes(file).items():
        kind, command = name.rpartition("-")[2], service["command"]
        if kind == "prepare":
            steps = [step.split() for step in command[2].split("; ")]
            assert command[:2] == ["sh", "-ec"]
            assert [step[:2] for step in steps] == [["python", "manage.py"]] * 2
            assert [step[2] for step in steps] == ["prepare_databases", "migrate_domains"]
            assert all(step[2] in get_commands() for step in steps)
        elif kind == "relay":
            assert command[:-1] == [*project.relay(python="python"), "--heartbeat"]
        elif kind == "beat":
            schedule = command[command.index("-s") + 1]
            assert command == [word.replace("X", schedule) for word in project.beat(schedule="X", python="python")]  # type: ignore[arg-type]
        else:
            assert command == list(known[kind] or ()), name


def test_every_domain_has_the_processes_it_needs(file: str) -> None:
    kinds: dict[str, set[str]] = {}
    for name in processes(file):
        kinds.setdefault(domain_of(name), set()).add(name.rpartition("-")[2])
    everyone = {"prepare", "api", "relay", "worker", "beat"}
    if file == "compose.yaml":
        assert kinds == {"": everyone | {"live"}}
    else:
        assert {domain: found - {"live"} for domain, found in kinds.items()} == dict.fromkeys(kinds, everyone)
        assert [domain for domain, found in kinds.items() if "live" in found] == ["messaging"]


def test_every_variable_is_one_that_the_code_reads(file: str) -> None:
    named = {name for service in processes(file).values() for name in service["environment"]}
    assert named - variables_read() - READ_ELSEWHERE == set()


def test_every_required_setting_of_production_is_said(file: str) -> None:
    for name, service in processes(file).items():
        needs = {"SECRET_KEY", "ALLOWED_HOSTS", "INTERNAL_RPC_KEY", "DATABASE_ROLE_PASSWORD", "REDIS_URL"}
        assert needs <= set(service["environment"]), name
        assert service["environment"]["DJANGO_SETTINGS_MODULE"] == "config.settings.prod"


def test_every_secret_comes_from_outside(file: str) -> None:
    secrets = {variable.name for variable in VARIABLES if variable.source in ("secret", "shared")}
    for service in processes(file).values():
        for name in secrets & set(service["environment"]):
            value = service["environment"][name]
            assert value.startswith("/run/secrets/") or re.search(r"\$\{[A-Z_]+:[?-]\}", value), name
    for service in compose(file)["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASS|SECRET|KEY|AUTH", name):
                assert value.startswith(("${", "/run/secrets/")), name
    assert all(secret == {"file": f"${{{name.upper()}_FILE:?}}"} for name, secret in compose(file)["secrets"].items())


def test_only_preparing_knows_the_administrator(file: str) -> None:
    for name, service in compose(file)["services"].items():
        knows = "POSTGRES_PASSWORD" in str(service)
        assert knows == (name.endswith(("prepare", "postgres"))), name


def test_a_domain_knows_no_secret_of_another(file: str) -> None:
    for name, service in processes(file).items():
        own, names = domain_of(name), {each for each, _ in names_from_outside(service)}
        if own:
            assert {domain_of(each.lower().replace("_", "-")) for each in names} <= {"", own}, name
            assert ("JWT_SIGNING_KEY_FILE" in service["environment"]) == (own == "identity")
            writes = name in ("identity-worker", "messaging-worker", "payments-worker")
            for secret in ("EMAIL_HOST_PASSWORD", "TWILIO_AUTH_TOKEN"):
                assert (secret in service["environment"]) == writes
            sealing = [f"{own}_crypto_keys"] if own in ("identity", "files", "payments") else []
            assert service.get("secrets", []) == (["jwt_signing_key"] if own == "identity" else []) + sealing
            assert ("CRYPTO_KEYS_FILE" in service["environment"]) == bool(sealing)


def test_nobody_else_is_in_the_network_of_a_database(file: str) -> None:
    said = compose(file)
    for network in (name for name in said["networks"] if name.endswith("data")):
        assert said["networks"][network] == {"internal": True}
        inside = {name for name, service in said["services"].items() if network in service["networks"]}
        assert {domain_of(name) for name in inside} == {domain_of(network)}


def test_every_port_and_health_address_exists(file: str) -> None:
    for name, service in processes(file).items():
        kind = name.rpartition("-")[2]
        if kind in PORTS:
            port = service["command"][service["command"].index("--port") + 1]
            asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\S+)'", service["healthcheck"]["test"][3])
            assert asked
            assert asked[1] == port
            assert resolve(asked[2])
            assert f"'Host': '{name}'" in service["healthcheck"]["test"][3]
            assert name in service["environment"]["ALLOWED_HOSTS"].split(",")
            labels = service["labels"]
            assert labels[f"traefik.http.services.{name}.loadbalancer.server.port"] == port
            assert resolve(labels[f"traefik.http.services.{name}.loadbalancer.healthcheck.path"])
            assert labels[f"traefik.http.services.{name}.loadbalancer.healthcheck.hostname"] == name
        for domain, url in _entries(service["environment"].get("DOMAIN_URLS", "")):
            assert url == f"http://{domain}-api:{PORTS['api']}"
            assert f"{domain}-api" in processes(file)


def _entries(text: str) -> list[tuple[str, str]]:
    return [tuple(entry.split("=", 1)) for entry in text.split(",") if entry]  # type: ignore[misc]


def test_a_process_knows_where_all_the_others_are(file: str) -> None:
    everyone = {route.domain for route in route_table()}
    for name, service in processes(file).items():
        if own := domain_of(name):
            environment = service["environment"]
            assert environment["LOCAL_DOMAINS"] == own
            assert {domain for domain, _ in _entries(environment["DOMAIN_URLS"])} == everyone - {own}
            assert environment[f"{own.upper()}_DATABASE_URL"] == f"postgresql://{own}-postgres:5432/kelmah"
            assert f"{own}-postgres" in compose(file)["services"]


def test_exactly_the_routes_of_the_table_are_routed(file: str) -> None:
    said: dict[str, tuple[str, str]] = {}
    priorities: dict[str, int] = {}
    for service in processes(file).values():
        for key, value in service.get("labels", {}).items():
            if key.startswith("traefik.http.routers.") and key.endswith(".rule"):
                path = _path(value)
                assert path not in said
                router = key.removesuffix(".rule")
                said[path] = (service["labels"][f"{router}.service"], service["labels"][f"{router}.middlewares"])
                priorities[path] = int(service["labels"][f"{router}.priority"])
    prefix = {route.path: f"{route.domain}-" if file == "compose.split.yaml" else "" for route in route_table()}
    assert {path: service for path, (service, _) in said.items()} == {
        route.path: prefix[route.path] + route.kind for route in route_table()
    }
    assert {middlewares for _, middlewares in said.values()} == {"kelmah-limit,kelmah-cors,kelmah-retry"}
    by_priority = sorted(said, key=lambda path: -priorities[path])
    for path in said:  # whoever is asked first is who the table says
        first = next(
            each for each in by_priority if Route(each, "", "api").fits(path + "x" if path[-1] == "/" else path)
        )
        route = find_route(route_table(), path)
        assert route is not None
        assert first == route.path
    assert not any("/internal" in path for path in said)


def _path(rule: str) -> str:
    host, _, condition = rule.partition(" && ")
    assert host == "Host(`${API_HOST:?}`)"
    if prefix := re.fullmatch(r"PathPrefix\(`(/\S*/)`\)", condition):
        return prefix[1]
    exact = re.fullmatch(r"\(Path\(`(\S+)`\) \|\| PathPrefix\(`(\S+)/`\)\)", condition)
    assert exact, condition
    assert exact[1] == exact[2]
    return exact[1]


def test_nothing_has_more_rights_than_it_needs(file: str) -> None:
    for name, service in compose(file)["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        assert service.get("read_only") is True or name == "rabbitmq", name
        assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "gateway" else []), name
        assert ("ports" in service) == (name == "gateway"), name


def test_everything_has_limits_and_is_looked_after(file: str) -> None:
    for name, service in compose(file)["services"].items():
        kind = name.rpartition("-")[2]
        assert re.fullmatch(r"\d+M", service["deploy"]["resources"]["limits"]["memory"]), name
        assert service["restart"] == ("no" if kind == "prepare" else "unless-stopped"), name
        # A schedule and a preparation can only fail by ending.
        assert ("healthcheck" in service) == (kind not in ("prepare", "beat")), name
        assert service["deploy"]["replicas"] == (2 if kind == "api" else 1), name


def test_whatever_is_referred_to_exists(file: str) -> None:
    said = compose(file)
    volumes: set[str] = set()
    for service in said["services"].values():
        assert set(service["networks"]) <= set(said["networks"])
        assert set(service.get("secrets", [])) <= set(said["secrets"])
        volumes |= {volume.split(":")[0] for volume in service.get("volumes", [])}
        for other, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other.endswith("prepare") else "service_healthy"
            assert how == {"condition": expected}
            assert expected != "service_healthy" or "healthcheck" in said["services"][other]
    assert volumes - {"/var/run/docker.sock"} == set(said["volumes"])


def test_files_are_one_folder_for_all_who_touch_them(file: str) -> None:
    for name, service in processes(file).items():
        folder = service["environment"].get("KELMAH_FILES_DIR")
        assert service.get("volumes", []) == ([f"files:{folder}"] if folder else []), name


def test_databases_are_made_as_the_embedded_one(file: str) -> None:
    databases = {name: each for name, each in compose(file)["services"].items() if name.endswith("postgres")}
    assert databases
    for service in databases.values():
        assert service["image"] == f"postgres:{postgres_programs().major_version}-alpine"
        made = {f"--username={service['environment']['POSTGRES_USER']}"}
        made |= set(service["environment"]["POSTGRES_INITDB_ARGS"].split())
        assert made == set(cluster._INITDB)


def test_the_example_of_the_environment_names_all_and_tells_nothing(file: str) -> None:
    example = (DEPLOY / file.replace(".yaml", ".env.example")).read_text()
    asked = dict[str, Any](names_from_outside(compose(file)))
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", example, flags=re.M)) == set(asked)
    assert all(value == "" for value in re.findall(r"^[A-Z_]+=(.*)$", example, flags=re.M))
