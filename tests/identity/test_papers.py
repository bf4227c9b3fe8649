"""Papers from the envelope to the clock that ends them."""

from datetime import date, timedelta

import pytest
from django.db import connections

from domains.identity import actions, tasks
from domains.identity.actions import checking, papers, reviewing, track_record
from domains.identity.actions.paper_steps import Ruling
from domains.identity.gateways.vendors import NoAnswerYet, Submission, Verdict, sandbox
from domains.identity.models import Deadline, Document, DocumentStep, Profile, ProfileSkill, RoleGrant
from domains.identity.queries import papers as found
from domains.identity.rules import Skill
from domains.identity.rules import papers as rules
from domains.identity.rules.papers import Details
from kelmah import crypto
from kelmah.crypto import Shredded, rotation
from kelmah.db import atomic
from kelmah.errors import InvalidInput, InvalidTransition
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.events import AccountChanged, UserVerified
from kelmah.rpc import RemoteUnavailable
from tests.identity.factories import hold, sign_up, staff
from tests.identity.paper_factories import (
    CARPENTRY,
    PASSED,
    PLUMBING,
    approved,
    cabinet,
    claimed,
    level_of,
    member,
    next_year,
    now_of,
    paper,
    reviewer,
    sent,
    verified,
    waiting,
)

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity")

NUMBER = "GHA-712345678-5"


def told(published) -> list[tuple[str, str]]:
    return [(event.what, event.detail) for event in published.of(AccountChanged)]


def levels(published) -> list[tuple[int, int]]:
    return [(event.before, event.level) for event in published.of(UserVerified)]


def passed(document: Document) -> Document:
    """By a vendor that found nothing."""
    with atomic("identity"):
        Document.objects.filter(id=document.id).update(state="checking")
    checking.record_verdict(document_id=document.id, vendor_name="test", verdict=PASSED)
    return now_of(document)


# --- sending -----------------------------------------------------------------------------------------------------


def test_what_was_typed_is_sealed_and_comes_back(cabinet):
    document = sent(cabinet, member(), "national_id")
    row = str(Document.objects.filter(id=document.id).values().get())
    with connections["identity"].cursor() as cursor:
        cursor.execute("SELECT t::text FROM identity_document AS t")
        (text,) = cursor.fetchone()
    for secret in ("712345678", "Mensah", "1990"):
        assert secret not in row
        assert secret not in text
        assert secret.encode().hex() not in text
    assert found.details_of(now_of(document)) == Details(name="Ama Mensah", number=NUMBER, born=date(1990, 4, 12))


def test_files_of_others_unready_ones_and_ordinary_uploads_are_refused(cabinet):
    kofi, ama = member(), member()
    for file_id in (cabinet.upload(ama.id), new_id(), cabinet.upload(kofi.id, kind="document")):
        with pytest.raises(InvalidInput) as refusal:
            sent(cabinet, kofi, file_ids=(file_id,))
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/file_ids/0", "unknown_file")]
    assert not Document.objects.exists()


def test_without_files_nothing_is_sent(cabinet):
    kofi = member()
    cabinet.down = True
    with pytest.raises(RemoteUnavailable):
        sent(cabinet, kofi)
    assert not Document.objects.exists()


def test_one_of_a_kind_is_looked_at_at_a_time(cabinet):
    kofi = member()
    first = sent(cabinet, kofi)
    with pytest.raises(rules.UnderReview) as refusal:
        sent(cabinet, kofi)
    assert refusal.value.data == {"document_id": str(first.id)}
    sent(cabinet, kofi, "selfie")


def test_certificates_of_two_skills_are_two(cabinet):
    kofi = member()
    skills = [Skill(skill_id=name, level=3, years=2) for name in (CARPENTRY, PLUMBING)]
    actions.update_profile(user_id=kofi.id, expected_version=None, changes={"skills": skills})
    for name in (CARPENTRY, PLUMBING):
        verified(cabinet, kofi, "certificate", skill_id=name)
    assert Document.objects.filter(state="verified").count() == 2
    assert ProfileSkill.objects.filter(verified=True).count() == 2


