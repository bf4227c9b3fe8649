"""camt.053 and CSV statements are read as banks write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments.gateways.camt import read_camt
from domains.payments.gateways.statement_csv import read_csv
from domains.payments.rules.decimals import decimal_of, money_of
from domains.payments.rules.errors import StatementDoesNotAddUp, StatementUnreadable
from kelmah.ids import new_id
from kelmah.money import EXPONENTS, Money
from tests.payments.camt_writer import IBAN, Movement, statement
from tests.payments.factories import cedis

HUNDRED = cedis(100)


def read(movements, opening=HUNDRED):
    [told] = read_camt(statement(movements, opening=opening))
    return told


def test_a_statement_tells_its_account_days_balances_and_lines():
    order = new_id()
    told = read(
        [
            Movement(amount=cedis(-40), ref="B1", end_to_end=order.hex),
            Movement(amount=cedis(25), ref="B2", text="for the cabinets"),
            Movement(amount=cedis(-1), ref="B3", sub_family="CHRG"),
        ]
    )
    assert (told.account, told.currency, told.opening, told.closing) == (IBAN, "GHS", cedis(100), cedis(84))
    assert (told.source, str(told.first_day), str(told.last_day)) == ("camt.053", "2026-11-20", "2026-11-20")
    assert [(line.line_id, line.kind, line.key, line.ref, line.amount) for line in told.lines] == [
        ("B1", "payout", order, order.hex, cedis(-40)),
        ("B2", "charge", None, "", cedis(25)),
        ("B3", "fee", None, "", cedis(-1)),
    ]


def test_a_return_names_its_order_and_its_reason():
    order = new_id()
    [line] = read([Movement(amount=cedis(40), ref="B1", end_to_end=order.hex, reason="AC04")]).lines
    assert (line.kind, line.key, line.amount, line.reason) == ("payout", order, cedis(40), "AC04")


@pytest.mark.parametrize("text", ["{hex}", "{uuid}", "REF {uuid} thanks", "/ROC/{hex}/URI/x"])
def test_an_order_is_found_in_the_words_of_a_transfer(text):
    order = new_id()
    [line] = read([Movement(amount=cedis(5), ref="B1", text=text.format(hex=order.hex, uuid=order))]).lines
    assert line.key == order


def test_a_batch_is_a_line_for_each_of_its_transactions():
    orders = [new_id(), new_id()]
    parts = [Movement(amount=cedis(-10), ref=f"T{i}", end_to_end=order.hex) for i, order in enumerate(orders)]
    lines = read([Movement(amount=cedis(-20), ref="BATCH", batch=parts)]).lines
    assert [(line.line_id, line.key, line.amount) for line in lines] == [
        ("T0", orders[0], cedis(-10)),
        ("T1", orders[1], cedis(-10)),
    ]


def test_transactions_of_a_batch_that_share_its_reference_are_told_apart():
    parts = [Movement(amount=cedis(-10), ref="BATCH") for _ in range(2)]
    lines = read([Movement(amount=cedis(-20), ref="BATCH", batch=parts)]).lines
    assert [line.line_id for line in lines] == ["BATCH/0", "BATCH/1"]


def test_a_batch_whose_parts_do_not_make_its_amount_is_one_line():
    parts = [Movement(amount=cedis(-10), ref=f"T{i}") for i in range(2)]
    [line] = read([Movement(amount=cedis(-21), ref="BATCH", batch=parts)]).lines
    assert (line.line_id, line.amount) == ("BATCH", cedis(-21))


def test_what_is_not_booked_yet_is_no_line():
    assert read([Movement(amount=cedis(5), ref="B1", status="PDNG")]).lines == []


def test_row_32_a_statement_from_which_a_line_is_missing_does_not_add_up():
    content = statement([Movement(amount=cedis(5), ref="B1")], opening=cedis(100), closing=cedis(112))
    with pytest.raises(StatementDoesNotAddUp):
        read_camt(content)


@pytest.mark.parametrize("version", ["02", "04", "13"])
def test_every_version_is_read_by_the_names_that_all_have(version):
    content = statement([Movement(amount=cedis(5), ref="B1")], opening=cedis(100))
    [told] = read_camt(content.replace(b"camt.053.001.08", b"camt.053.001." + version.encode()))
    assert len(told.lines) == 1


def test_the_plain_status_of_version_two_is_read():
    content = statement([Movement(amount=cedis(5), ref="B1")], opening=cedis(100))
    old = content.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>")
    assert old != content
    assert len(read_camt(old)[0].lines) == 1


BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Document>&b;</Document>'
ODD = b'<?xml version="1.0" encoding="foo"?><Document/>'
OUTSIDE = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, ODD, b"<Document/>", b"<", b"", b"<a></b>"])
def test_bombs_entities_and_other_files_are_refused(content):
    with pytest.raises(StatementUnreadable):
        read_camt(content)


def test_a_null_character_is_refused():
    with pytest.raises(StatementUnreadable):
        read_csv(b"line_id,date,amount,currency\nx\0y,2026-11-20,1.00,GHS\n", account="ours", name="statement.csv")


def test_an_amount_with_too_many_digits_is_refused_not_rounded():
    content = statement([Movement(amount=cedis(5), ref="B1")], opening=cedis(100))
    with pytest.raises(StatementUnreadable):
        read_camt(content.replace(b">5.00<", b">5.001<"))


def test_row_29_amounts_have_the_digits_of_their_currency():
    for money in (Money(5, "JPY"), Money(1005, "KWD"), Money(1250, "USD")):
        told = read([Movement(amount=money, ref="B1")], opening=Money(0, money.currency))
        assert (told.lines[0].amount, told.closing) == (money, money)
    assert [decimal_of(Money(5, each)) for each in ("JPY", "USD", "KWD")] == ["5", "0.05", "0.005"]


@given(st.integers(-(10**14), 10**14), st.sampled_from(sorted(EXPONENTS)))
def test_row_29_decimals_there_and_back_are_exact(minor, currency):
    money = Money(minor, currency)
    assert money_of(decimal_of(money), currency) == money


@pytest.mark.parametrize("text", ["1e3", "NaN", "1,000.00", "", "1.", "0x10", "--1", "1.005", "1" * 20])
def test_what_is_no_plain_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|digits"):
        money_of(text, "GHS")


def test_csv_takes_comma_semicolon_or_tab_and_a_byte_order_mark():
    order = new_id()
    for mark in (",", ";", "\t"):
        head = mark.join(["Line_Id", "Date", "Amount", "Currency", "Order"])
        text = "\ufeff" + head + "\n" + mark.join(["a", "2026-11-20", "-4.50", "GHS", str(order)])
        [told] = read_csv(text.encode(), account="x", name="n")
        assert [(line.line_id, line.kind, line.key, line.amount) for line in told.lines] == [
            ("a", "payout", order, Money(-450, "GHS"))
        ]


def test_csv_balances_must_follow_from_the_lines():
    good = "line_id,date,amount,currency,balance\na,2026-11-20,10.00,GHS,110.00\nb,2026-11-20,-1.00,GHS,109.00"
    [told] = read_csv(good.encode(), account="x", name="n")
    assert (told.opening, told.closing) == (cedis(100), cedis(109))
    with pytest.raises(StatementDoesNotAddUp):
        read_csv(good.replace("109.00", "109.01").encode(), account="x", name="n")


def test_csv_of_two_currencies_is_a_statement_for_each():
    text = "line_id,date,amount,currency\na,2026-11-20,10.00,GHS\nb,2026-11-20,10,JPY"
    told = read_csv(text.encode(), account="x", name="n")
    assert [(each.currency, len(each.lines)) for each in told] == [("GHS", 1), ("JPY", 1)]
