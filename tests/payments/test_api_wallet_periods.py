"""Statements of a period over HTTP: JSON, CSV and PDF say the same."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from pypdf import PdfReader

from domains.payments import actions
from domains.payments.api.serializers.periods import MEANINGS
from domains.payments.models import LedgerEntry
from kelmah import clock
from kelmah.money import Money
from tests.payments.everything import one_of_everything
from tests.payments.factories import FundingFactory, cedis, rich, somebody

pytestmark = pytest.mark.domain("payments")

PATHS = ("/wallet/statement/period", "/wallet/statement/csv", "/wallet/statement/pdf")


@pytest.fixture
def today() -> dict[str, str]:
    """Yesterday to tomorrow: midnight may pass while a test runs."""
    now = clock.now().date()
    return {"first": str(now - timedelta(days=1)), "last": str(now + timedelta(days=1))}


def lines_of(answer) -> list[list[str]]:
    return list(csv.reader(StringIO(answer.content.decode())))


def text_of(answer) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)


def test_all_three_say_the_same(api, today, people):
    funding = FundingFactory(title="Tiles, =2 rooms")
    by = rich(cedis(1300.5), funding.hirer_id)
    people.knows(by.user_id, "Ɛsi Ɔforiwaa")
    actions.fund_escrow(funding)
    told, table, paper = (api.as_(by).get(path, **today) for path in PATHS)
    assert [(m["kind"], m["amount"]["amount"], m["balance"]["amount"]) for m in told.json["movements"]] == [
        ("deposit", 130_050, 130_050),
        ("escrow_fund", -125_000, 5_050),
    ]
    assert (told.json["opening"]["amount"], told.json["closing"]["amount"]) == (0, 5_050)
    assert [line[1:] for line in lines_of(table)] == [
        ["What", "For", "Amount (GHS)", "Balance (GHS)"],
        ["Deposit", "", "1300.50", "1300.50"],
        ["Protected for work", "Tiles, =2 rooms", "-1250.00", "50.50"],
    ]
    text = text_of(paper)
    for said in ("1300.50", "-1250.00", "At the end: 50.50 GHS", "Tiles, =2 rooms"):
        assert said in text


@pytest.mark.in_process
def test_a_name_in_letters_of_twi_stands_on_paper(api, today, people):
    by = rich(cedis(1))
    people.knows(by.user_id, "Ɛsi Ɔforiwaa")
    assert "Wallet of: Ɛsi Ɔforiwaa" in text_of(api.as_(by).get("/wallet/statement/pdf", **today))


def test_files_come_as_files_with_a_name(api, today, people):
    by = rich(cedis(1))
    for path, kind, media_type in (
        ("/wallet/statement/csv", "csv", "text/csv; charset=utf-8"),
        ("/wallet/statement/pdf", "pdf", "application/pdf"),
    ):
        answer = api.as_(by).get(path, **today)
        assert answer.headers["Content-Type"] == media_type
        name = f"kelmah-GHS-{today['first']}-{today['last']}.{kind}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Money(700, "JPY"), "700"),
        (Money(1, "JPY"), "1"),
        (Money(1_234_567, "KWD"), "1234.567"),
        (Money(5, "KWD"), "0.005"),
        (Money(1_005, "USD"), "10.05"),
    ],
)
def test_row_29_each_currency_has_its_own_digits_on_paper(api, today, people, amount, shown):
    by = rich(amount)
    query = {**today, "currency": amount.currency}
    [_, line] = lines_of(api.as_(by).get("/wallet/statement/csv", **query))
    assert line[3:] == [shown, shown]
    assert f"At the end: {shown} {amount.currency}" in text_of(api.as_(by).get("/wallet/statement/pdf", **query))


def test_a_statement_is_in_the_language_of_the_request(api, today, people):
    by = rich(cedis(1))
    asked = "/wallet/statement/csv?" + "&".join(f"{name}={value}" for name, value in today.items())
    answer = api.as_(by).send("GET", asked, headers={"Accept-Language": "fr", "Accept": "text/csv"})
    assert (answer.status, answer.headers["Content-Language"]) == (200, "fr")


@pytest.mark.parametrize("path", PATHS)
def test_my_statement_is_mine(api, path, today, people):
    rich(cedis(7654321))
    assert api.anonymous.get(path, **today).status == 401
    theirs = api.as_(somebody()).get(path, **today)
    shown = text_of(theirs) if path.endswith("pdf") else theirs.content.decode()
    assert (theirs.status, "7654321" in shown) == (200, False)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "/first"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "/last"),
        ({"first": "2025-11-01", "last": "2026-11-02"}, "/last"),
        ({"first": "yesterday", "last": "2026-11-01"}, "/first"),
        ({"first": "2026-11-01", "last": "2026-11-01", "currency": "XXX"}, "/currency"),
        ({"first": "2026-11-01", "last": "2026-11-01", "user_id": "me"}, "/user_id"),
    ],
)
def test_a_period_that_is_none_is_refused(api, path, query, pointer):
    answer = api.as_(somebody()).get(path, **query)
    assert answer.status == 400
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


@pytest.mark.in_process
@pytest.mark.parametrize("path", PATHS)
def test_a_statement_is_one_query_however_long(api, path, today, people, django_assert_num_queries):
    by = rich(cedis(1))
    for _ in range(3):
        rich(cedis(1), by.user_id)
    with django_assert_num_queries(1, using="payments"):
        assert api.as_(by).get(path, **today).status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("first", "last"), [("9999-06-01", "9999-06-30"), ("0001-01-01", "0001-12-31")])
def test_a_period_at_the_end_of_all_days_is_one_without_movements(api, people, path, first, last):
    by = somebody()
    people.knows(by.user_id, "Ama Mensah")
    assert api.as_(by).get(path, first=first, last=last).status == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_period_that_ends_with_the_last_of_all_days_is_refused(api, path):
    answer = api.as_(somebody()).get(path, first="9999-12-31", last="9999-12-31")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/last")


@pytest.mark.in_process
def test_whatever_moves_a_wallet_has_words_for_people():
    one_of_everything()
    wallets = LedgerEntry.objects.filter(account__key__startswith="user:", account__key__contains=":available:")
    kinds = set(wallets.values_list("txn__kind", flat=True)) | {"refund_hold", "chargeback", "debt_paid"}
    assert len(kinds) > 5
    assert kinds <= set(MEANINGS)
