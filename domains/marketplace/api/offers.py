"""Offers over REST."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from domains.marketplace import actions, queries, rules
from domains.marketplace.api import examples
from domains.marketplace.api.serializers.inputs import OfferIn
from domains.marketplace.api.serializers.outputs import OfferOut, render_offer
from domains.marketplace.models import Offer
from kelmah.errors import InvalidTransition, NotFound
from kelmah.http.etag import expected_version, with_etag
from kelmah.http.permissions import Authenticated, Can
from kelmah.http.schema import operation
from kelmah.http.serializers import valid
from kelmah.http.views import View

_Hirer, _Worker = Can("marketplace.choose_proposals"), Can("marketplace.send_proposals")


class OffersOfProposal(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Offer terms to the worker who proposed",
        description="Open for seven days. Milestones sum exactly to a fixed price; work by the hour has none.",
        request=OfferIn,
        response=OfferOut,
        status=201,
        errors=[NotFound, rules.NotTheHirer, InvalidTransition],
        dry_run=True,
        example_request=examples.NEW_OFFER,
        example_response=examples.OFFER,
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        form = valid(OfferIn, request.data)
        offer = actions.send_offer(proposal_id=proposal_id, by=request.user, steps=form.pop("milestones"), **form)
        return _answer(offer, request, status=201)


class OfferDetail(View):
    permission_classes = [Authenticated]

    @operation(
        summary="An offer that I sent or received",
        response=OfferOut,
        errors=[NotFound],
        example_response=examples.OFFER,
    )
    def get(self, request: Request, offer_id: UUID) -> Response:
        return _answer(queries.access_offer(offer_id=offer_id, by=request.user), request)


class OfferAccept(View):
    permission_classes = (_Worker,)

    @operation(
        summary="Take the job on these terms",
        description="The job is filled and all other proposals to it end. `contract_id` names the contract, which is "
        "there within a second.",
        response=OfferOut,
        errors=[NotFound, rules.NotTheWorker, InvalidTransition],
        dry_run=True,
        example_response=examples.ACCEPTED,
    )
    def post(self, request: Request, offer_id: UUID) -> Response:
        offer = actions.accept_offer(offer_id=offer_id, by=request.user, expected_version=expected_version(request))
        return _answer(offer, request)


class OfferDecline(View):
    permission_classes = (_Worker,)

    @operation(
        summary="Say no to these terms; my proposal stays shortlisted",
        response=OfferOut,
        errors=[NotFound, rules.NotTheWorker, InvalidTransition],
        dry_run=True,
        example_response={**examples.OFFER, "state": "declined", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, offer_id: UUID) -> Response:
        offer = actions.decline_offer(offer_id=offer_id, by=request.user, expected_version=expected_version(request))
        return _answer(offer, request)


class OfferWithdraw(View):
    permission_classes = (_Hirer,)

    @operation(
        summary="Take the terms back; the proposal stays shortlisted",
        response=OfferOut,
        errors=[NotFound, rules.NotTheHirer, InvalidTransition],
        dry_run=True,
        example_response={**examples.OFFER, "state": "withdrawn", "version": 2, "available_transitions": []},
    )
    def post(self, request: Request, offer_id: UUID) -> Response:
        offer = actions.withdraw_offer(offer_id=offer_id, by=request.user, expected_version=expected_version(request))
        return _answer(offer, request)


# Private functions


def _answer(offer: Offer, request: Request, *, status: int = 200) -> Response:
    return with_etag(Response(render_offer(offer, viewer_id=request.user.user_id), status=status), offer.version)