def test_the_sixth_of_a_kind_within_a_day_waits(cabinet, clock):
    kofi = member()
    for _ in range(5):
        document = sent(cabinet, kofi)
        papers.withdraw_document(document_id=document.id, user_id=kofi.id, expected_version=1)
        clock.advance(hours=1)
    with pytest.raises(rules.TooManyDocuments) as refusal:
        sent(cabinet, kofi)
    assert 18 * 3600 < refusal.value.retry_after <= 19 * 3600
    clock.advance(hours=19)
    assert sent(cabinet, kofi).state == "uploaded"


def test_what_is_withdrawn_forgets_what_was_typed(cabinet):
    kofi = member()
    document = sent(cabinet, kofi, "national_id")
    papers.withdraw_document(document_id=document.id, user_id=kofi.id, expected_version=None)
    row = now_of(document)
    assert (row.state, row.details, row.number_index) == ("withdrawn", None, None)
    assert not Deadline.objects.exists()
    checking.check_document(document_id=document.id)
    assert now_of(document).state == "withdrawn"


# --- checking ----------------------------------------------------------------------------------------------------


def examined(cabinet, owner, ending: str) -> Verdict:
    document = Submission(
        document_id=new_id(),
        owner_id=owner.id,
        paper=paper(cabinet, owner, "national_id", details=Details(name="A", number=f"GHA-71234-{ending}")),
    )
    return sandbox.SandboxVendor().examine(document)


def test_the_sandbox_finds_what_the_number_asks_for(cabinet):
    kofi = member()
    assert examined(cabinet, kofi, "1234").findings == ()
    for ending, finding in sandbox.FINDS.items():
        assert examined(cabinet, kofi, ending).findings == (finding,)
        assert finding in rules.FINDINGS
    with pytest.raises(NoAnswerYet):
        examined(cabinet, kofi, sandbox.SILENT)


def test_what_passes_counts_at_once(cabinet, settings, published):
    settings.VERIFICATION_VENDOR = "sandbox"
    kofi = member()
    document = waiting(cabinet, kofi)
    assert (document.state, document.vendor, document.findings) == ("verified", "sandbox", [])
    assert level_of(kofi) == 1
    assert levels(published) == [(0, 1)]
    assert told(published) == [("verified", "photo of your face")]


def test_what_a_vendor_finds_people_look_at(cabinet, settings):
    settings.VERIFICATION_VENDOR = "sandbox"
    details = Details(name="Ama", number="GHA-7123-0005", born=date(1990, 1, 1))
    document = waiting(cabinet, member(), "national_id", details=details)
    assert (document.state, document.findings) == ("needs_review", ["altered"])


def test_without_a_vendor_people_look_at_everything(cabinet):
    document = waiting(cabinet, member())
    assert (document.state, document.vendor, document.findings) == ("needs_review", "manual", ["not_checked"])


def test_a_vendor_that_does_not_answer_is_asked_again_and_after_an_hour_people_look(cabinet, settings, clock):
    settings.VERIFICATION_VENDOR = "sandbox"
    details = Details(name="Ama", number="GHA-7123-0009", born=date(1990, 1, 1))
    document = sent(cabinet, member(), "national_id", details=details)
    for _ in range(2):
        with pytest.raises(NoAnswerYet):
            checking.check_document(document_id=document.id)
        assert now_of(document).state == "checking"
    clock.advance(minutes=59)
    assert tasks.run_deadlines() == 0
    clock.advance(minutes=2)
    assert tasks.run_deadlines() == 1
    assert (now_of(document).state, now_of(document).findings) == ("needs_review", ["no_answer"])
    checking.record_verdict(document_id=document.id, vendor_name="sandbox", verdict=PASSED)  # too late
    assert now_of(document).state == "needs_review"


def test_a_document_whose_task_was_lost_is_looked_at_by_people(cabinet, clock):
    document = sent(cabinet, member())
    clock.advance(hours=1)
    tasks.run_deadlines()
    assert now_of(document).state == "needs_review"


def test_checking_twice_decides_once(cabinet, settings, published):
    settings.VERIFICATION_VENDOR = "sandbox"
    document = waiting(cabinet, member())
    checking.check_document(document_id=document.id)
    assert len(published.of(UserVerified)) == 1
    assert now_of(document).version == document.version


