"""camt.053, the statement of ISO 20022, versions 2 to 13, as banks write it.

Read by names of elements whatever the version: what we need has kept its name in all of them, and banks deviate from
the schema in what we don't need. DTDs and entities are refused.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domains.payments.gateways.statement_files import BankLine, StatementFile, add_up, key_in
from domains.payments.rules.decimals import money_of
from domains.payments.rules.errors import StatementUnreadable
from kelmah.money import Money

_FEES: Final = frozenset({"CHRG", "COMM", "FEES", "COAT", "CAJT"})  # sub-families of bank transaction codes
_NONE: Final = ("NOTPROVIDED", "NONREF", "NOTAVAILABLE", "")


def read_camt(content: bytes) -> list[StatementFile]:
    """The statements in a file. Raises StatementUnreadable, StatementDoesNotAddUp."""
    try:
        root = fromstring(content, forbid_dtd=True)
        _strip_namespaces(root)
        found = [_statement(each) for each in root.findall("BkToCstmrStmt/Stmt")]
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:  # the last of an encoding that is none
        raise StatementUnreadable(f"The file is not a camt.053 that can be read: {error}") from None
    if not found:
        raise StatementUnreadable("The file holds no camt.053 statement.")
    return [add_up(each) for each in found]


# Private functions


def _strip_namespaces(root: Element) -> None:
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]


def _statement(stmt: Element) -> StatementFile:
    account = _text(stmt, "Acct/Id/IBAN") or _text(stmt, "Acct/Id/Othr/Id")
    name = _text(stmt, "Id")
    balances = {_text(each, "Tp/CdOrPrtry/Cd"): each for each in stmt.findall("Bal")}
    opening = _balance(balances.get("OPBD", balances.get("PRCD")))
    closing = _balance(balances.get("CLBD"))
    currency = _text(stmt, "Acct/Ccy") or (closing.currency if closing else "")
    if not account or not name or not currency:
        raise ValueError("a statement lacks its id, its account or its currency")
    booked = [entry for entry in stmt.findall("Ntry") if _status(entry) == "BOOK"]
    lines = [line for place, entry in enumerate(booked) for line in _lines(entry, f"{account}/{name}/{place}")]
    if any(line.amount.currency != currency for line in lines):
        raise ValueError(f"an entry is not in {currency}, the currency of the account")
    days = [line.occurred_at.date() for line in lines] + [_day(each) for each in balances.values()]
    days += [date.fromisoformat(found[:10]) for end in ("Fr", "To") if (found := _text(stmt, f"FrToDt/{end}DtTm"))]
    if not days:
        raise ValueError("a statement says nowhere of which day it is")
    return StatementFile(
        account=account,
        currency=currency,
        name=name,
        source="camt.053",
        first_day=min(days),
        last_day=max(days),
        opening=opening,
        closing=closing,
        lines=lines,
    )


def _lines(entry: Element, otherwise: str) -> Iterator[BankLine]:
    """A line for each transaction of a batch that says its amounts; else one for the entry."""
    whole = _amount(entry)
    details = entry.findall("NtryDtls/TxDtls")
    amounts = [_detail_amount(each, entry) for each in details]
    named = _text(entry, "AcctSvcrRef") or otherwise
    if len(details) > 1 and sum(amount.minor if amount else 0 for amount in amounts) == whole.minor:
        for place, (detail, amount) in enumerate(zip(details, amounts, strict=True)):
            ref = _text(detail, "Refs/AcctSvcrRef")
            # A bank may repeat the batch's reference in each of its transactions: then the place tells them apart.
            own = ref if ref not in ("", named) else f"{named}/{place}"
            yield _line(entry, detail, amount or whole, line_id=own)
    else:
        yield _line(entry, details[0] if len(details) == 1 else None, whole, line_id=named)


def _line(entry: Element, detail: Element | None, amount: Money, *, line_id: str) -> BankLine:
    about = entry if detail is None else detail
    end_to_end = _text(about, "Refs/EndToEndId")
    words = [each.text or "" for each in about.findall("RmtInf/Ustrd")]
    key = key_in(end_to_end, _text(about, "Refs/InstrId"), *words)
    return BankLine(
        line_id=line_id,
        kind=_kind(entry, about, amount, is_ours=key is not None),
        ref=key.hex if key else ("" if end_to_end in _NONE else end_to_end),
        key=key,
        amount=amount,
        fee=None,
        occurred_at=_booked_at(entry),
        reason=_text(about, "RtrInf/Rsn/Cd") or _text(about, "RtrInf/Rsn/Prtry"),
    )


def _kind(entry: Element, about: Element, amount: Money, *, is_ours: bool) -> str:
    codes = {_text(each, "BkTxCd/Domn/Fmly/SubFmlyCd") for each in (entry, about)}
    if codes & _FEES and not is_ours:
        return "fee"
    if is_ours:
        return "payout"  # out, or back again
    return "charge" if amount.minor > 0 else "adjustment"


def _amount(element: Element) -> Money:
    amount = _money(element.find("Amt"))
    return -amount if _text(element, "CdtDbtInd") == "DBIT" else amount


def _detail_amount(detail: Element, entry: Element) -> Money | None:
    stated = detail.find("Amt")
    if stated is None:
        stated = detail.find("AmtDtls/TxAmt/Amt")
    if stated is None:
        return None
    direction = _text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    return -_money(stated) if direction == "DBIT" else _money(stated)


def _money(element: Element | None) -> Money:
    if element is None or not element.text:
        raise ValueError("an entry lacks its amount")
    amount = money_of(element.text, element.get("Ccy", ""))
    if amount.minor < 0:
        raise ValueError("an amount is negative: camt.053 says the direction beside it")
    return amount


def _balance(balance: Element | None) -> Money | None:
    return None if balance is None else _amount(balance)


def _status(entry: Element) -> str:
    return _text(entry, "Sts/Cd") or _text(entry, "Sts")


def _day(element: Element) -> date:
    return date.fromisoformat((_text(element, "Dt/Dt") or _text(element, "Dt/DtTm"))[:10])


def _booked_at(entry: Element) -> datetime:
    if at := _text(entry, "BookgDt/DtTm"):
        told = datetime.fromisoformat(at)
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    day = _text(entry, "BookgDt/Dt") or _text(entry, "ValDt/Dt")
    return datetime.combine(date.fromisoformat(day[:10]), datetime.min.time(), tzinfo=UTC)


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
