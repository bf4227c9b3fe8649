"""Erasure: the time to think, what stands against it, and that nothing of the person is left here."""

import io

import pytest
from django.core.management import call_command

from domains.identity import models, tasks
from domains.identity.actions import companies, erasures, forgetting
from domains.identity.models import AuthSession, Erasure, PrivacyReceipt, User
from domains.identity.rules import LoginFailed
from domains.identity.rules import privacy as rules
from kelmah import crypto
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, StaleVersion
from kelmah.interfaces.identity.events import AccountChanged, PersonAsked
from kelmah.interfaces.privacy import ERASED, Hold, keepers
from kelmah.outbound import NotSent
from kelmah.testing.databases import rows_of
from tests.identity.companies import founded, invited, joined
from tests.identity.factories import log_in, sign_up, staff
from tests.identity.privacy import answer, answer_all, asked_for, checked, erased

pytestmark = pytest.mark.domain("identity")

MONEY = [Hold(reason="money_in_wallet", count=1)]


@pytest.fixture(autouse=True)
def mailbox(tmp_path, settings):
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return tmp_path / "mailbox"


@pytest.fixture
def kofi():
    return sign_up(email="kofi.boateng@example.com", display_name="Kofi Boateng", phone="+233244123456")


def told(published, user_id) -> list[str]:
    return [event.what for event in published.of(AccountChanged) if event.user_id == user_id]


# --- asking and staying ------------------------------------------------------------------------------------------


def test_fourteen_days_pass_before_anything_happens(kofi, clock, published):
    erasure = asked_for(kofi.user.id)
    clock.advance(days=13, hours=23)
    assert tasks.run_privacy() == 0
    assert not published.of(PersonAsked)
    assert log_in(kofi.user)
    clock.advance(hours=1)
    assert tasks.run_privacy() == 1
    erasure.refresh_from_db()
    assert erasure.state == "checking"
    assert [(asked.request_id, asked.step) for asked in published.of(PersonAsked)] == [(erasure.id, "check")]


def test_the_person_stays_after_all(kofi, clock, published):
    erasure = asked_for(kofi.user.id)
    with pytest.raises(StaleVersion):
        erasures.withdraw_erasure(user_id=kofi.user.id, expected_version=7)
    erasures.withdraw_erasure(user_id=kofi.user.id, expected_version=1)
    clock.advance(days=40)
    assert tasks.run_privacy() == 0
    assert told(published, kofi.user.id)[-2:] == ["erasure_requested", "erasure_withdrawn"]
    assert asked_for(kofi.user.id).id != erasure.id


def test_nobody_asks_twice(kofi):
    asked_for(kofi.user.id)
    with pytest.raises(rules.ErasureAskedAlready):
        asked_for(kofi.user.id)


def test_staff_are_not_erased_by_themselves():
    with pytest.raises(rules.StaffStays):
        asked_for(staff().id)


def test_there_is_no_way_back_once_it_has_begun(kofi):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check")
    with pytest.raises(InvalidTransition):
        erasures.withdraw_erasure(user_id=kofi.user.id, expected_version=None)


# --- what stands against it --------------------------------------------------------------------------------------


def test_a_hold_is_told_with_its_reason_and_looked_at_again_every_day(kofi, clock, published):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check", but="payments", holds=MONEY)
    erasure.refresh_from_db()
    assert erasure.state == "held"
    assert erasure.reasons == [{"domain": "payments", "reason": "money_in_wallet", "count": 1}]
    assert told(published, kofi.user.id)[-1] == "erasure_held"
    assert log_in(kofi.user)
    assert tasks.run_privacy() == 0
    clock.advance(days=1)
    assert tasks.run_privacy() == 1
    answer_all(erasure, "check", but="payments", holds=MONEY)
    assert told(published, kofi.user.id).count("erasure_held") == 1  # the same reasons are no news
    clock.advance(days=1)
    tasks.run_privacy()
    answer_all(erasure, "check")
    erasure.refresh_from_db()
    assert (erasure.state, erasure.reasons) == ("erasing", [])