def test_a_number_that_somebody_else_sent_passes_no_vendor(cabinet):
    first, other = sent(cabinet, member(), "national_id"), member()
    same = Details(name="Kofi", number="gha 712345678 5", born=date(1980, 1, 1))
    second = sent(cabinet, other, "national_id", details=same)
    assert passed(second).findings == ["duplicate"]
    assert [each.id for each in found.duplicates_of(now_of(second))] == [first.id]
    assert passed(first).state == "needs_review"  # whoever was first: nobody knows who is right


def test_ones_own_older_paper_and_what_was_withdrawn_are_no_duplicates(cabinet, clock):
    kofi, ama = member(), member()
    gone = sent(cabinet, ama, "national_id")
    papers.withdraw_document(document_id=gone.id, user_id=ama.id, expected_version=None)
    passed(sent(cabinet, kofi, "national_id"))
    clock.advance(days=1)
    assert passed(sent(cabinet, kofi, "national_id")).state == "verified"


# --- deciding ----------------------------------------------------------------------------------------------------


def test_approved_papers_carry_up_the_ladder_and_each_rise_is_told(cabinet, published):
    kofi, efua = member(), reviewer()
    for kind, level in (("photo", 1), ("national_id", 1), ("selfie", 1), ("address", 2), ("certificate", 3)):
        approved(waiting(cabinet, kofi, kind), by=efua)
        assert level_of(kofi) == level
    assert levels(published) == [(0, 1), (1, 2), (2, 3)]
    (person,) = identity.people(ids=[kofi.id])
    (profile,) = identity.profiles(ids=[kofi.id])
    assert person.verified_level == profile.verified_level == 3
    assert [each.verified_level for each in identity.people(ids=[efua.id])] == [0]


def test_many_good_jobs_are_worth_a_certificate_and_bad_ones_take_it_back(cabinet, clock, published):
    kofi = member()
    for kind in ("photo", "national_id", "selfie", "address"):
        verified(cabinet, kofi, kind)
    actions.record_reputation(user_id=kofi.id, stars=460, reviews=12)
    for done in range(10):
        assert level_of(kofi) == 2, done
        track_record.record_finished_job(contract_id=new_id(), user_ids=[kofi.id], ended_at=clock.now())
    assert level_of(kofi) == 3
    actions.record_reputation(user_id=kofi.id, stars=440, reviews=11)
    assert level_of(kofi) == 2
    assert levels(published)[-2:] == [(2, 3), (3, 2)]


def test_who_gives_up_their_skills_falls(cabinet):
    kofi = member()
    verified(cabinet, kofi)
    actions.update_profile(user_id=kofi.id, expected_version=None, changes={"skills": []})
    assert level_of(kofi) == 0


def test_a_rejection_tells_why_in_the_owners_language_and_keeps_the_note_sealed(cabinet, published):
    kofi, efua = member(), reviewer()
    document = claimed(waiting(cabinet, kofi, "national_id"), by=efua)
    ruling = Ruling(by=efua.id, reason="unreadable", note="Thumb over the number of Mensah")
    reviewing.reject_document(document_id=document.id, ruling=ruling)
    assert (now_of(document).state, now_of(document).reason) == ("rejected", "unreadable")
    assert told(published) == [("verification_rejected", "national ID (it can't be read)")]
    step = DocumentStep.objects.get(what="reject")
    assert (step.by_id, step.reason, found.note_of(step)) == (efua.id, "unreadable", ruling.note)
    assert b"Mensah" not in bytes(step.note)
    assert "Mensah" not in repr(ruling)
    assert sent(cabinet, kofi, "national_id").state == "uploaded"  # again, with a better picture


@pytest.mark.parametrize("reason", ["", "ugly", "fraud"])
def test_a_rejection_without_a_known_reason_is_none(cabinet, reason):
    efua = reviewer()
    document = claimed(waiting(cabinet, member()), by=efua)
    with pytest.raises(InvalidInput):
        reviewing.reject_document(document_id=document.id, ruling=Ruling(by=efua.id, reason=reason))
    assert now_of(document).state == "needs_review"


