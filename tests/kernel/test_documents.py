"""Tables as CSV and PDF: what people, spreadsheets and readers make of them."""

import csv
import socket
from io import BytesIO, StringIO

import pytest
from pypdf import PdfReader

from kelmah.documents import Column, TableDocument, as_csv, as_pdf

COLUMNS = (Column(title="For", share=0.7), Column(title="Amount", share=0.3, is_number=True))


def document(*rows: tuple[str, str], title: str = "A statement") -> TableDocument:
    return TableDocument(title=title, facts=[("Of", "Ama & Kofi <b>")], columns=COLUMNS, rows=rows, footer="in GHS")


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode())))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_a_table_is_read_back_from_csv_as_it_was() -> None:
    rows = [('Tiles, "blue"\nand grey', "12.50"), ("Ɛyɛ ɔdan", "-3.000")]
    assert read(as_csv(document(*rows))) == [["For", "Amount"], *map(list, rows)]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_spreadsheet_runs_what_somebody_typed(text: str) -> None:
    [_, row] = read(as_csv(document((text, "-1.00"))))
    assert row == [f"'{text}", "-1.00"]


def test_a_pdf_says_the_same_and_takes_no_markup_from_people() -> None:
    text = text_of(as_pdf(document(("<i>Tiles</i> & more", "12.50"), ("Ɛyɛ ɔdan", "-3.00"))))
    for said in ("A statement", "Of: Ama & Kofi <b>", "<i>Tiles</i> & more", "12.50", "Ɛyɛ ɔdan", "-3.00", "in GHS"):
        assert said in text


@pytest.mark.parametrize("scheme", ["http://", "//", "file://"])
def test_a_pdf_fetches_nothing_that_somebody_typed(scheme: str) -> None:
    """The library's paragraphs know pictures by address: one in a title would make us ask inner servers."""
    with socket.create_server(("127.0.0.1", 0)) as inner:
        inner.setblocking(False)
        picture = f'<img src="{scheme}127.0.0.1:{inner.getsockname()[1]}/x.png" width="9" height="9"/>'
        assert "<img" in text_of(as_pdf(document((picture, "1.00"), title=picture)))
        with pytest.raises(BlockingIOError):
            inner.accept()


def test_every_page_has_the_head_and_its_number() -> None:
    pages = PdfReader(BytesIO(as_pdf(document(*((f"line {n}", f"{n}.00") for n in range(200)))))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert "Amount" in text
        assert str(number) in text.split()
    assert "199.00" in pages[-1].extract_text()


def test_a_text_that_is_longer_than_its_column_breaks_and_is_whole() -> None:
    words = " ".join(f"word{n}" for n in range(80))
    assert all(word in text_of(as_pdf(document((words, "1.00")))) for word in words.split())


def test_the_same_document_makes_the_same_bytes() -> None:
    assert as_pdf(document(("x", "1.00"))) == as_pdf(document(("x", "1.00")))


def test_an_empty_table_is_a_document_too() -> None:
    assert read(as_csv(document())) == [["For", "Amount"]]
    assert "A statement" in text_of(as_pdf(document()))
