"""The desk where identity papers are read and decided about."""

import re
from dataclasses import replace
from datetime import date

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from domains.identity.actions import papers
from domains.identity.models import Document, DocumentStep, User
from domains.identity.rules.papers import Details
from kelmah import crypto
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.identity.desk import show_second_factor
from tests.identity.factories import colleague, hold, staff
from tests.identity.paper_factories import cabinet, claimed, level_of, member, now_of, sent, verified, waiting
from tests.identity.test_admin import inside

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")

LIST = "/admin/identity/document/"
NUMBER = "GHA-712345678-5"


@pytest.fixture
def efua() -> User:
    """A reviewer, and nothing more."""
    return colleague("compliance")


@pytest.fixture
def desk(efua) -> Client:
    return inside(efua)


def page(document: Document) -> str:
    return reverse("admin:identity_document_change", args=[document.id])


def shown(desk: Client, document: Document) -> str:
    answer = desk.get(page(document))
    assert answer.status_code == 200
    return answer.content.decode()


def decide(desk: Client, document: Document, do: str, **said: str) -> str:
    answer = desk.post(page(document), {"do": do, **said}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def part(text: str, name: str) -> str:
    """One section of the page."""
    found = re.search(rf'<(\w+) [^>]*id="{name}".*?</\1>', text, re.DOTALL)
    return found[0] if found else ""


# --- looking -----------------------------------------------------------------------------------------------------


def test_who_has_claimed_it_sees_the_picture_beside_what_was_typed(desk, cabinet):
    document = waiting(cabinet, member(), "national_id")
    before = shown(desk, document)
    assert "<img" not in before
    assert (NUMBER in before, "••••6785" in before, "Ama Mensah" in part(before, "typed").split("Account")[0]) == (
        False,
        True,
        False,
    )
    after = decide(desk, document, "claim")
    assert f"{LIST}{document.id}/files/{document.file_ids[0]}" in part(after, "pictures")
    for typed in (NUMBER, "Ama Mensah", "1990-04-12", "GH"):
        assert typed in part(after, "typed")


def test_while_another_has_claimed_it_nothing_of_it_is_shown(desk, cabinet):
    document = claimed(waiting(cabinet, member(), "national_id"), by=colleague("compliance"))
    text = shown(desk, document)
    assert "<img" not in text
    assert NUMBER not in text
    assert "Somebody else is looking" in decide(desk, document, "claim")
    assert "Somebody else is looking" in decide(desk, document, "approve")
    assert now_of(document).state == "needs_review"


def test_a_picture_is_had_from_files_once_it_was_noted_who_reads_it(desk, efua, cabinet):
    document = claimed(waiting(cabinet, member()), by=efua)
    answer = desk.get(f"{LIST}{document.id}/files/{document.file_ids[0]}")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/api/v1/files/content/link-to-{document.file_ids[0]}",
    )
    assert "no-store" in answer.headers["Cache-Control"]
    assert [(step.by_id, step.reason) for step in DocumentStep.objects.filter(what="look")] == [
        (efua.id, str(document.file_ids[0]))
    ]


def test_without_a_claim_or_of_another_document_no_picture_is_had(desk, efua, cabinet):
    document, other = waiting(cabinet, member()), claimed(waiting(cabinet, member()), by=efua)
    assert desk.get(f"{LIST}{document.id}/files/{document.file_ids[0]}").status_code == 403
    assert desk.get(f"{LIST}{other.id}/files/{document.file_ids[0]}").status_code == 404
    assert desk.get(f"{LIST}{new_id()}/files/{document.file_ids[0]}").status_code == 404
    assert not DocumentStep.objects.filter(what="look").exists()


def test_without_files_the_page_opens_and_the_picture_waits(desk, efua, cabinet):
    document = claimed(waiting(cabinet, member()), by=efua)
    cabinet.down = True
    assert "Open a file" in shown(desk, document)


def test_a_pdf_is_opened_not_shown(desk, efua, cabinet):
    document = claimed(waiting(cabinet, member(), "certificate"), by=efua)
    (file_id,) = document.file_ids
    cabinet.uploads[file_id] = replace(cabinet.uploads[file_id], content_type="application/pdf", name="nvti.pdf")
    text = part(shown(desk, document), "pictures")
    assert "Open nvti.pdf" in text
    assert "<img" not in text


def test_the_list_holds_nothing_that_was_typed_and_says_how_many_wait(desk, cabinet):
    kofi = member()
    waiting(cabinet, kofi, "national_id")
    sent(cabinet, kofi, "selfie")
    text = desk.get(LIST).content.decode()
    assert "1 waits" in text
    for typed in ("712345678", "Mensah, ", "1990"):
        assert typed not in text
    assert desk.get(LIST, {"q": "Ama", "state": "needs_review"}).status_code == 200


def test_the_list_costs_the_same_however_long(desk, cabinet, django_assert_max_num_queries):
    for _ in range(4):
        waiting(cabinet, member())
        with django_assert_max_num_queries(14, connection=connections["identity"]):
            desk.get(LIST)


def test_duplicates_and_findings_are_before_the_reviewers_eyes(desk, cabinet):
    first = sent(cabinet, member(display_name="Esi First"), "national_id")
    second = waiting(cabinet, member(), "national_id")
    text = shown(desk, second)
    assert "Somebody else has sent a document with this number." in part(text, "findings")
    assert "Esi First" in part(text, "others")
    assert str(first.id) in part(text, "others")


