"""Statements for tests: lines of the sandbox and of a bank, and what a bank's own writer makes of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from domains.payments.actions import Ruling, suspense
from domains.payments.actions.reconciliation import reconcile
from domains.payments.actions.statements import import_file
from domains.payments.models import Difference, GatewayCommand, Statement, StatementEntry, Suspended
from domains.payments.rules.decimals import decimal_of
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money

COLUMNS = ("line_id", "date", "kind", "ref", "order", "amount", "fee", "currency")


def line(amount: Money, *, days: float = 0, **more: Any) -> dict[str, str]:
    """A row of a CSV statement, of today or some days on."""
    at = clock.now() + timedelta(days=days)
    usual = {"line_id": f"line-{new_id().hex}", "date": at.isoformat(), "kind": "charge"}
    return {**usual, **more, "amount": decimal_of(amount), "currency": amount.currency}


def line_of(command: GatewayCommand, amount: Money | None = None, **more: Any) -> dict[str, str]:
    """The row that tells of an order: what was charged comes, what was paid out goes."""
    moved = amount or (command.amount if command.kind == "charge" else -command.amount)
    about = {"kind": command.kind, "ref": command.gateway_ref, "order": str(command.id)}
    return line(moved, **{**about, **more})


def covering(*, days: float) -> list[dict[str, str]]:
    """Two fees of one pesewa, of today and some days on: they say that the statement covers the time between."""
    return [line(Money(-1, "GHS"), days=each, kind="fee") for each in (0, days)]


def as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    text = [",".join(COLUMNS), *(",".join(row.get(column, "") for column in COLUMNS) for row in rows)]
    return "\n".join(text).encode()


def bring(*rows: dict[str, str], gateway: str = "sandbox", by: UUID | None = None) -> Statement:
    """Import the rows as a statement, and compare it with the books."""
    [statement] = import_file(gateway=gateway, content=as_csv(rows), name="statement.csv", by=by or new_id())
    reconcile(gateway=gateway)
    return statement


def verdict_of(row: dict[str, str]) -> str:
    return StatementEntry.objects.values_list("verdict", flat=True).get(line_id=row["line_id"])


def open_differences() -> list[str]:
    return sorted(Difference.objects.filter(closed_at=None).values_list("kind", flat=True))


def every_kind_of_difference() -> None:
    """A statement with lines that agree with nothing, and a proposal for what came unasked."""
    bring(line(Money(-2500, "GHS"), kind="adjustment"), *(line(Money(500, "GHS")) for _ in range(2)))
    item = Suspended.objects.order_by("id").first()
    assert item is not None
    suspense.propose(item=item.id, credit_to=None, ruling=Ruling(by=new_id(), reason="nobody asked for it in a year"))
