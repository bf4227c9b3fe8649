"""A bank without an API: payouts leave in files, statements tell what became of them, returns come days later."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from sepaxml.utils import __file__ as sepaxml_home  # ISO's schema comes with it
from xmlschema import XMLSchema

from domains.payments import actions, queries
from domains.payments.actions import payment_files
from domains.payments.actions.reconciliation import reconcile
from domains.payments.actions.statements import import_file
from domains.payments.api.serializers.instruments import DESTINATIONS
from domains.payments.gateways import Order, Pending, Rejected, Returned, Succeeded, Unknown, gateway_named
from domains.payments.models import GatewayCommand, PaymentFile, PaymentFileItem, Payout, Suspended
from domains.payments.rules import NotOffered, PayoutsFrozen
from domains.payments.rules.banking import BankAccount, plain, problem_with
from domains.payments.rules.errors import FileWasCarriedOut, NothingToPay
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from kelmah.money import Money
from tests.payments.camt_writer import IBAN, Movement, statement
from tests.payments.factories import balance, cedis, in_wallet, rich, ruling, state_of
from tests.payments.statements import open_differences

pytestmark = pytest.mark.domain("payments")

KOFI = BankAccount(bank="SBICGHAC", number="9040001234567", holder="Kofi Boateng")
NUMBERS = iter(range(1, 10_000))


@pytest.fixture(autouse=True)
def bank(settings):
    settings.GATEWAYS = ["sandbox", "bank"]
    settings.BANK_ACCOUNT, settings.BANK_BIC, settings.BANK_HOLDER = IBAN, "BUKBGB22", "Kelmah Ltd"
    settings.BANK_CURRENCIES, settings.BANK_LIVE = ["GHS", "JPY", "KWD"], False


def ordered(amount: Money | None = None, to: BankAccount = KOFI) -> tuple[Payout, GatewayCommand]:
    """A payout that the bank has been told of, and its order, waiting for a file."""
    wanted = amount or cedis(40)
    by = rich(Money(wanted.minor * 2, wanted.currency))
    payout = actions.request_payout(by=by, amount=wanted, gateway="bank", destination=to.as_text())
    command = GatewayCommand.objects.get(subject_id=payout.id)
    actions.submit_command(command_id=command.id)
    command.refresh_from_db()
    return payout, command


def filed(amount: Money | None = None) -> tuple[Payout, GatewayCommand]:
    payout, command = ordered(amount)
    payment_files.make(currency=command.currency, by=new_id())
    return payout, command


def told(*movements: Movement) -> None:
    """The bank's next statement, brought and compared."""
    currency = movements[0].amount.currency
    content = statement(movements, opening=Money(10_000_000, currency), name=f"S{next(NUMBERS)}")
    import_file(gateway="bank", content=content, name="camt.xml", by=new_id())
    reconcile(gateway="bank")


def paid(command: GatewayCommand, **more) -> Movement:
    usual = {"amount": -command.amount, "end_to_end": command.id.hex, "ref": f"B{next(NUMBERS)}"}
    return Movement(**usual | more)


# --- the way of a payout -----------------------------------------------------------------------------------------


def test_a_payout_waits_for_its_file_and_is_paid_when_a_statement_says_so(published):
    payout, command = ordered()
    assert (command.state, state_of(payout), in_wallet(payout.user_id)) == ("pending", "processing", 4000)
    file = payment_files.make(currency="GHS", by=new_id())
    assert (file.count, file.total) == (1, cedis(40))
    told(paid(command))
    assert (state_of(payout), in_wallet(payout.user_id), balance("gw:bank:GHS")) == ("paid", 4000, 4000)
    assert [event.payout_id for event in published.of(PayoutPaid)] == [payout.id]
    assert open_differences() == []


def test_row_25_a_payout_returned_five_days_later_is_back_once(published):
    payout, command = filed()
    told(paid(command))
    back = paid(command, amount=command.amount, reason="AC04")
    told(back)
    told(back, paid(command, amount=cedis(1), end_to_end="NOTPROVIDED"))
    payout.refresh_from_db()
    assert (payout.state, payout.failure, in_wallet(payout.user_id)) == ("returned", "AC04", 8000)
    assert balance("gw:bank:GHS") == -100
    assert [event.reason for event in published.of(PayoutFailed)] == ["AC04"]
    assert open_differences() == []


