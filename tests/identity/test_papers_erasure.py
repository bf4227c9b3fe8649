"""Papers in the copy that people take along, and after they are erased."""

import pytest

from domains.identity import tasks
from domains.identity.actions import checking, forgetting
from domains.identity.models import Deadline, Document, DocumentStep
from kelmah.testing.databases import rows_of
from tests.identity.paper_factories import PASSED, cabinet, claimed, member, reviewer, sent, verified, waiting
from tests.identity.privacy import erased

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")


@pytest.fixture(autouse=True)
def mailbox(tmp_path, settings):
    settings.MAILBOX_DIR = tmp_path / "mailbox"


def test_the_copy_says_what_was_typed_and_of_others_nothing(cabinet):
    kofi, ama = member(), member()
    mine = sent(cabinet, kofi, "national_id")
    sent(cabinet, ama, "address")
    copy = {name: list(rows) for name, rows in forgetting.copy_of(kofi.id).items()}
    (typed,) = copy["typed_of_papers"]
    assert (typed["document_id"], typed["name"], typed["number"]) == (mine.id, "Ama Mensah", "GHA-712345678-5")
    assert [row["id"] for row in copy["document"]] == [mine.id]
    assert not {"details", "number_index"} & copy["document"][0].keys()


def test_after_erasure_no_paper_is_left_and_the_clock_finds_nothing(cabinet, clock):
    kofi, efua = member(), reviewer()
    verified(cabinet, kofi)
    waiting_one = claimed(waiting(cabinet, kofi, "national_id"), by=efua)
    lost = sent(cabinet, kofi, "selfie")
    erased(kofi.id)
    assert not Document.objects.exists()
    assert not DocumentStep.objects.exists()
    assert "Mensah" not in str(rows_of("identity", ["document", "documentstep", "deadline"]))
    checking.check_document(document_id=lost.id)  # a task that was late
    checking.record_verdict(document_id=waiting_one.id, vendor_name="late", verdict=PASSED)
    clock.advance(days=9 * 365)
    assert tasks.run_deadlines() >= 2
    assert tasks.run_deadlines() == 0
    assert not Deadline.objects.filter(done_at__isnull=True).exists()
    assert not Deadline.objects.exclude(last_error="").exists()
