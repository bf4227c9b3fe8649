"""Contracts over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.contracts import actions, queries, rules
from domains.contracts.actions.contracts import Circumstances
from domains.contracts.api import examples
from domains.contracts.api.serializers import ContractOut, SignIn, render_contract
from domains.contracts.models import Contract
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.address import client_address
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.pagination import keyset_page
from kelmah.http.permissions import Authenticated
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View


class ContractList(View):
    permission_classes = [Authenticated]

    @operation(
        summary="My contracts, newest first",
        response=ContractOut,
        page=True,
        example_response={"items": [examples.CONTRACT], "next": None},
    )
    def get(self, request: Request) -> Response:
        viewer_id = request.user.user_id
        return keyset_page(
            request,
            queries.with_details(queries.contracts_of(viewer_id)),
            order=("-created_at", "-id"),
            render=lambda contract: render_contract(contract, viewer_id=viewer_id),
            scope="contracts",
        )


class ContractDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="One of my contracts, with its text, signatures and milestones",
        response=ContractOut,
        errors=[NotFound],
        example_response=examples.CONTRACT,
    )
    def get(self, request: Request, contract_id: UUID) -> Response:
        contract = queries.access_contract(contract_id=contract_id, by=request.user)
        return with_etag(Response(render_contract(contract, viewer_id=request.user.user_id)), contract.version)


class ContractSign(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Sign the contract's frozen text for myself",
        description="The second signature makes the contract active. `text_sha256` is the hash of the text you read.",
        request=SignIn,
        response=ContractOut,
        errors=[NotFound, InvalidTransition, rules.AlreadySigned, rules.TextChanged, rules.ConsentMissing],
        if_match=True,
        dry_run=True,
        example_request=examples.SIGN,
        example_response=examples.CONTRACT,
    )
    def post(self, request: Request, contract_id: UUID) -> Response:
        contract = actions.sign_contract(
            contract_id=contract_id,
            by=request.user,
            expected_version=expected_version(request),
            circumstances=Circumstances(
                address=str(client_address(request)), user_agent=request.headers.get("User-Agent", "")
            ),
            **valid(SignIn, request.data),
        )
        return _answer(contract, request)


class ContractCancel(View):
    permission_classes = [Authenticated]

    @operation(
        summary="Step back from a contract that is not yet signed by both",
        response=ContractOut,
        errors=[NotFound, InvalidTransition],
        if_match=True,
        dry_run=True,
        example_response={**examples.CONTRACT, "state": "cancelled", "available_transitions": []},
    )
    def post(self, request: Request, contract_id: UUID) -> Response:
        contract = actions.cancel_contract(
            contract_id=contract_id, by=request.user, expected_version=expected_version(request)
        )
        return _answer(contract, request)


# Private functions


def _answer(contract: Contract, request: Request) -> Response:
    return with_etag(Response(render_contract(contract, viewer_id=request.user.user_id)), contract.version)
