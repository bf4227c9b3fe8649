"""A bank that writes camt.053: by pyiso20022, whose classes are generated from the schema and know nothing of us."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pyiso20022.camt import camt_053_001_08 as camt
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDate, XmlDateTime

from domains.payments.rules.decimals import decimal_of
from kelmah.money import Money

IBAN = "GB33BUKB20201555555555"
DAY = XmlDate(2026, 11, 20)


@dataclass(kw_only=True)
class Movement:
    """One transaction as the bank books it; ``amount`` from our side."""

    amount: Money
    ref: str
    end_to_end: str = "NOTPROVIDED"
    text: str = ""
    reason: str = ""
    family: str = "RCDT"
    sub_family: str = "DMCT"
    status: str = "BOOK"
    day: XmlDate = DAY
    batch: list["Movement"] = field(default_factory=list)


def statement(movements: Sequence[Movement], *, opening: Money, closing: Money | None = None, name: str = "1") -> bytes:
    """A file with one statement; its closing balance is what the movements lead to, unless told otherwise."""
    booked = sum(each.amount.minor for each in movements if each.status == "BOOK")
    end = closing or Money(opening.minor + booked, opening.currency)
    account = camt.CashAccount39(id=camt.AccountIdentification4Choice(iban=IBAN), ccy=opening.currency)
    made = XmlDateTime(2026, 11, 21, 3, 0, 0)
    told = camt.AccountStatement9(
        id=name, acct=account, cre_dt_tm=made,
        bal=[_balance("OPBD", opening), _balance("CLBD", end)], ntry=[_entry(each) for each in movements],
    )  # fmt: skip
    head = camt.GroupHeader81(msg_id=f"MSG-{name}", cre_dt_tm=made)
    document = camt.Document(bk_to_cstmr_stmt=camt.BankToCustomerStatementV08(grp_hdr=head, stmt=[told]))
    return XmlSerializer().render(document, ns_map={None: "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}).encode()


def _amount(money: Money) -> camt.ActiveOrHistoricCurrencyAndAmount:
    return camt.ActiveOrHistoricCurrencyAndAmount(
        value=Decimal(decimal_of(Money(abs(money.minor), money.currency))), ccy=money.currency
    )


def _direction(money: Money) -> camt.CreditDebitCode:
    return camt.CreditDebitCode.CRDT if money.minor >= 0 else camt.CreditDebitCode.DBIT


def _balance(kind: str, money: Money) -> camt.CashBalance8:
    return camt.CashBalance8(
        tp=camt.BalanceType13(cd_or_prtry=camt.BalanceType10Choice(cd=kind)),
        amt=_amount(money), cdt_dbt_ind=_direction(money), dt=camt.DateAndDateTime2Choice(dt=DAY),
    )  # fmt: skip


def _entry(movement: Movement) -> camt.ReportEntry10:
    family = camt.BankTransactionCodeStructure6(cd=movement.family, sub_fmly_cd=movement.sub_family)
    return camt.ReportEntry10(
        amt=_amount(movement.amount),
        cdt_dbt_ind=_direction(movement.amount),
        sts=camt.EntryStatus1Choice(cd=movement.status),
        bookg_dt=camt.DateAndDateTime2Choice(dt=movement.day),
        acct_svcr_ref=movement.ref,
        bk_tx_cd=camt.BankTransactionCodeStructure4(domn=camt.BankTransactionCodeStructure5(cd="PMNT", fmly=family)),
        ntry_dtls=[camt.EntryDetails9(tx_dtls=[_details(each) for each in movement.batch or [movement]])],
    )


def _details(movement: Movement) -> camt.EntryTransaction10:
    reason = camt.ReturnReason5Choice(cd=movement.reason)
    return camt.EntryTransaction10(
        refs=camt.TransactionReferences6(acct_svcr_ref=movement.ref, end_to_end_id=movement.end_to_end),
        amt=_amount(movement.amount),
        cdt_dbt_ind=_direction(movement.amount),
        rmt_inf=camt.RemittanceInformation16(ustrd=[movement.text]) if movement.text else None,
        rtr_inf=camt.PaymentReturnReason5(rsn=reason) if movement.reason else None,
    )
