"""One document and one page for all domains, also where each has processes of its own."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kelmah.embedded.ports import free_port
from kelmah.http.gathered import Gathered, merged
from kelmah.http.openapi_view import build_document
from kelmah.testing import servers
from kelmah.testing.api_process import api_process


@pytest.fixture(scope="module")
def files_url() -> Iterator[str]:
    with api_process(LOCAL_DOMAINS="files", KELMAH_ALONE="files", REDIS_URL=servers.test_redis_url()) as url:
        yield url


@pytest.fixture
def own() -> Any:
    return build_document("tests.kernel.http.urls")


def test_the_paths_of_all_and_each_component_once(own: Any, settings: Any, files_url: str) -> None:
    settings.LOCAL_DOMAINS, settings.DOMAIN_URLS = ("probes",), {"files": files_url}
    whole = Gathered().with_others(own)
    assert own["paths"].items() <= whole["paths"].items()
    assert "/api/v1/files/uploads" in whole["paths"]
    assert whole["components"]["schemas"]["Problem"] == own["components"]["schemas"]["Problem"]
    assert "x-missing" not in whole


def test_who_does_not_answer_is_named_and_asked_again_soon(own: Any, settings: Any) -> None:
    settings.LOCAL_DOMAINS = ("probes",)
    settings.DOMAIN_URLS = {"payments": f"http://127.0.0.1:{free_port()}"}
    whole = Gathered().with_others(own)
    assert whole["x-missing"] == ["payments"]
    assert whole["paths"] == own["paths"]


def test_gathering_changes_no_part(own: Any) -> None:
    before = {name: dict(known) for name, known in own["components"].items()}
    merged(own, [{"paths": {"/x": {}}, "components": {"schemas": {"New": {}}}}])
    assert own["components"] == before
    assert "/x" not in own["paths"]


def test_the_meaning_of_another_domains_code_is_found_there(files_url: str) -> None:
    alone = {"LOCAL_DOMAINS": "reviews", "KELMAH_ALONE": "reviews", "DOMAIN_URLS": f"files={files_url}"}
    with api_process(REDIS_URL=servers.test_redis_url(), **alone) as url:
        page = httpx.get(f"{url}/problems/upload_changed")
        assert page.status_code == 200
        assert "upload_changed" in page.text
        assert httpx.get(f"{url}/internal/problems/upload_changed").status_code == 404  # it is not its own
        assert httpx.get(f"{url}/problems/no_such_code_anywhere").status_code == 404
