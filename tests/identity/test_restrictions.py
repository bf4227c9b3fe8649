"""Restrictions: a reason, evidence, an end, and a human who looks again."""

from datetime import datetime, timedelta

import pytest

from domains.identity import actions
from domains.identity.actions import api_keys, restrictions
from domains.identity.models import Restriction, User
from domains.identity.queries.restrictions import taken_from
from domains.identity.rules import restrictions as rules
from domains.identity.tasks import end_what_expired
from kelmah import clock as kelmah_clock
from kelmah import rights
from kelmah.errors import InvalidInput, InvalidTransition, NotFound, StaleVersion
from kelmah.http.authentication import read_access_token
from kelmah.http.errors import Restricted, WrongRole
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import colleague, sign_up, staff

pytestmark = pytest.mark.domain("identity")

EVIDENCE = "Three jobs of 3, 4 and 5 November have one text."


def in_days(days: float) -> datetime:
    return kelmah_clock.now() + timedelta(days=days)


def impose(user: User, by: User | None = None, **as_) -> Restriction:
    form = {"kind": "posting", "code": "spam", "evidence": EVIDENCE, "until": in_days(10), "source": "duplicates"}
    return restrictions.impose(user_id=user.id, by_id=by.id if by else None, **form | as_)


def appeal(restriction: Restriction, **as_) -> Restriction:
    form = {"user_id": restriction.user_id, "text": "They are three sites.", "expected_version": None}
    return restrictions.appeal(restriction_id=restriction.id, **form | as_)


@pytest.fixture
def ama() -> User:
    return sign_up(role="hirer").user


@pytest.fixture
def efua() -> User:
    return colleague("moderator")


# --- told to other domains ---------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_others_hear_from_whom_a_permission_is_taken_now(ama, clock):
    kofi, yaw = sign_up().user, sign_up().user
    impose(ama, kind="payouts", until=in_days(1))
    impose(kofi)
    everybody = [ama.id, kofi.id, yaw.id, new_id()]
    asked = {"ids": everybody, "permission": "payments.request_payout"}
    assert identity.restricted_among(**asked) == [ama.id]
    assert identity.restricted_among(ids=[], permission="payments.request_payout") == []
    assert identity.restricted_among(ids=everybody, permission="no.such") == []
    clock.advance(days=2)
    assert identity.restricted_among(**asked) == []


# --- imposing ----------------------------------------------------------------------------------------------------


@pytest.mark.domain("identity", transaction=True)
def test_what_is_taken_is_gone_from_the_next_token_and_the_last_one_dies(api):
    tokens = sign_up(role="hirer")
    impose(tokens.user)
    assert api.with_token(tokens.access_token).get("/me").code == "token_stale"
    caller, _ = read_access_token(actions.refresh(refresh_token=tokens.refresh_token).access_token)
    assert caller.restricted == {"marketplace.post_jobs"}
    assert not rights.can(caller, "marketplace.post_jobs")
    assert rights.can(caller, "identity.edit_profile")
    with pytest.raises(Restricted):
        rights.check(caller, "marketplace.post_jobs")


def test_a_route_tells_who_is_restricted_why_they_dont_come_in(api, ama):
    tokens = actions.log_in(login=ama.email, password="seven cedis for kenkey", device=actions.Device())
    impose(ama, kind="profile")
    client = api.with_token(actions.refresh(refresh_token=tokens.refresh_token).access_token)
    refused = client.get("/me/profile")
    assert (refused.status, refused.code) == (403, "restricted")
    assert refused.json["data"] == {"restrictions": "/api/v1/me/restrictions"}
    assert client.get("/me/restrictions").status == 200


def test_programs_of_the_restricted_are_restricted(ama):
    impose(ama)
    made = api_keys.make_key(user_id=ama.id, name="CRM", scopes=["marketplace:write"])
    token = api_keys.exchange_key(text=made.text, ip="192.0.2.1").access_token
    assert read_access_token(token)[0].restricted == {"marketplace.post_jobs"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "breathing"},
        {"code": "because"},
        {"evidence": ""},
        {"evidence": "x" * 2001},
        {"evidence": "a\x00b"},
        {"until": datetime(2020, 1, 1, tzinfo=kelmah_clock.now().tzinfo)},
    ],
)
def test_a_restriction_has_a_kind_a_reason_evidence_and_an_end(ama, wrong):
    with pytest.raises(InvalidInput):
        impose(ama, **wrong)


def test_machines_restrict_for_a_fortnight_and_staff_for_a_year_at_most(ama, efua):
    with pytest.raises(InvalidInput):
        impose(ama, until=in_days(14.1))
    with pytest.raises(InvalidInput):
        impose(ama, efua, until=in_days(365.1))
    assert impose(ama, efua, until=in_days(364)).imposed_by == efua


def test_one_at_a_time_of_a_kind(ama):
    impose(ama)
    with pytest.raises(rules.AlreadyRestricted):
        impose(ama)
    impose(ama, kind="payouts")
    assert taken_from(ama.id) == ["marketplace.post_jobs", "payments.request_payout", "payments.request_refund"]


