"""Statements at the finance desk: a file is brought, the report stands above the list, differences are decided."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from domains.payments.models import Decision, Difference, Statement, StatementEntry, Suspended, SuspenseRuling
from tests.journeys.test_payments_admin import act
from tests.payments.factories import cedis, in_wallet, rich
from tests.payments.statements import as_csv, bring, line

pytestmark = pytest.mark.domain("identity", "payments")

STATEMENTS = "/admin/payments/statement/"


def brought(desk: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("november.csv", content, content_type="text/csv")
    return desk.post(f"{STATEMENTS}add/", {"gateway": "sandbox", "file": file}, follow=True)


def test_a_file_is_brought_compared_and_reported(desk: Client, drain: Any) -> None:
    page = brought(desk, as_csv([line(cedis(5)), line(cedis(-1), kind="fee")]))
    assert "2 lines, 0 of them known before" in page.content.decode()
    statement = Statement.objects.get()
    assert str(statement.imported_by) == desk.session["_auth_user_id"]
    act(desk, "statement", "reconcile", statement.pk)
    report = desk.get(STATEMENTS).content.decode()
    assert "sandbox GHS" in report
    assert "1 booked" in report
    assert "1 suspended" in report
    assert "4.00 GHS" in report


def test_a_file_that_is_no_statement_is_refused_above_the_form(desk: Client) -> None:
    page = brought(desk, b"what,is,this\n1,2,3")
    assert "lacks the columns line_id, date, amount, currency" in page.content.decode()
    assert not Statement.objects.exists()


def test_a_difference_is_accepted_with_a_reason(desk: Client) -> None:
    bring(line(cedis(-5), kind="adjustment"))
    difference = Difference.objects.get()
    assert "Say why" in act(desk, "difference", "accept", difference.pk, reason="")
    assert Difference.objects.get().closed_at is None
    act(desk, "difference", "accept", difference.pk, reason="Seen with the bank")
    assert (Difference.objects.get().outcome, Decision.objects.get().reason) == ("accepted", "Seen with the bank")
    assert StatementEntry.objects.get().verdict == "accepted"


def test_what_came_unasked_is_credited_by_two(desk: Client) -> None:
    by = rich(cedis(1))
    bring(line(cedis(25)))
    item = Suspended.objects.get()
    assert "the id of a user" in act(desk, "suspended", "credit", item.pk, reason="Theirs", user_id="somebody")
    act(desk, "suspended", "credit", item.pk, reason="Named in the transfer", user_id=by.user_id)
    proposal = SuspenseRuling.objects.get()
    assert "Somebody else of the staff" in act(desk, "suspenseruling", "carry_out", proposal.pk, reason="Me again")
    assert in_wallet(by.user_id) == 100
    SuspenseRuling.objects.update(proposed_by="01890000-0000-7000-8000-000000000000")
    act(desk, "suspenseruling", "carry_out", proposal.pk, reason="Seen it, too")
    assert in_wallet(by.user_id) == 2600