def test_row_25_a_payout_out_and_back_in_one_statement_is_back_straight_from_its_hold():
    payout, command = filed()
    told(paid(command), paid(command, amount=command.amount, reason="AC01"))
    assert (state_of(payout), in_wallet(payout.user_id), balance("gw:bank:GHS")) == ("returned", 8000, 0)
    assert open_differences() == []


def test_a_bank_that_loses_the_end_to_end_id_is_understood_by_the_text():
    payout, command = filed()
    told(paid(command, end_to_end="NOTPROVIDED", text=f"Payment {command.id.hex}"))
    assert state_of(payout) == "paid"


def test_a_payout_that_the_bank_made_smaller_is_reviewed():
    payout, command = filed()
    told(paid(command, amount=cedis(-39)))
    assert (state_of(payout), balance("suspense:bank:GHS"), balance("gw:bank:GHS")) == ("in_review", 100, 3900)
    assert Suspended.objects.get().subject == f"payout:{payout.id}"


def test_less_than_was_paid_is_no_return_waits_in_suspense_and_freezes_nothing():
    payout, command = filed()
    told(paid(command))
    told(paid(command, amount=cedis(1)), paid(command, amount=cedis(39)))
    assert (state_of(payout), in_wallet(payout.user_id), balance("suspense:bank:GHS")) == ("paid", 4000, 4000)
    assert (open_differences(), queries.payouts_are_frozen()) == ([], False)


def test_a_return_is_known_among_other_money_sent_under_its_name():
    payout, command = filed()
    told(paid(command), paid(command, amount=cedis(40), reason="AC04"), paid(command, amount=cedis(1)))
    assert (state_of(payout), in_wallet(payout.user_id), balance("suspense:bank:GHS")) == ("returned", 8000, 100)
    told(paid(command, amount=cedis(40)))
    assert (in_wallet(payout.user_id), balance("suspense:bank:GHS")) == (8000, 4100)
    assert (open_differences(), queries.payouts_are_frozen()) == ([], False)


def test_money_with_the_text_of_an_order_that_is_not_ours_is_suspended():
    told(Movement(amount=cedis(25), ref="B-foreign", text=new_id().hex))
    assert (balance("suspense:bank:GHS"), queries.payouts_are_frozen()) == (2500, False)


def test_a_payment_made_twice_by_the_bank_is_red():
    _, command = filed()
    told(paid(command), paid(command))
    assert (open_differences(), queries.payouts_are_frozen()) == (["duplicate"], True)


def test_money_that_comes_to_the_bank_unasked_is_suspended():
    told(Movement(amount=cedis(25), ref="B-in", text="for Ama"))
    assert (balance("suspense:bank:GHS"), balance("gw:bank:GHS")) == (2500, -2500)


# --- files -------------------------------------------------------------------------------------------------------


def test_no_payout_is_ever_in_two_files():
    _, command = filed()
    with pytest.raises(NothingToPay):
        payment_files.make(currency="GHS", by=new_id())
    _, other = ordered()
    second = payment_files.make(currency="GHS", by=new_id())
    assert [item.command_id for item in second.items.all()] == [other.id]
    with pytest.raises(IntegrityError, match="command_id"), atomic("payments"):
        PaymentFileItem.objects.create(file=second, command=command)


@pytest.mark.domain("payments", transaction=True)
def test_eight_who_make_a_file_at_once_put_each_payout_into_one(race):
    for _ in range(3):
        ordered()
    race(lambda: payment_files.make(currency="GHS", by=new_id()), 8)
    assert (PaymentFileItem.objects.count(), sum(file.count for file in PaymentFile.objects.all())) == (3, 3)


def test_no_file_is_made_while_the_books_are_red():
    ordered()
    told(Movement(amount=cedis(-5), ref="B-out"))
    with pytest.raises(PayoutsFrozen):
        payment_files.make(currency="GHS", by=new_id())


def test_a_file_that_the_bank_refused_gives_the_money_back(published):
    payout, command = filed()
    file = PaymentFile.objects.get()
    payment_files.refuse(file_id=file.id, ruling=ruling("the bank's portal says: duplicate message id"))
    command.refresh_from_db()
    assert (command.state, state_of(payout), in_wallet(payout.user_id)) == ("rejected", "failed", 8000)
    assert [event.reason for event in published.of(PayoutFailed)] == ["file_refused"]
    with pytest.raises(NotFound):
        payment_files.download(file_id=file.id, written_as="csv")


