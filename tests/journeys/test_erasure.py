"""Nothing is left of somebody who was erased, and everything is in the copy they took along; on a whole system."""

import pytest

from tests.journeys.erasure import Erasure
from tests.journeys.narrator import Narrator, eventually
from tests.journeys.remains import remains_of, rows_with, tables_read
from tests.journeys.system import started

ROOMY = "auth=10000/m,write=100000/m,read=100000/m,search=100000/m,upload=100000/m"


@pytest.fixture(scope="module", params=["local", pytest.param("split", marks=pytest.mark.slow)])
def running(request):
    """A system of its own: its clock moves by weeks."""
    with started(request.param, "--no-demo", RATE_LIMITS=ROOMY) as system:
        yield system


def await_forgotten(person, running):
    """The last letter goes out before the address it goes to is forgotten, and with it all the rest."""
    eventually("the address is forgotten", lambda: not rows_with(person.form["email"], running), seconds=30)


@pytest.mark.timeout(900)  # four waits for the scheduler, on a system of its own
def test_people_take_their_data_along_and_nothing_of_them_is_left(running):
    story = Erasure(
        api=running.api,
        live=running.live,
        mailbox=running.mailbox,
        narrator=Narrator(quiet=True),
        clock_file=running.clock_file,
        patience=60.0,
    )
    ama, kofi = story.cast.ama, story.cast.kofi
    story.work_together()
    hers, his = story.marks["Ama"], story.marks["Kofi"]
    for mark in (*hers, *his):
        assert rows_with(mark, running), mark
    assert tables_read(running) > 40

    packed = story.kofi_takes_his_data_along()
    assert packed["identity/account.json"][0]["email"] == kofi.form["email"]
    assert "password" not in packed["identity/account.json"][0]
    assert his[2] in packed["messaging/messages.json"][-1]["text"] + packed["messaging/messages.json"][-2]["text"]
    assert packed["payments/payouts.json"][0]["state"] == "paid"
    assert packed["contracts/signatures.json"][0]["legal_name"] == "Kofi Boateng"
    assert {name.split("/")[0] for name in packed} >= {
        "identity", "marketplace", "contracts", "payments", "messaging", "reviews", "files",
    }  # fmt: skip
    assert any(
        name.startswith("files/content/") and content.endswith(his[2].encode()) for name, content in packed.items()
    )

    story.is_held(kofi, "money_in_wallet")
    story.takes_the_money_out(kofi)
    story.is_erased(kofi)
    await_forgotten(kofi, running)
    assert remains_of(his, running) == []

    story._log_in(ama)
    assert ama.get("/me")["display_name"] == hers[1]  # nothing of hers went with him
    assert ama.get(f"/contracts/{story.cast.things['contract_id']}")["state"] == "completed"
    story.is_held(ama, "money_in_wallet")
    story.takes_the_money_out(ama)
    story.is_erased(ama)
    await_forgotten(ama, running)
    assert remains_of([*hers, *his], running) == []