def test_whoever_is_held_may_still_stay(kofi):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check", but="contracts", holds=[Hold(reason="open_contracts", count=2)])
    assert erasures.withdraw_erasure(user_id=kofi.user.id, expected_version=None).state == "withdrawn"


def test_a_company_with_others_in_it_is_handed_over_first(clock):
    ama = sign_up(role="hirer")
    company_id = founded(ama)
    esi = joined(company_id, owner=ama)
    erasure = checked(asked_for(ama.user.id))
    answer_all(erasure, "check")
    erasure.refresh_from_db()
    assert erasure.reasons == [{"domain": "identity", "reason": "owns_companies", "count": 1}]
    companies.hand_over(company_id=company_id, by_id=ama.user.id, to_id=esi.user.id, expected_version=None)
    clock.advance(days=1)
    tasks.run_privacy()
    answer_all(erasure, "check")
    erasure.refresh_from_db()
    assert erasure.state == "erasing"


def test_a_domain_that_meets_a_hold_while_erasing_is_waited_for(kofi, clock, published):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check")
    answer_all(erasure, "erase", but="payments", holds=MONEY)
    erasure.refresh_from_db()
    assert erasure.state == "erasing"
    clock.advance(days=1)
    tasks.run_privacy()
    assert [asked.step for asked in published.of(PersonAsked)] == ["check", "erase", "erase"]
    answer_all(erasure, "erase")
    erasure.refresh_from_db()
    assert erasure.state == "sweeping"


def test_a_silent_domain_is_asked_again_and_nothing_goes_on_without_it(kofi, clock):
    erasure = checked(asked_for(kofi.user.id))
    for domain in keepers()[1:]:
        answer(erasure, "check", domain)
    clock.advance(days=1)
    tasks.run_privacy()
    erasure.refresh_from_db()
    receipt = PrivacyReceipt.objects.get(request_id=erasure.id, domain=keepers()[0], step="check")
    assert (erasure.state, receipt.state, receipt.tries) == ("checking", "asked", 2)


def test_a_late_or_doubled_answer_changes_nothing(kofi):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check")
    answer(erasure, "check", "payments", holds=MONEY)
    answer(erasure, "erase", "payments", counts={"titles": 3})
    answer(erasure, "erase", "payments", counts={})
    erasure.refresh_from_db()
    assert (erasure.state, erasure.reasons) == ("erasing", [])
    kept = PrivacyReceipt.objects.get(request_id=erasure.id, domain="payments", step="erase")
    assert (kept.state, kept.counts) == ("done", {"rows": 2, "titles": 3} | kept.counts)


def test_staff_have_a_held_one_checked_at_once(kofi):
    erasure = asked_for(kofi.user.id)
    with pytest.raises(InvalidTransition):
        erasures.recheck_erasure(erasure_id=erasure.id)
    checked(erasure)
    answer_all(erasure, "check", but="payments", holds=MONEY)
    erasures.recheck_erasure(erasure_id=erasure.id)
    erasure.refresh_from_db()
    assert erasure.state == "checking"


# --- the end -----------------------------------------------------------------------------------------------------


def test_from_the_start_nobody_is_this_person_any_more(kofi):
    erasure = checked(asked_for(kofi.user.id))
    answer_all(erasure, "check")
    assert not AuthSession.objects.filter(user_id=kofi.user.id, revoked_at__isnull=True).exists()
    with pytest.raises(LoginFailed):
        log_in(kofi.user)