def test_a_new_paper_takes_the_place_of_the_old_one(cabinet, clock):
    kofi = member()
    old = verified(cabinet, kofi, "national_id")
    clock.advance(days=200)
    new = verified(cabinet, kofi, "national_id", expires_on=next_year())
    assert (now_of(old).state, new.state) == ("superseded", "verified")
    clock.advance(days=200)  # the old one would have ended
    tasks.run_deadlines()
    assert (now_of(old).state, now_of(new).state) == ("superseded", "verified")


def test_revoked_papers_count_no_more(cabinet, published):
    kofi, efua = member(), reviewer()
    document = verified(cabinet, kofi)
    reviewing.revoke_document(document_id=document.id, ruling=Ruling(by=efua.id, reason="fraud"))
    assert (now_of(document).state, level_of(kofi)) == ("revoked", 0)
    assert told(published)[-1] == ("verification_revoked", "photo of your face")
    assert not Deadline.objects.filter(done_at__isnull=True).exists()
    with pytest.raises(InvalidTransition):
        reviewing.revoke_document(document_id=document.id, ruling=Ruling(by=efua.id, reason="fraud"))


# --- the clock ---------------------------------------------------------------------------------------------------


def test_a_paper_ends_after_its_last_day_and_a_month_before_its_owner_hears_of_it(cabinet, clock, published):
    kofi = member()
    document = verified(cabinet, kofi)
    ends = document.counts_until
    assert ends == clock.now().date() + timedelta(days=5 * 365)
    clock.advance(days=5 * 365 - 30)
    tasks.run_deadlines()
    assert told(published)[-1][0] == "verified"
    clock.advance(days=2)
    tasks.run_deadlines()
    assert told(published)[-1] == ("verification_ends", "photo of your face")
    assert level_of(kofi) == 1
    clock.advance(days=30)
    tasks.run_deadlines()
    assert (now_of(document).state, level_of(kofi)) == ("expired", 0)
    assert told(published)[-1] == ("verification_expired", "photo of your face")
    assert levels(published) == [(0, 1), (1, 0)]
    assert tasks.run_deadlines() == 0


def test_who_has_sent_a_newer_one_is_not_reminded(cabinet, clock, published):
    kofi = member()
    verified(cabinet, kofi)
    clock.advance(days=5 * 365 - 28)
    sent(cabinet, kofi)
    tasks.run_deadlines()
    assert "verification_ends" not in dict(told(published))


def test_a_paper_that_ended_while_it_waited_counts_for_nothing(cabinet, clock):
    kofi, efua = member(), reviewer()
    document = waiting(cabinet, kofi, "national_id", expires_on=clock.now().date())
    clock.advance(days=3)
    approved(document, by=efua)
    tasks.run_deadlines()
    assert now_of(document).state == "expired"


# --- who must not judge ------------------------------------------------------------------------------------------


def test_only_who_has_claimed_decides(cabinet, clock):
    efua, esi = reviewer(), reviewer()
    document = waiting(cabinet, member())
    with pytest.raises(rules.NotClaimed):
        reviewing.approve_document(document_id=document.id, ruling=Ruling(by=efua.id))
    claimed(document, by=efua)
    with pytest.raises(rules.ClaimedByAnother):
        claimed(document, by=esi)
    with pytest.raises(rules.ClaimedByAnother):
        reviewing.approve_document(document_id=document.id, ruling=Ruling(by=esi.id))
    clock.advance(minutes=16)
    with pytest.raises(rules.NotClaimed):
        reviewing.approve_document(document_id=document.id, ruling=Ruling(by=efua.id))
    claimed(document, by=esi)
    reviewing.approve_document(document_id=document.id, ruling=Ruling(by=esi.id))


def test_what_is_given_back_others_may_take(cabinet):
    efua, esi = reviewer(), reviewer()
    document = claimed(waiting(cabinet, member()), by=efua)
    reviewing.release_document(document_id=document.id, by_id=esi.id)
    with pytest.raises(rules.ClaimedByAnother):
        claimed(document, by=esi)
    for _ in range(2):
        reviewing.release_document(document_id=document.id, by_id=efua.id)
    assert claimed(document, by=esi).claimed_by_id == esi.id


