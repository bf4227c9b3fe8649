"""Schemathesis against a real server: whatever is sent to identity, each answer is one that the schema names.

It makes requests from the schema: examples, borders of every rule, wrong types, missing fields, other methods, no
token. To look longer: ``schemathesis run <url>/api/schema --max-time=600 --checks=…``, with another seed.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.conf import settings

from domains.identity.actions import Device, IssuedTokens
from domains.identity.actions.sessions import open_session
from domains.identity.actions.social_logins import link
from domains.identity.api.urls import urlpatterns
from domains.identity.models import SocialLogin, User
from domains.identity.queries import lock_user
from kelmah.db import atomic
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.companies import founded, invited, joined
from tests.identity.factories import log_in, proven_flow, sign_up, staff, with_app, with_passkey
from tests.identity.paper_factories import cabinet, sent

__all__ = ["cabinet"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.domain("identity", transaction=True)]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
# They end the session that asks; each is asked on its own below.
ENDS_THE_SESSION = ("/api/v1/auth/logout", "/api/v1/me/deactivate")


@pytest.fixture
def server() -> Iterator[str]:
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        yield address


@pytest.fixture
def fuzz(server: str, tmp_path: Path):
    def run(
        *, paths: str, tokens: IssuedTokens | None = None, but: tuple[str, ...] = (), named: Mapping[str, object] = {}
    ) -> None:
        known = tmp_path / "schemathesis.toml"
        known.write_text("[parameters]\n" + "".join(f"\"{name}\" = '{value}'\n" for name, value in named.items()))
        asked = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                f"--config-file={known}",
                "run",
                f"{server}/api/schema",
                f"--include-path-regex={paths}",
                *(f"--exclude-path={path}" for path in but),
                *([f"--header=Authorization: Bearer {tokens.access_token}"] if tokens else []),
                f"--checks={','.join(CHECKS)}",
                "--phases=examples,coverage,fuzzing",
                "--max-examples=25",
                "--seed=1",
                "--no-shrink",
                "--continue-on-failure",
                "--suppress-health-check=all",
                "--warnings=off",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
        assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2_000:]
        tested = re.search(r"Tested: (\d+)", asked.stdout)
        assert tested, asked.stdout
        assert int(tested[1]) > 0

    return run


def of_identity() -> str:
    """A pattern of identity's own paths in the schema."""
    names = {re.sub(r"<[^>]+>", "{}", str(each.pattern)) for each in urlpatterns}
    return "^/api/v1/(" + "|".join(sorted(re.escape(name).replace(r"\{\}", "[^/]+") for name in names)) + ")$"


def logged_in_with(user: User, method: str) -> IssuedTokens:
    with atomic("identity"):
        return open_session(lock_user(user.id), Device(), amr=("pwd", method))


def test_nobody(fuzz):
    fuzz(paths=of_identity())


def test_a_worker(fuzz):
    """With a session and a login to lose, and somebody to look at."""
    worker = sign_up()
    link(user_id=worker.user.id, flow_secret=proven_flow())
    named = {
        "path.session_id": log_in(worker.user).session_id,
        "path.login_id": SocialLogin.objects.get().id,
        "path.user_id": sign_up().user.id,
        "header.If-Match": '"1"',
    }
    fuzz(paths=of_identity(), tokens=worker, but=ENDS_THE_SESSION, named=named)


def test_a_hirer_with_a_company(fuzz):
    hirer = sign_up(role="hirer")
    company_id = founded(hirer)
    named = {
        "path.company_id": company_id,
        "path.user_id": joined(company_id, owner=hirer).user.id,
        "path.invitation_id": invited(company_id, by=hirer, email="esi@example.com").id,
        "header.If-Match": '"1"',
    }
    fuzz(paths=of_identity(), tokens=hirer, but=ENDS_THE_SESSION, named=named)


def test_somebody_with_second_factors(fuzz):
    worker = sign_up()
    app = with_app(worker.user)
    with_passkey(worker.user)
    strong = logged_in_with(worker.user, "otp")
    fuzz(paths=of_identity(), tokens=strong, but=ENDS_THE_SESSION, named={"path.factor_id": app.factor_id})


def test_somebody_with_papers(fuzz, cabinet):
    worker = sign_up(phone="+233241234567")
    document = sent(cabinet, worker.user, "national_id")
    named = {"path.document_id": document.id, "header.If-Match": '"1"'}
    fuzz(paths="^/api/v1/me/verification", tokens=worker, named=named)


def test_a_member_of_staff(fuzz):
    boss = staff(email="boss@example.com")
    with_app(boss)
    fuzz(paths=of_identity(), tokens=logged_in_with(boss, "otp"), but=ENDS_THE_SESSION)


@pytest.mark.parametrize("path", ENDS_THE_SESSION)
def test_whoever_ends_their_session(fuzz, path):
    fuzz(paths=f"^{path}$", tokens=sign_up())