def test_nothing_of_the_person_is_left_in_any_table(kofi):
    company_id = founded(sign_up(role="hirer", email="ama@example.com"))
    owner = models.Company.objects.get(id=company_id).owner
    by = type("Tokens", (), {"user": owner})
    invited(company_id, by=by, email="kofi.boateng@example.com")
    with atomic("identity"):
        sealed = crypto.seal("identity", subject=kofi.user.id, place="test:1", data=b"GHA-1")
    erasure = erased(kofi.user.id)
    assert erasure.state == "erased"
    user = User.objects.get(id=kofi.user.id)
    assert (user.email, user.phone, user.display_name, user.status) == (None, None, ERASED, "erased")
    with pytest.raises(crypto.Shredded):
        crypto.unseal("identity", subject=kofi.user.id, place="test:1", sealed=sealed)
    tables = [name.removeprefix("identity_") for name in _tables()]
    for table, rows in rows_of("identity", [name for name in tables if name != "outbox"]).items():
        for (row,) in rows:
            for word in ("kofi.boateng@", "Kofi Boateng", "244123456"):
                assert word not in row, table


def _tables() -> list[str]:
    return [model._meta.db_table for model in models.User._meta.apps.get_app_config("identity").get_models()]


def test_a_receipt_of_every_domain_stays_as_proof(kofi):
    erasure = erased(kofi.user.id)
    kept = PrivacyReceipt.objects.filter(request_id=erasure.id)
    assert {receipt.domain for receipt in kept.filter(step="erase")} == {*keepers(), "identity"}
    assert {receipt.state for receipt in kept} == {"done"}
    assert kept.get(domain="identity", step="erase").counts["profile"] >= 1


def test_the_address_is_free_again(kofi):
    erased(kofi.user.id)
    assert sign_up(email="kofi.boateng@example.com").user.id != kofi.user.id


def test_the_last_letter_leaves_before_the_address_is_forgotten(kofi, mailbox, settings, tmp_path):
    erasure = checked(asked_for(kofi.user.id))
    for step in ("check", "erase", "sweep"):
        answer_all(erasure, step)
    (tmp_path / "file").write_text("")
    settings.MAILBOX_DIR = tmp_path / "file"
    with pytest.raises(NotSent):
        erasures.finish_erasure(erasure_id=erasure.id)
    assert User.objects.get(id=kofi.user.id).email
    settings.MAILBOX_DIR = mailbox
    for _ in range(2):
        tasks.finish_erasure(str(erasure.id))
    letters = list((mailbox / "kofi.boateng@example.com").glob("*.eml"))
    assert len(letters) == 1
    assert "are erased" in letters[0].read_text()


def test_everything_that_points_at_people_goes_unless_it_is_named():
    """A new table with a column ``user`` is forgotten without anybody thinking of it."""
    about = {model.__name__ for model, _ in forgetting._tables_about(models.User().id)}
    assert {"AuthSession", "Profile", "RoleGrant", "CompanyMember", "DataExport"} <= about
    assert not about & {"Erasure", "PrivacyReceipt", "User", "DataKey"}
    assert Erasure._meta.get_field("user_id")


# --- a domain restored from a backup -----------------------------------------------------------------------------


def test_whoever_was_erased_since_a_backup_is_forgotten_once_more_and_nobody_else(kofi, clock, published):
    before = erased(sign_up(email="before@example.com").user.id)
    clock.advance(days=1)
    backup = clock.now()
    after, stays = erased(kofi.user.id), asked_for(sign_up(email="stays@example.com").user.id)
    asked = len(published.of(PersonAsked))
    said = io.StringIO()
    call_command("erasures", "again", "--since", f"{backup:%FT%T}", stdout=said)
    again = published.of(PersonAsked)[asked:]
    assert [(each.request_id, each.user_id, each.step) for each in again] == [(after.id, after.user_id, "sweep")]
    assert said.getvalue() == "1 people\n"
    answer_all(after, "sweep")  # heard, and nothing more to do
    for erasure, state in ((before, "erased"), (after, "erased"), (stays, "cooling_off")):
        erasure.refresh_from_db()
        assert erasure.state == state
