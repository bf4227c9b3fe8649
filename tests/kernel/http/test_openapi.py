"""The document says what the code does."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kelmah.http.openapi_view import build_document
from kelmah.testing.client import ApiClient


@pytest.fixture(scope="module")
def document() -> Any:
    return build_document("tests.kernel.http.urls")


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def codes_of(operation: Any) -> set[str]:
    return {
        example["value"]["code"]
        for answer in operation["responses"].values()
        for example in answer.get("content", {}).get("application/problem+json", {}).get("examples", {}).values()
    }


def parameters_of(operation: Any) -> dict[str, Any]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", [])}


def test_it_is_valid_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(document: Any) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 12
    assert "probes_get_notes" in names
    assert all(operation["tags"] == ["probes"] for _, _, operation in operations(document))
    described = [operation for path, _, operation in operations(document) if "failing" not in path]
    assert all(operation["summary"] for operation in described)


def test_each_refusal_has_its_code_and_shape(document: Any) -> None:
    always = {"invalid_input", "token_invalid", "token_expired", "too_many_requests", "internal_error", "unavailable"}
    for _, _, operation in operations(document):
        assert always <= codes_of(operation)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                content = answer["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert {example["value"]["status"] for example in content["examples"].values()} == {int(status)}


def test_refusals_follow_from_what_the_view_does(document: Any) -> None:
    paths = document["paths"]
    assert "unauthenticated" not in codes_of(paths["/api/v1/open"]["get"])
    assert "unauthenticated" in codes_of(paths["/api/v1/whoami"]["get"])
    assert "wrong_role" in codes_of(paths["/api/v1/hirers"]["get"])
    assert "wrong_role" not in codes_of(paths["/api/v1/whoami"]["get"])
    assert "step_up_required" in codes_of(paths["/api/v1/vault"]["post"])
    assert "step_up_required" not in codes_of(paths["/api/v1/vault"]["get"])
    assert "enrolment_required" in codes_of(paths["/api/v1/whoami"]["get"])
    assert "enrolment_required" not in codes_of(paths["/api/v1/gate"]["post"])
    writing = codes_of(paths["/api/v1/notes"]["post"])
    assert {"hurdle", "idempotency_key_reused", "request_in_flight", "body_too_large"} <= writing
    assert "idempotency_key_required" not in writing
    assert "idempotency_key_required" in codes_of(paths["/api/v1/money"]["post"])
    changing = codes_of(paths["/api/v1/notes/{note_id}"]["patch"])
    assert {"stale_version", "precondition_required", "not_found"} <= changing
    assert "cursor_invalid" in codes_of(paths["/api/v1/notes"]["get"])


def test_headers_and_switches_follow_from_the_code(document: Any) -> None:
    paths = document["paths"]
    assert parameters_of(paths["/api/v1/notes"]["post"])["Idempotency-Key"].get("required", False) is False
    assert parameters_of(paths["/api/v1/money"]["post"])["Idempotency-Key"]["required"] is True
    assert "dry_run" in parameters_of(paths["/api/v1/notes"]["post"])
    assert "Idempotency-Key" not in parameters_of(paths["/api/v1/login"]["post"])
    patch = parameters_of(paths["/api/v1/notes/{note_id}"]["patch"])
    assert patch["If-Match"]["required"] is True
    assert patch["note_id"]["schema"]["format"] == "uuid"
    assert set(parameters_of(paths["/api/v1/notes"]["get"])) == {"cursor", "limit", "order", "total"}
    assert "ETag" in paths["/api/v1/notes"]["post"]["responses"]["201"]["headers"]
    assert "Link" in paths["/api/v1/notes"]["get"]["responses"]["200"]["headers"]


def test_a_list_is_described_as_a_page(document: Any) -> None:
    content = document["paths"]["/api/v1/notes"]["get"]["responses"]["200"]["content"]["application/json"]
    assert content["schema"]["required"] == ["items", "next"]
    assert content["schema"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/NoteShape"}
    assert content["examples"]["Example"]["value"] == {"items": [], "next": None}


def test_input_is_closed_and_bounded_as_the_code_is(document: Any) -> None:
    schemas = document["components"]["schemas"]
    form = schemas["FormRequest"]
    assert form["additionalProperties"] is False
    assert form["required"] == ["text"]
    assert form["properties"]["text"]["maxLength"] == 2000
    assert form["properties"]["tags"]["maxItems"] == 1000
    assert schemas["MoneyRequest"]["properties"]["amount"]["type"] == "integer"


def test_public_operations_need_no_token(document: Any) -> None:
    assert document["paths"]["/api/v1/open"]["get"]["security"] == [{}, {"bearer": []}]
    assert document["paths"]["/api/v1/whoami"]["get"]["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_nobody_needs_a_token_to_read_it(web: ApiClient) -> None:
    answer = web.get("/api/schema")
    assert answer.status == 200
    assert answer.json["openapi"] == "3.1.0"


def test_the_page_loads_everything_from_here(web: ApiClient) -> None:
    page = web._client.get("/api/docs")
    assert page.status_code == 200
    assert "//" not in page.content.decode().replace("</", "")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    script = web._client.get("/api/docs?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "/api/schema" in script.content.decode()
    asset = web._client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
    assert asset.status_code == 200


def test_an_answer_that_is_no_json_is_described_by_its_media_type(document: Any) -> None:
    answers = document["paths"]["/api/v1/picture"]["get"]["responses"]
    assert list(answers["200"]["content"]) == ["image/png"]
    assert list(answers["401"]["content"]) == ["application/problem+json"]
