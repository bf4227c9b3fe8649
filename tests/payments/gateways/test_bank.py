"""The bank keeps the contract of all gateways; its peer reads our files by ISO's schema and answers by statements."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sepaxml
from xmlschema import XMLSchema

from domains.payments import actions
from domains.payments.actions import payment_files
from domains.payments.actions.reconciliation import reconcile
from domains.payments.actions.statements import import_file
from domains.payments.gateways import Order, Outcome
from domains.payments.gateways.bank import BankGateway
from domains.payments.models import GatewayCommand
from domains.payments.rules.banking import BankAccount
from domains.payments.rules.decimals import money_of
from domains.payments.rules.errors import NothingToPay
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.camt_writer import IBAN, Movement, statement
from tests.payments.factories import rich
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject

pytestmark = pytest.mark.domain("payments", transaction=True)

CLOSED = "9040000000404"  # what is paid to this account comes back


class Bank(Subject):
    others = ("JPY", "USD")
    is_spoken_to = False
    instruments = {
        "receives": BankAccount(bank="SBICGHAC", number="9040001234567", holder="Kofi Boateng").as_text(),
        "refuses": "SBICGHAC|Kofi Boateng|GB00BUKB20201555555555",
        "returns": BankAccount(bank="300304", number=CLOSED, holder="Ama Mensah").as_text(),
    }

    def __init__(self) -> None:
        self.gateway = BankGateway()
        self.schema = XMLSchema(f"{sepaxml.__path__[0]}/schemas/pain.001.001.09.xsd")
        self.booked: Counter[str] = Counter()
        self.statements = 0

    def order(
        self, kind: str = "charge", part: str = "", amount: int = 1500, currency: str = "", of: str = ""
    ) -> Order:
        """Of somebody with as much money: files are made of what people really ordered."""
        plain = super().order(kind, part, amount, currency, of)
        if kind != "payout":
            return plain
        by = rich(plain.amount)
        actions.request_payout(by=by, amount=plain.amount, gateway="bank", destination=plain.instrument)
        command = GatewayCommand.objects.filter(gateway="bank").latest("created_at")
        return Order(key=command.id, kind=kind, amount=plain.amount, instrument=plain.instrument)

    def made(self, order: Order) -> int:
        return self.booked[order.key.hex]

    def next_order(self, fault: str) -> None:
        raise LookupError("nobody is spoken to")

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        yield

    def followed(self, order: Order) -> Outcome:
        self.pass_time()
        return super().followed(order)

    def pass_time(self) -> None:
        """A day: what waits goes into files, the bank books them, and we read its statements."""
        for command in GatewayCommand.objects.filter(gateway="bank", state="new"):
            actions.submit_command(command_id=command.id)
        for currency in (self.currency, *self.others):
            try:
                file = payment_files.make(currency=currency, by=new_id())
            except NothingToPay:
                continue
            self._carry_out(payment_files.download(file_id=file.id, written_as="pain.001").decode())

    def _carry_out(self, pain: str) -> None:
        movements = []
        for payment in self.schema.to_dict(pain)["CstmrCdtTrfInitn"]["PmtInf"][0]["CdtTrfTxInf"]:
            told, key = payment["Amt"]["InstdAmt"], payment["PmtId"]["EndToEndId"]
            amount = money_of(str(told["$"]), told["@Ccy"])
            self.booked[key] += 1
            movements.append(Movement(amount=-amount, ref=f"{key[-20:]}-out", end_to_end=key))
            if payment["CdtrAcct"]["Id"].get("Othr", {}).get("Id") == CLOSED:
                back = Movement(amount=amount, ref=f"{key[-20:]}-back", end_to_end=key, reason="AC04")
                movements.append(back)
        self.statements += 1
        opening = Money(10**9, movements[0].amount.currency)
        content = statement(movements, opening=opening, name=f"S{self.statements}")
        import_file(gateway="bank", content=content, name="camt.xml", by=new_id())
        reconcile(gateway="bank")


class TestBank(Contract):
    @pytest.fixture
    def subject(self, settings) -> Bank:
        settings.GATEWAYS = ["sandbox", "bank"]
        settings.BANK_ACCOUNT, settings.BANK_BIC, settings.BANK_HOLDER = IBAN, "BUKBGB22", "Kelmah Ltd"
        settings.BANK_CURRENCIES, settings.BANK_LIVE = ["GHS", "JPY", "USD"], False
        return Bank()
