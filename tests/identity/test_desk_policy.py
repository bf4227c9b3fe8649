"""What pages of the desk may load and send, as they tell browsers; ``tests/browser`` has browsers read it."""

import re

import pytest
from django.test import Client

from kelmah.embedded.folders import CLONE
from tests.identity.desk import show_second_factor
from tests.identity.factories import staff

pytestmark = pytest.mark.domain("identity")

TEMPLATES = sorted(
    [*(CLONE / "kelmah").rglob("templates/**/*.html"), *(CLONE / "domains").rglob("templates/**/*.html")]
)


def policy_of(answer) -> dict[str, list[str]]:
    rules = answer.headers["Content-Security-Policy"].split("; ")
    return {name: values for name, *values in map(str.split, rules)}


@pytest.fixture
def desk() -> Client:
    client, member = Client(), staff()
    client.force_login(member)
    show_second_factor(client, member)
    return client


@pytest.mark.parametrize("path", ["/admin/", "/admin/identity/user/", "/admin/second-factor", "/admin/nothing/"])
def test_a_page_runs_no_script_but_those_of_its_host(desk, path):
    policy = policy_of(desk.get(path))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == ["'self'", "'unsafe-eval'"]


def test_before_the_log_in_it_is_the_same(desk):
    assert policy_of(Client().get("/admin/login/")) == policy_of(desk.get("/admin/"))


def test_forms_lead_to_the_desks_and_nowhere_else(desk, settings):
    settings.JWT_ISSUER = "https://kelmah.example/"
    settings.DESK_URLS = {"payments": "https://money.kelmah.example:8443/desk"}
    others = ["https://kelmah.example", "https://money.kelmah.example:8443"]
    policy = policy_of(desk.get("/admin/"))
    assert policy["form-action"] == ["'self'", *others]
    assert policy["img-src"] == ["'self'", "data:", *others]


def test_programs_are_told_what_they_were(api):
    assert "'none'" in api.anonymous.get("/me").headers["Content-Security-Policy"]
    assert "script-src" not in api.anonymous.get("/me").headers["Content-Security-Policy"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_that_the_policy_forbids(template):
    text = template.read_text()
    scripts = [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "nonce=" not in tag]
    assert scripts == []
    assert not re.search(r"<[^>]+\son[a-z]+=", text)
    assert 'class="chart"' not in text  # unfold's script takes that for a canvas of its own
