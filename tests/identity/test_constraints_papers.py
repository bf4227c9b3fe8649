"""What the database refuses about papers, whoever asks it."""

import pytest
from django.db import connections

from domains.identity.models import Document, DocumentStep
from kelmah.ids import new_id
from tests.identity.paper_factories import cabinet, member, sent, verified, waiting
from tests.identity.test_constraints import broken_constraint

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("kind = 'passport'", "document_kind"),
        ("state = 'lost', decided_at = sent_at", "document_state"),
        ("country = 'gh'", "document_country"),
        ("country = 'G'", "document_country"),
        ("file_ids = '{}'", "document_has_files"),
        ("claimed_until = sent_at", "document_claim_is_whole"),
        ("claimed_by_id = user_id", "document_claim_is_whole"),
        ("state = 'checking', claimed_by_id = user_id, claimed_until = sent_at", "document_claim_is_whole"),
        ("state = 'rejected', decided_at = sent_at", "document_refused_has_reason"),
        ("reason = 'unreadable'", "document_refused_has_reason"),
        ("state = 'verified'", "document_decided_has_date"),
        ("decided_at = sent_at", "document_decided_has_date"),
        ("state = 'withdrawn', decided_at = sent_at", "document_decided_has_date"),
    ],
)
def test_a_document_cannot_become_nonsense(cabinet, change, constraint):
    document = waiting(cabinet, member())
    assert broken_constraint(f"UPDATE identity_document SET {change} WHERE id = %s", document.id) == constraint


def copy_of(document: Document, **changes: str) -> str | None:
    """The constraint that refuses a second row like this one."""
    row = {"id": f"'{new_id()}'", "user_id": "user_id", "kind": "kind", "state": "state"} | changes
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'identity_document'")
        columns = [name for (name,) in cursor.fetchall()]
    values = ", ".join(row.get(name, name) for name in columns)
    copy = f"INSERT INTO identity_document ({', '.join(columns)}) SELECT {values} FROM identity_document"
    return broken_constraint(f"{copy} WHERE id = %s", document.id)


def test_of_one_kind_one_is_open(cabinet):
    assert copy_of(sent(cabinet, member())) == "document_open_once"


def test_of_one_kind_one_is_verified(cabinet):
    assert copy_of(verified(cabinet, member())) == "document_verified_once"


def test_other_kinds_and_other_people_have_their_own(cabinet):
    document, ama = sent(cabinet, member()), member()
    assert copy_of(document, kind="'selfie'") is None
    assert copy_of(document, user_id=f"'{ama.id}'") is None


@pytest.mark.parametrize("what", ["approve", "reject", "revoke", "claim", "release", "look"])
def test_what_people_did_names_them(cabinet, what):
    document = waiting(cabinet, member())
    step = DocumentStep.objects.filter(document=document, what="refer").get()
    change = "UPDATE identity_documentstep SET what = %s WHERE id = %s"
    assert broken_constraint(change, what, step.id) == "document_step_by_somebody"


def test_only_known_things_are_done(cabinet):
    step = DocumentStep.objects.filter(document=sent(cabinet, member())).get()
    change = "UPDATE identity_documentstep SET what = 'burn' WHERE id = %s"
    assert broken_constraint(change, step.id) == "document_step_what"


def test_a_level_is_one_of_the_ladders(cabinet):
    change = "UPDATE identity_profile SET verified_level = 4 WHERE user_id = %s"
    assert broken_constraint(change, member().id) == "profile_verified_level"