def test_nobody_decides_about_people_of_their_company(cabinet):
    kofi, efua, esi, boss = member(), reviewer(), reviewer(), staff()
    document = waiting(cabinet, kofi)
    claimed(document, by=efua)
    hold(kofi, "company_member", by=boss)
    theirs = hold(efua, "company_hiring", by=boss)
    with pytest.raises(rules.NotYoursToJudge):
        reviewing.approve_document(document_id=document.id, ruling=Ruling(by=efua.id))
    with pytest.raises(rules.NotYoursToJudge):
        claimed(document, by=efua)
    assert reviewing.claim_next(by_id=efua.id) is None
    reviewing.release_document(document_id=document.id, by_id=efua.id)
    assert reviewing.claim_next(by_id=esi.id) is not None
    reviewing.release_document(document_id=document.id, by_id=esi.id)
    RoleGrant.objects.filter(id=theirs.id).update(ended_at=document.sent_at, ended_by=boss, end_reason="left")
    assert reviewing.claim_next(by_id=efua.id) is not None  # who no longer works with them


def test_nobody_decides_about_themselves(cabinet):
    kofi = member()
    document = waiting(cabinet, kofi)
    with pytest.raises(rules.NotYoursToJudge):
        claimed(document, by=kofi)


def test_the_next_is_the_one_that_waits_longest_and_is_free(cabinet, clock):
    efua, esi = reviewer(), reviewer()
    documents = []
    for _ in range(3):
        documents.append(waiting(cabinet, member()))
        clock.advance(minutes=1)
    assert reviewing.claim_next(by_id=efua.id).id == documents[0].id
    assert reviewing.claim_next(by_id=esi.id).id == documents[1].id


def test_reading_a_picture_needs_the_claim_and_is_kept(cabinet):
    efua, esi = reviewer(), reviewer()
    document = claimed(waiting(cabinet, member()), by=efua)
    (file_id,) = document.file_ids
    with pytest.raises(rules.ClaimedByAnother):
        reviewing.look_at_file(document_id=document.id, file_id=file_id, by_id=esi.id)
    assert reviewing.look_at_file(document_id=document.id, file_id=file_id, by_id=efua.id) == document.user_id
    assert [(step.by_id, step.reason) for step in DocumentStep.objects.filter(what="look")] == [(efua.id, str(file_id))]


def test_after_erasure_nothing_typed_is_left(cabinet):
    kofi = member()
    document = waiting(cabinet, kofi, "national_id")
    with atomic("identity"):
        crypto.shred("identity", subject=kofi.id)
    with pytest.raises(Shredded):
        found.details_of(document)
    with pytest.raises(Shredded):
        sent(cabinet, kofi, "selfie")


def test_staff_have_no_ladder(cabinet):
    with pytest.raises(Exception, match="no profile"):
        papers.send_document(user_id=staff().id, paper=paper(cabinet, sign_up().user))
    assert not Profile.objects.filter(verified_level__gt=0).exists()


def test_a_proved_change_of_the_phone_number_settles_the_level(cabinet):
    kofi = member(email="kofi@example.com", phone="")
    verified(cabinet, kofi)
    assert level_of(kofi) == 0
    type(kofi).objects.filter(id=kofi.id).update(phone="+233241234567")
    for _ in range(2):
        tasks.settle_level(str(kofi.id))
    assert level_of(kofi) == 1
    tasks.settle_level(str(staff().id))


def test_papers_and_notes_are_sealed_anew_under_newer_keys(cabinet, clock):
    efua = reviewer()
    document = claimed(waiting(cabinet, member(), "national_id"), by=efua)
    reviewing.approve_document(document_id=document.id, ruling=Ruling(by=efua.id, note="Seen in person"))
    before = bytes(now_of(document).details)
    clock.advance(days=1)
    assert rotation.renew("identity", before=clock.now()) >= 1
    outcome = rotation.reencrypt("identity")
    assert (outcome.changed, outcome.unreadable) == (2, 0)
    assert bytes(now_of(document).details) != before
    assert found.details_of(now_of(document)).number == NUMBER
    assert found.note_of(DocumentStep.objects.get(what="approve")) == "Seen in person"
