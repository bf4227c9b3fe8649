"""Records of people at gateways: cards kept for the next time, accounts of workers. The gateway holds what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domains.payments import rules
from domains.payments.gateways import gateway_named, gateway_offered
from domains.payments.gateways.profiles import KeepsProfiles, SavedMethod
from domains.payments.models import GatewayProfile
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.principal import Principal


@dataclass(frozen=True, kw_only=True)
class PayeePage:
    """``account``: what to name as a payout method; ``url``: where its owner completes it at the gateway."""

    account: str
    url: str


def begin_saving(*, by: Principal, gateway: str) -> str:
    """A secret with which one's app leaves a card with the gateway; the card never passes here.

    Raises GatewayNotOffered, NotOffered, ProviderRefused, Unavailable.
    """
    keeper = _keeper(gateway)
    payer = _ref(by, gateway, "payer", make=lambda key: keeper.open_payer(key=key))
    return keeper.begin_saving(payer=payer)


def saved(*, by: Principal, gateway: str) -> list[SavedMethod]:
    """What one left with the gateway. Raises GatewayNotOffered, NotOffered, ProviderRefused, Unavailable."""
    keeper, payer = _keeper(gateway), _known(by, gateway, "payer")
    return keeper.saved(payer=payer) if payer else []


def forget(*, by: Principal, gateway: str, ref: str) -> None:
    """Have the gateway drop one of one's own.

    Raises NotFound, GatewayNotOffered, NotOffered, ProviderRefused, Unavailable.
    """
    keeper, payer = _keeper(gateway), _known(by, gateway, "payer")
    if not payer or not keeper.forget(payer=payer, ref=ref):
        raise NotFound("You have left no such card there.")


def charged_through(*, by: Principal, gateway: str, ref: str) -> str:
    """The instrument of an order that charges what one left with the gateway, which refuses what is somebody else's.

    Raises NotFound, GatewayNotOffered, NotOffered.
    """
    keeper, payer = _keeper(gateway), _known(by, gateway, "payer")
    if not payer:
        raise NotFound("You have left no such card there.")
    return keeper.charged_through(payer=payer, ref=ref)


def open_payee(*, by: Principal, gateway: str, country: str) -> PayeePage:
    """An account at the gateway to be paid to, one's only one there, and a page on which to complete it.

    ``country`` counts the first time. Raises GatewayNotOffered, NotOffered, ProviderRefused, Unavailable.
    """
    keeper = _keeper(gateway)
    account = _ref(by, gateway, "payee", make=lambda key: keeper.open_payee(key=key, country=country))
    return PayeePage(account=account, url=keeper.payee_page(account))


def close_payer(*, gateway: str, ref: str) -> None:
    """Have the gateway drop somebody's record with their cards: they were erased here. Again is safe.

    Raises ProviderRefused, Unavailable.
    """
    keeper = gateway_named(gateway)
    if isinstance(keeper, KeepsProfiles):
        keeper.close_payer(ref)


# Private functions


def _keeper(gateway: str) -> KeepsProfiles:
    offered = gateway_offered(gateway)
    if not isinstance(offered, KeepsProfiles):
        raise rules.NotOffered()
    return offered


def _known(by: Principal, gateway: str, kind: str) -> str:
    found = GatewayProfile.objects.filter(user_id=by.user_id, gateway=gateway, kind=kind).first()
    return found.ref if found else ""


def _ref(by: Principal, gateway: str, kind: str, *, make: Callable[[UUID], str]) -> str:
    """The name of one's record there, made on first use: stored before the call, so that two at once make one."""
    with atomic("payments"):
        new = GatewayProfile(
            id=new_id(), user_id=by.user_id, gateway=gateway, kind=kind, ref="", created_at=clock.now()
        )
        GatewayProfile.objects.bulk_create([new], ignore_conflicts=True)  # the unique index decides between two
    profile = GatewayProfile.objects.get(user_id=by.user_id, gateway=gateway, kind=kind)
    if profile.ref:
        return profile.ref
    ref = make(profile.id)
    with atomic("payments"):
        GatewayProfile.objects.filter(id=profile.id, ref="").update(ref=ref)
    profile.refresh_from_db()
    return profile.ref
