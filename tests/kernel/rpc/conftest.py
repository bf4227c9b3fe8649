from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.testing.api_process import api_process
from kelmah.testing.servers import test_redis_url
from tests.kernel.rpc.parcels.calls import Parcels, parcels
from tests.kernel.rpc.parcels.service import ParcelsService
from tests.kernel.rpc.parcels.types import Item, Parcel, Size


@pytest.fixture(scope="session")
def provider_url() -> Iterator[str]:
    extra = {"KELMAH_EXTRA_DOMAINS": "tests.kernel.rpc.parcels", "LOCAL_DOMAINS": "parcels"}
    with api_process(REDIS_URL=test_redis_url(), **extra) as url:
        yield url


@pytest.fixture(autouse=True)
def _process_of_senders(settings) -> None:
    """Tests speak for a domain that may call, whichever domains this run deploys."""
    settings.LOCAL_DOMAINS = ("senders",)


@pytest.fixture
def local(settings) -> Iterator[Parcels]:
    settings.RPC_TRANSPORT = "local"
    with parcels.replaced_by(ParcelsService()):
        yield parcels


@pytest.fixture
def loopback(settings) -> Iterator[Parcels]:
    settings.RPC_TRANSPORT = "loopback"
    with parcels.replaced_by(ParcelsService()):
        yield parcels


@pytest.fixture
def over_http(settings, provider_url: str) -> Parcels:
    settings.DOMAIN_URLS = {"parcels": provider_url}
    return parcels


@pytest.fixture(params=["local", "loopback", "over_http"])
def service(request: pytest.FixtureRequest) -> Parcels:
    """The same service, near and far."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["loopback", "over_http"])
def wired(request: pytest.FixtureRequest) -> Parcels:
    """The same service through JSON."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def parcel() -> Parcel:
    screw = Item(name="skrúfa", price=Money(5, "XOF"), weight=Decimal("0.010"))
    clock = Item(name="clock", price=Money(12_500, "GHS"), weight=Decimal("1.50"), parts=(screw, screw))
    return Parcel(
        id=new_id(),
        size=Size.LARGE,
        sent_at=datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC),
        promised_on=None,
        items=[clock],
        labels={"fragile": "yes", "floor": 3, "door": None},
        corners=(4, 2.5),
        insured=True,
    )


@pytest.fixture
def due_parcel(parcel: Parcel) -> Parcel:
    from dataclasses import replace

    return replace(parcel, promised_on=date(2026, 3, 9))