def test_what_is_erased_is_said_to_be(desk, cabinet):
    kofi = member()
    document = waiting(cabinet, kofi, "national_id")
    with atomic("identity"):
        crypto.shred("identity", subject=kofi.id)
    assert "erased" in part(shown(desk, document), "typed")


def test_what_people_type_is_text_and_never_markup(desk, efua, cabinet):
    details = Details(name="<script>alert(1)</script>", number=NUMBER, born=date(1990, 1, 1))
    document = claimed(waiting(cabinet, member(), "national_id", details=details), by=efua)
    assert "<script>alert(1)" not in shown(desk, document)
    assert "&lt;script&gt;alert(1)" in shown(desk, document)


# --- deciding ----------------------------------------------------------------------------------------------------


def test_approving_at_the_desk(desk, efua, cabinet):
    kofi = member()
    document = waiting(cabinet, kofi)
    assert "Take this document first" in decide(desk, document, "approve")
    decide(desk, document, "claim")
    text = decide(desk, document, "approve", note="Compared with the ID")
    assert (now_of(document).state, level_of(kofi)) == ("verified", 1)
    steps = part(text, "steps")
    assert "approve by Efua Staff: Compared with the ID" in steps
    assert "Revoke" in text


def test_rejecting_at_the_desk_needs_a_reason(desk, cabinet):
    document = waiting(cabinet, member())
    decide(desk, document, "claim")
    assert "Choose one of" in decide(desk, document, "reject", reason="")
    assert now_of(document).state == "needs_review"
    assert "it can&#x27;t be read" in part(decide(desk, document, "reject", reason="unreadable"), "state")
    assert now_of(document).reason == "unreadable"


def test_giving_back_and_revoking_at_the_desk(desk, cabinet):
    kofi = member()
    document = waiting(cabinet, kofi)
    decide(desk, document, "claim")
    decide(desk, document, "release")
    assert now_of(document).claimed_by_id is None
    done = verified(cabinet, member())
    assert "Choose one of" in decide(desk, done, "revoke", reason="unreadable")
    decide(desk, done, "revoke", reason="fraud")
    assert now_of(done).state == "revoked"


def test_the_next_one_is_taken_by_post_alone(desk, efua, cabinet):
    document = waiting(cabinet, member())
    assert desk.get(f"{LIST}next").status_code == 405
    answer = desk.post(f"{LIST}next")
    assert answer.headers["Location"] == page(document)
    assert now_of(document).claimed_by_id == efua.id
    papers.withdraw_document(document_id=document.id, user_id=document.user_id, expected_version=None)
    assert "Nothing waits" in desk.post(f"{LIST}next", follow=True).content.decode()


def test_a_decision_needs_a_proof_of_the_last_ten_minutes(desk, efua, cabinet, clock):
    document = waiting(cabinet, member())
    clock.advance(minutes=11)
    decide(desk, document, "claim")  # looking does not
    assert "<img" in shown(desk, document)
    for do in ("approve", "reject", "revoke"):
        answer = desk.post(page(document), {"do": do, "reason": "unreadable"})
        assert answer.headers["Location"].startswith("/admin/second-factor?next=%2Fadmin%2Fidentity%2Fdocument")
    assert now_of(document).state == "needs_review"
    show_second_factor(desk, efua)
    decide(desk, document, "approve")
    assert now_of(document).state == "verified"


def test_nonsense_is_refused(desk, cabinet):
    document = waiting(cabinet, member())
    assert desk.post(page(document), {"do": "verify"}).status_code == 400
    assert desk.post(page(document), {"state": "verified"}).status_code == 400
    assert desk.post(f"{page(document)}?_popup=1", {"_save": "1", "state": "verified"}).status_code == 400
    assert desk.get(reverse("admin:identity_document_change", args=[new_id()])).status_code == 404
    assert desk.get(reverse("admin:identity_document_add")).status_code == 403
    assert desk.post(reverse("admin:identity_document_delete", args=[document.id]), {"post": "yes"}).status_code == 403
    assert now_of(document).state == "needs_review"


def test_a_decision_from_another_site_is_refused(efua, cabinet):
    document = claimed(waiting(cabinet, member()), by=efua)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = inside(efua).cookies
    assert strict.post(page(document), {"do": "approve"}).status_code == 403
    assert now_of(document).state == "needs_review"


# --- who ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["support", "moderator", "finance"])
def test_other_staff_neither_see_nor_decide(cabinet, role):
    document, other = waiting(cabinet, member(), "national_id"), inside(colleague(role))
    assert other.get(LIST).status_code == 403
    assert other.get(page(document)).status_code == 403
    assert other.get(f"{LIST}{document.id}/files/{document.file_ids[0]}").status_code == 403
    assert other.post(page(document), {"do": "claim"}).status_code == 403
    assert other.post(f"{LIST}next").status_code == 403
    assert now_of(document).claimed_by_id is None


def test_nobody_and_members_are_not_let_in(api, cabinet):
    document = waiting(cabinet, member())
    for address in (LIST, page(document), f"{LIST}{document.id}/files/{document.file_ids[0]}"):
        assert Client().get(address).status_code == 302
    assert Client().post(page(document), {"do": "claim"}).status_code == 302
    assert now_of(document).claimed_by_id is None


def test_ones_own_people_are_somebody_elses_to_judge(desk, efua, cabinet):
    kofi, boss = member(), staff()
    document = waiting(cabinet, kofi)
    hold(kofi, "company_member", by=boss)
    hold(efua, "company_hiring", by=boss)
    assert "people they work with" in decide(desk, document, "claim")
    assert now_of(document).claimed_by_id is None