def test_a_file_of_which_a_statement_tells_was_not_refused():
    _, command = filed()
    _, other = ordered()
    told(paid(command))
    with pytest.raises(FileWasCarriedOut):
        payment_files.refuse(file_id=PaymentFile.objects.get().id, ruling=ruling())
    other.refresh_from_db()
    assert other.state == "pending"


def test_a_refused_file_that_the_bank_carried_out_after_all_is_a_loss_in_suspense():
    payout, command = filed()
    payment_files.refuse(file_id=PaymentFile.objects.get().id, ruling=ruling())
    told(paid(command))
    assert (state_of(payout), in_wallet(payout.user_id), balance("suspense:bank:GHS")) == ("failed", 8000, -4000)
    assert open_differences() == []


def schema() -> XMLSchema:
    home = sepaxml_home.rpartition("/")[0]
    return XMLSchema(f"{home}/schemas/pain.001.001.09.xsd")


def test_the_file_is_what_isos_schema_says_and_holds_every_payment():
    ordered(cedis(40))
    ordered(cedis(0.05) + cedis(1), BankAccount(bank="300304", number=IBAN, holder="Ɛsi <Ɔwusu> & Söhne"))
    file = payment_files.make(currency="GHS", by=new_id())
    content = payment_files.download(file_id=file.id, written_as="pain.001")
    told = schema().to_dict(content.decode())["CstmrCdtTrfInitn"]
    batch = told["PmtInf"][0]
    assert (told["GrpHdr"]["MsgId"], told["GrpHdr"]["NbOfTxs"], str(told["GrpHdr"]["CtrlSum"])) == (
        file.id.hex,
        "2",
        "41.05",
    )
    assert (batch["DbtrAcct"]["Id"]["IBAN"], batch["BtchBookg"]) == (IBAN, False)
    first, second = batch["CdtTrfTxInf"]
    assert (first["CdtrAcct"]["Id"], first["CdtrAgt"]["FinInstnId"]["BICFI"]) == (
        {"Othr": {"Id": KOFI.number}},
        "SBICGHAC",
    )
    assert (second["Cdtr"]["Nm"], second["CdtrAgt"]["FinInstnId"]) == (
        "Esi Owusu Sohne",
        {"ClrSysMmbId": {"MmbId": "300304"}},
    )
    assert {each["PmtId"]["EndToEndId"] for each in (first, second)} == {
        command.id.hex for command in GatewayCommand.objects.filter(gateway="bank")
    }
    assert payment_files.download(file_id=file.id, written_as="pain.001") == content
    file.refresh_from_db()
    assert file.downloads == 2


@pytest.mark.parametrize(("money", "text"), [(Money(5000, "JPY"), "5000"), (Money(1005, "KWD"), "1.005")])
def test_row_29_amounts_have_the_digits_of_their_currency_in_files_and_back(money, text):
    payout, command = filed(money)
    file = PaymentFile.objects.get()
    pain = payment_files.download(file_id=file.id, written_as="pain.001").decode()
    assert f'Ccy="{money.currency}">{text}<' in pain
    assert schema().is_valid(pain)
    assert f",{text},{money.currency}," in payment_files.download(file_id=file.id, written_as="csv").decode()
    told(paid(command))
    assert state_of(payout) == "paid"


def test_the_csv_has_a_line_for_each_payment_and_no_formula():
    ordered(to=BankAccount(bank="300304", number="9040001234567", holder="=HYPERLINK(evil), Kofi"))
    file = payment_files.make(currency="GHS", by=new_id())
    head, row = payment_files.download(file_id=file.id, written_as="csv").decode().splitlines()
    assert head.startswith("end_to_end_id,bank,account,name,amount,currency")
    assert '"HYPERLINK(evil), Kofi",40.00,GHS' in row


# --- what the adapter promises ---------------------------------------------------------------------------------


def order_to(text: str = KOFI.as_text(), kind: str = "payout") -> Order:
    return Order(key=new_id(), kind=kind, amount=cedis(5), instrument=text)


