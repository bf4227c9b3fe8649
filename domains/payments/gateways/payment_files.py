"""Files in which a bank takes payments: pain.001.001.09 of ISO 20022, and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from domains.payments.rules.banking import BankAccount, plain
from domains.payments.rules.decimals import decimal_of
from kelmah.money import Money

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CSV_COLUMNS: Final = ("end_to_end_id", "bank", "account", "name", "amount", "currency", "pay_on", "text")


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One payment out. ``key`` is its end-to-end id, which comes back in statements."""

    key: UUID
    amount: Money
    to: BankAccount


@dataclass(frozen=True, kw_only=True)
class Payments:
    """A file: all in one currency, from our account ``by``, under a name by which the bank knows it again."""

    message_id: str
    made_at: datetime
    pay_on: date
    by: BankAccount
    payments: Sequence[Payment]

    @property
    def total(self) -> Money:
        return sum((each.amount for each in self.payments[1:]), self.payments[0].amount)


def as_pain(file: Payments) -> bytes:
    """The file as pain.001.001.09: one batch, each payment booked as a line of its own, costs on us."""
    root = Element("Document", xmlns=NAMESPACE)
    message = SubElement(root, "CstmrCdtTrfInitn")
    head = SubElement(message, "GrpHdr")
    _texts(head, MsgId=file.message_id, CreDtTm=file.made_at.strftime("%Y-%m-%dT%H:%M:%SZ"), **_sums(file))
    _texts(SubElement(head, "InitgPty"), Nm=plain(file.by.holder))
    batch = SubElement(message, "PmtInf")
    _texts(batch, PmtInfId=file.message_id, PmtMtd="TRF", BtchBookg="false", **_sums(file))
    _texts(SubElement(batch, "ReqdExctnDt"), Dt=file.pay_on.isoformat())
    _party(batch, "Dbtr", file.by, currency=file.total.currency)
    _agent(batch, "DbtrAgt", file.by)
    _texts(batch, ChrgBr="DEBT")
    for payment in file.payments:
        _transfer(batch, payment)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def as_csv(file: Payments) -> bytes:
    """The file as CSV, for banks whose portal takes no XML."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for each in file.payments:
        name, amount = plain(each.to.holder), decimal_of(each.amount)
        where = (each.to.bank, each.to.number, name)
        writer.writerow((each.key.hex, *where, amount, each.amount.currency, file.pay_on, each.key.hex))
    return out.getvalue().encode()


# Private functions


def _transfer(batch: Element, payment: Payment) -> None:
    transfer = SubElement(batch, "CdtTrfTxInf")
    _texts(SubElement(transfer, "PmtId"), InstrId=payment.key.hex, EndToEndId=payment.key.hex)
    amount = SubElement(SubElement(transfer, "Amt"), "InstdAmt", Ccy=payment.amount.currency)
    amount.text = decimal_of(payment.amount)
    _agent(transfer, "CdtrAgt", payment.to)
    _party(transfer, "Cdtr", payment.to)
    # Some banks lose the end-to-end id on its way back, and keep the text.
    _texts(SubElement(transfer, "RmtInf"), Ustrd=payment.key.hex)


def _party(parent: Element, role: str, account: BankAccount, *, currency: str = "") -> None:
    _texts(SubElement(parent, role), Nm=plain(account.holder))
    element = SubElement(parent, f"{role}Acct")
    identity = SubElement(element, "Id")
    if account.is_iban:
        _texts(identity, IBAN=account.number)
    else:
        _texts(SubElement(identity, "Othr"), Id=account.number)
    if currency:
        _texts(element, Ccy=currency)


def _agent(parent: Element, role: str, account: BankAccount) -> None:
    bank = SubElement(SubElement(parent, role), "FinInstnId")
    if account.has_bic:
        _texts(bank, BICFI=account.bank)
    else:
        _texts(SubElement(bank, "ClrSysMmbId"), MmbId=account.bank)


def _sums(file: Payments) -> dict[str, str]:
    return {"NbOfTxs": str(len(file.payments)), "CtrlSum": decimal_of(file.total)}


def _texts(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text