def test_only_members_are_restricted_and_only_by_those_who_may(ama):
    with pytest.raises(rules.NotAMember):
        impose(staff())
    for clerk in (colleague("support"), colleague("finance"), sign_up().user):
        with pytest.raises(WrongRole):
            impose(ama, clerk)
    with pytest.raises(NotFound):
        restrictions.impose(
            user_id=new_id(), kind="posting", code="spam", evidence="x", until=in_days(1), by_id=None, source="x"
        )


# --- appealing ---------------------------------------------------------------------------------------------------


def test_an_appeal_is_heard_by_somebody_else_than_who_imposed(ama, efua, published):
    restriction = impose(ama, efua)
    appeal(restriction)
    for step in (restrictions.uphold, restrictions.lift):
        with pytest.raises(rules.OwnDecision):
            step(restriction_id=restriction.id, by_id=efua.id, note="I was right")
    other = colleague("compliance")
    assert (
        restrictions.uphold(restriction_id=restriction.id, by_id=other.id, note="The texts are one").state == "upheld"
    )
    assert taken_from(ama.id)
    assert restrictions.lift(restriction_id=restriction.id, by_id=other.id, note="Enough").state == "lifted"
    assert taken_from(ama.id) == []
    told = [event.what for event in published.of(AccountChanged) if event.user_id == ama.id]
    assert told == ["restricted", "restriction_upheld", "restriction_lifted"]


def test_an_appeal_is_ones_own_once_and_in_time(ama, efua, clock):
    restriction = impose(ama, efua, until=in_days(60))
    with pytest.raises(NotFound):
        appeal(restriction, user_id=sign_up().user.id)
    with pytest.raises(StaleVersion):
        appeal(restriction, expected_version=9)
    with pytest.raises(InvalidInput):
        appeal(restriction, text=" ")
    late = impose(ama, efua, kind="payouts", until=in_days(60))
    appeal(restriction)
    with pytest.raises(InvalidTransition):
        appeal(restriction)
    clock.advance(days=30, seconds=1)
    with pytest.raises(rules.AppealTooLate):
        appeal(late)


def test_nobody_refuses_an_appeal_that_was_not_made(ama, efua):
    restriction = impose(ama)
    with pytest.raises(InvalidTransition):
        restrictions.uphold(restriction_id=restriction.id, by_id=efua.id, note="No")
    with pytest.raises(InvalidInput):
        restrictions.lift(restriction_id=restriction.id, by_id=efua.id, note="")
    with pytest.raises(WrongRole):
        restrictions.lift(restriction_id=restriction.id, by_id=colleague("support").id, note="They asked nicely")
    assert restrictions.lift(restriction_id=restriction.id, by_id=efua.id, note="A mistake").state == "lifted"


# --- the clock ---------------------------------------------------------------------------------------------------


def test_it_ends_by_the_clock_and_can_be_imposed_again(ama, clock):
    first = impose(ama)
    clock.advance(days=10)
    assert taken_from(ama.id) == []  # to the second, whenever the beat comes
    with pytest.raises(InvalidTransition):
        appeal(first)
    second = impose(ama)
    first.refresh_from_db()
    assert first.state == "expired"
    clock.advance(days=10)
    assert end_what_expired() == 1
    second.refresh_from_db()
    assert second.state == "expired"
    assert end_what_expired() == 0


def test_what_a_machine_did_is_lifted_when_no_human_answers(ama, efua, clock):
    by_machine, by_human = impose(ama), impose(ama, efua, kind="payouts", until=in_days(60))
    appeal(by_machine)
    appeal(by_human)
    clock.advance(days=7)
    assert end_what_expired() == 1
    by_machine.refresh_from_db()
    by_human.refresh_from_db()
    assert (by_machine.state, by_human.state) == ("lifted", "appealed")


def test_the_table_of_restrictions_has_no_dead_ends():
    assert not rules.RESTRICTION.unreachable()
    assert not rules.RESTRICTION.dead_ends()


# --- over REST ---------------------------------------------------------------------------------------------------


def test_a_person_reads_why_and_appeals(api):
    tokens = sign_up(role="hirer")
    restriction = impose(tokens.user)
    client = api.with_token(actions.refresh(refresh_token=tokens.refresh_token).access_token)
    (shown,) = client.get("/me/restrictions").json["items"]
    assert (shown["code"], shown["evidence"], shown["by_machine"]) == ("spam", EVIDENCE, True)
    assert (shown["takes"], shown["available_transitions"]) == (["marketplace.post_jobs"], ["appeal"])
    at = f"/me/restrictions/{restriction.id}/appeal"
    assert client.post(at, {"text": "No"}).status == 428
    assert client.post(at, {"text": "No", "state": "lifted"}, if_match=1).status == 400
    answer = client.post(at, {"text": "They are three sites."}, if_match=1)
    assert (answer.status, answer.json["state"], answer.etag) == (200, "appealed", '"2"')
    assert client.post(at, {"text": "Again"}, if_match=2).status == 409


def test_restrictions_of_others_are_not_found_and_nobody_asks(api, ama):
    restriction = impose(ama)
    at = f"/me/restrictions/{restriction.id}/appeal"
    other = api.with_token(sign_up().access_token)
    assert other.get("/me/restrictions").json["items"] == []
    assert other.post(at, {"text": "Mine"}, if_match=1).status == 404
    assert api.anonymous.get("/me/restrictions").status == 401
    assert api.anonymous.post(at, {"text": "Mine"}, if_match=1).status == 401
