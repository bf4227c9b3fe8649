"""Several at once, through providers."""

import pytest

from domains.identity.models import AuthSession, SocialFlow, SocialLogin, User
from tests.identity.factories import sign_up
from tests.identity.oidc.browser import at_provider, come_back, exchange, start

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process]


def proven(api, provider="google"):
    way = start(api, provider)
    return come_back(api, provider, **at_provider(way))["code"], way.secret


def outcomes(answers):
    found = [answer.code or answer.status for answer in answers]
    return {each: found.count(each) for each in found}


def test_of_many_who_bring_one_state_one_is_asked_about(race, api, liar):
    said = at_provider(start(api))
    back = race(lambda: come_back(api, **said), 8)
    assert sum("code" in each for each in back) == 1
    assert liar.asked.count("/token") == 1


def test_of_many_exchanges_of_one_code_one_wins(race, api, liar):
    code, secret = proven(api)
    exchange(api, code, secret)
    api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"})
    code, secret = proven(api)
    answers = race(lambda: exchange(api, code, secret), 8)
    assert outcomes(answers) == {200: 1, "social_flow_invalid": 7}
    assert AuthSession.objects.count() == 2


def test_one_identity_in_many_flows_becomes_one_account(race, api, liar):
    secrets = []
    for _ in range(6):
        code, secret = proven(api)
        exchange(api, code, secret)
        secrets.append(secret)

    def register(secret):
        return lambda: api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"})

    answers = race([register(secret) for secret in secrets])
    assert outcomes(answers) == {201: 1, "link_needed": 5}
    assert (User.objects.count(), SocialLogin.objects.count()) == (1, 1)


def test_one_identity_is_not_linked_to_two_accounts_at_once(race, api, liar):
    def link(tokens, code, secret):
        body = {"code": code, "flow_secret": secret}
        return lambda: api.with_token(tokens.access_token).post("/me/social-logins", body)

    answers = race([link(sign_up(), *proven(api)) for _ in range(6)])
    assert outcomes(answers) == {201: 1, "already_linked": 5}


def test_of_two_ways_in_that_are_unlinked_at_once_one_stays(race, api, liar):
    code, secret = proven(api)
    exchange(api, code, secret)
    made = api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"}).json
    mine = api.with_token(made["access_token"])
    liar.claims = {"sub": "at-linkedin"}
    code, secret = proven(api, "linkedin")
    assert mine.post("/me/social-logins", {"code": code, "flow_secret": secret}).status == 201
    ids = list(SocialLogin.objects.values_list("id", flat=True))
    answers = race([lambda each=each: mine.delete(f"/me/social-logins/{each}") for each in ids])
    assert outcomes(answers) == {204: 1, "last_way_in": 1}
    assert SocialLogin.objects.count() == 1


def test_a_link_and_a_registration_with_one_proof_are_one(race, api, liar):
    code, secret = proven(api)
    exchange(api, code, secret)
    tokens = sign_up()
    answers = race(
        [
            lambda: api.with_token(tokens.access_token).post("/me/social-logins", {"flow_secret": secret}),
            lambda: api.anonymous.post("/auth/social/register", {"flow_secret": secret, "role": "hirer"}),
        ]
    )
    assert outcomes(answers) == {201: 1, "social_flow_invalid": 1}
    assert SocialLogin.objects.count() == 1
    assert SocialFlow.objects.get().state == "over"
