"""AirtelTigo Money keeps the contract of all gateways; what is particular to Hubtel stands with Telecel Cash."""

from collections.abc import Iterator

import httpx
import pytest

from domains.payments.gateways.airteltigo_money import AirtelTigoMoneyGateway
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.hubtel_subject import Hubtel, ours
from tests.peers.running import Running, peer


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("hubtel") as running:
        yield running


class TestContract(Contract):
    @pytest.fixture
    def subject(self, _process: Running, settings) -> Iterator[Hubtel]:
        ours(settings, _process)
        yield Hubtel(AirtelTigoMoneyGateway(), _process)
        _process.calm()

    def test_orders_go_to_its_own_network(self, subject: Hubtel) -> None:
        wanted = subject.order("payout")
        subject.settled(wanted)
        answer = httpx.get(
            f"{subject.peer.url}/api/merchants/11691/transactions/status",
            params={"clientReference": wanted.key.hex},
            auth=("api-id", "api-key"),
        )
        assert answer.json()["Data"]["Channel"] == "tigo-gh"
