"""A document that is a table with a heading, as CSV and as PDF."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

# One font for all: it has the letters of Twi, Ga and Ewe, which the fonts that every reader has do not.
FONT: Final = "DejaVuSans"
_FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_EDGE: Final = 18 * mm
# A spreadsheet takes what begins like this for a formula and runs it.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Column:
    """``share`` of the page's width. A column of numbers stands to the right, and is a number to a spreadsheet."""

    title: str
    share: float
    is_number: bool = False


@dataclass(frozen=True, kw_only=True)
class TableDocument:
    """``facts``: lines of name and value above the table; ``footer``: below every page."""

    title: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]] = field(repr=False)
    footer: str = ""


def as_csv(document: TableDocument) -> bytes:
    """The table alone, in UTF-8, without a formula that a spreadsheet would run."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow([column.title for column in document.columns])
    for row in document.rows:
        lines.writerow([_harmless(cell, column) for cell, column in zip(row, document.columns, strict=True)])
    return text.getvalue().encode()


def as_pdf(document: TableDocument) -> bytes:
    """A4, with the table's head on every page; the same document makes the same bytes."""
    _know_font()
    made = BytesIO()
    page = SimpleDocTemplate(
        made,
        pagesize=A4,
        leftMargin=_EDGE,
        rightMargin=_EDGE,
        topMargin=_EDGE,
        bottomMargin=_EDGE,
        title=document.title,
        author="Kelmah",
        invariant=1,
    )

    def foot(canvas: Canvas, _page: SimpleDocTemplate) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(colors.HexColor("#666666"))
        canvas.drawString(_EDGE, _EDGE - 6 * mm, document.footer)
        canvas.drawRightString(A4[0] - _EDGE, _EDGE - 6 * mm, str(canvas.getPageNumber()))

    page.build([*_heading(document), _table(document, page.width)], onFirstPage=foot, onLaterPages=foot)
    return made.getvalue()


# Private functions


def _harmless(cell: str, column: Column) -> str:
    return f"'{cell}" if not column.is_number and cell.startswith(_FORMULAS) else cell


@cache
def _know_font() -> None:
    pdfmetrics.registerFont(TTFont(FONT, str(_FILE)))


def _heading(document: TableDocument) -> list[Any]:
    big, plain = _style(15, leading=20), _style(9, leading=13)
    facts = [Paragraph(f"{escape(name)}: {escape(value)}", plain) for name, value in document.facts]
    return [Paragraph(escape(document.title), big), Spacer(0, 3 * mm), *facts, Spacer(0, 6 * mm)]


def _table(document: TableDocument, width: float) -> Table:
    left, right = _style(8, leading=10), _style(8, leading=10, alignment=TA_RIGHT)
    styles = [right if column.is_number else left for column in document.columns]
    head = [Paragraph(escape(column.title), style) for column, style in zip(document.columns, styles, strict=True)]
    # Numbers as plain text: they never break, and a long statement is laid out in a tenth of the time.
    body = [
        [
            cell if column.is_number else Paragraph(escape(cell), left)
            for cell, column in zip(row, document.columns, strict=True)
        ]
        for row in document.rows
    ]
    numbers = [number for number, column in enumerate(document.columns) if column.is_number]
    table = Table([head, *body], colWidths=[column.share * width for column in document.columns], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 8),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.HexColor("#cccccc")),
                *(("ALIGN", (number, 0), (number, -1), "RIGHT") for number in numbers),
            ]
        )
    )
    return table


def _style(size: float, *, leading: float, alignment: int = 0) -> ParagraphStyle:
    return ParagraphStyle(f"{size}-{alignment}", fontName=FONT, fontSize=size, leading=leading, alignment=alignment)
