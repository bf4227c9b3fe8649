"""Statements at the finance desk: a file is brought, the report stands above the list, differences are decided."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

if not settings.IDENTITY_IS_LOCAL:
    pytest.skip("the desk is where identity is", allow_module_level=True)

from domains.payments import actions
from domains.payments.models import (
    Decision,
    Difference,
    GatewayCommand,
    PaymentFile,
    Statement,
    StatementEntry,
    Suspended,
    SuspenseRuling,
)
from domains.payments.rules.banking import BankAccount
from tests.journeys.test_payments_admin import act
from tests.payments.factories import cedis, in_wallet, rich, state_of
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


def test_a_file_of_payouts_is_made_downloaded_and_refused(desk: Client, settings: Any) -> None:
    settings.GATEWAYS, settings.BANK_LIVE = ["sandbox", "bank"], False
    settings.BANK_ACCOUNT, settings.BANK_BIC, settings.BANK_HOLDER = "GB33BUKB20201555555555", "BUKBGB22", "Kelmah"
    by = rich(cedis(100))
    to = BankAccount(bank="SBICGHAC", number="9040001234567", holder="Kofi Boateng")
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="bank", destination=to.as_text())
    actions.submit_command(command_id=GatewayCommand.objects.get(subject_id=payout.id).id)
    files = "/admin/payments/paymentfile/"
    page = desk.post(f"{files}add/", {"currency": "GHS"}, follow=True).content.decode()
    file = PaymentFile.objects.get()
    assert "1 payouts, 40.00 GHS" in page
    assert f'href="{file.pk}/pain.001/"' in page
    answer = desk.get(f"{files}{file.pk}/pain.001/")
    assert answer["Content-Type"] == "application/xml"
    assert "no-store" in answer["Cache-Control"]
    assert b"Kofi Boateng" in answer.content
    assert desk.get(f"{files}{file.pk}/csv/").status_code == 200
    assert desk.get(f"{files}{file.pk}/other/").status_code == 404
    assert "No payout waits" in desk.post(f"{files}add/", {"currency": "GHS"}, follow=True).content.decode()
    act(desk, "paymentfile", "refuse", file.pk, reason="The portal refused it")
    assert (state_of(payout), in_wallet(by.user_id)) == ("failed", 10000)
    assert desk.get(f"{files}{file.pk}/csv/").status_code == 404