def test_sending_is_waiting_and_sending_again_is_the_same():
    bank, order = gateway_named("bank"), order_to()
    first = bank.submit(order)
    assert isinstance(first, Pending)
    assert bank.submit(order) == first
    assert (first.facts.ref, first.facts.amount, first.facts.account) == (order.key.hex, order.amount, IBAN)


@pytest.mark.parametrize(
    "text", ["", "SBICGHAC", "SBICGHAC|Kofi|", "x|Kofi|12345", "SBICGHAC|Kofi|GB33BUKB20201555555556"]
)
def test_an_account_to_which_no_bank_could_pay_is_rejected_for_good(text):
    outcome = gateway_named("bank").submit(order_to(text))
    assert isinstance(outcome, Rejected)
    assert outcome.code.startswith("account_invalid")


def test_what_it_cannot_do_is_not_offered():
    bank = gateway_named("bank")
    for kind in ("charge", "refund"):
        with pytest.raises(NotOffered):
            bank.submit(order_to(kind=kind))
    with pytest.raises(NotOffered):
        bank.parse_webhook({}, b"{}")
    with pytest.raises(NotOffered):
        bank.name_of(KOFI.as_text())


def test_what_it_never_saw_is_absent_and_what_it_was_told_of_is_found_by_key_and_by_ref():
    bank = gateway_named("bank")
    for outcome in (bank.query(order_to()), bank.fetch("payout", new_id().hex), bank.fetch("payout", "../x")):
        assert isinstance(outcome, Unknown)
        assert outcome.absent
    _, command = filed()
    assert isinstance(bank.query(queries.order_of(command)), Pending)
    told(paid(command))
    assert isinstance(bank.fetch("payout", command.id.hex), Succeeded)
    told(paid(command, amount=command.amount, reason="AC04"))
    assert isinstance(bank.query(queries.order_of(command)), Returned)


def test_an_order_whose_sender_died_is_sent_again_by_the_janitor(clock):
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="bank", destination=KOFI.as_text())
    GatewayCommand.objects.filter(subject_id=payout.id).update(state="sent", attempts=1, sent_at=clock.now())
    clock.advance(seconds=timedelta(minutes=5).total_seconds())
    actions.resolve_commands()
    assert GatewayCommand.objects.get(subject_id=payout.id).state == "pending"


# --- rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "problem"),
    [
        (KOFI, ""),
        (BankAccount(bank="300304", number=IBAN, holder="Ama"), ""),
        (BankAccount(bank="300304", number=IBAN[:-1] + "0", holder="Ama"), "number"),
        (BankAccount(bank="SBIC", number="12345", holder="Ama"), "bank"),
        (BankAccount(bank="300304", number="12-34", holder="Ama"), "number"),
        (BankAccount(bank="300304", number="12345", holder="  "), "holder"),
        (BankAccount(bank="300304", number="12345", holder="A|B"), "holder"),
    ],
)
def test_an_account_is_one_that_a_bank_could_pay_to(account, problem):
    assert problem_with(account) == problem
    if not problem:
        assert BankAccount.from_text(account.as_text()) == account


@pytest.mark.parametrize(
    ("name", "written"),
    [("Ɛsi Ɔfori", "Esi Ofori"), ("José Müller", "Jose Muller"), ("+233 =1", "233 1"), ("Ama" * 40, ("Ama" * 40)[:70])],
)
def test_names_are_written_in_letters_that_every_bank_knows(name, written):
    assert plain(name) == written


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [({"account": "GB33BUKB20201555555550"}, "account"), ({"bank": "SBICGH"}, "bank"), ({"holder": "|"}, "holder")],
)
def test_a_client_is_told_which_field_no_bank_could_pay_to(changed, pointer):
    sent = {"type": "bank", "bank": KOFI.bank, "account": KOFI.number, "holder": KOFI.holder}
    assert DESTINATIONS["bank"](data=sent).is_valid()
    refused = DESTINATIONS["bank"](data=sent | changed)
    assert not refused.is_valid()
    assert list(refused.errors) == [pointer]


def test_the_instrument_of_an_order_is_what_the_client_sent_and_ends_with_the_number():
    sent = {"type": "bank", "bank": KOFI.bank, "account": KOFI.number, "holder": KOFI.holder}
    text = DESTINATIONS["bank"].text(sent)
    assert BankAccount.from_text(text) == KOFI
    assert text.endswith(KOFI.number)
