"""The first paid job, from two strangers to two reviews, with the bad turns that people try on the way.

Plays over HTTP and WebSocket only, reads the letters, and knows nothing else of the system::

    python -m tests.journeys.first_paid_job --api http://127.0.0.1:8000 --mailbox .data/mailbox
"""

import argparse
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kelmah.embedded.folders import data_folder
from tests.journeys.mailbox import Post
from tests.journeys.narrator import BrokenPromise, Narrator, eventually, expect
from tests.journeys.people import GHS, Client, Phone, cedis

PRICE, DEPOSIT, PAYOUT = cedis(1250), cedis(1500), cedis(500)
PNG = (  # one grey pixel
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cch\x00\x00\x00\x82\x00\x81w\xcdr\xb6\x00\x00\x00\x00IEND\xaeB`\x82"
)


@dataclass
class Cast:
    """Who is in the story, and the ids of the things they make."""

    ama: Client  # hires
    kofi: Client  # works
    esi: Client  # a stranger
    things: dict[str, Any] = field(default_factory=dict)


class FirstPaidJob:
    """One telling of the story against a running system."""

    def __init__(
        self,
        *,
        api: str,
        live: str,
        mailbox: Path,
        narrator: Narrator,
        clock_file: Path | None = None,
        patience: float = 0.0,
    ) -> None:
        """``mailbox``: the folder of the system's letters."""
        self.live = live
        self.narrator = narrator
        self.clock_file = clock_file
        self.patience = max(15.0, patience)
        self.letters = Post(mailbox, patience=self.patience)
        self.cast = Cast(*(Client(name, api, narrator, patience=patience) for name in ("Ama", "Kofi", "Esi")))

    def play(self) -> dict[str, Any]:
        """The whole story. Raises BrokenPromise at the first thing that is not as promised."""
        self.up_to_the_contract()
        self.the_milestone_is_funded()
        self.they_chat_and_exchange_a_file()
        self.the_work_is_submitted_and_approved()
        self.the_worker_is_paid()
        self.both_review_each_other_blind()
        self.tokens_age_and_rotate()
        return self.cast.things

    def up_to_the_contract(self) -> None:
        """The first four chapters."""
        self.two_strangers_sign_up()
        self.a_job_is_posted_and_found()
        self.a_proposal_becomes_an_offer()
        self.both_sign_the_contract()

    def two_strangers_sign_up(self) -> None:
        self.narrator.chapter("1. Two strangers sign up")
        run = secrets.token_hex(4)
        for person, role in ((self.cast.ama, "hirer"), (self.cast.kofi, "worker"), (self.cast.esi, "worker")):
            form = {
                "email": f"{person.name.lower()}.{run}@example.com",
                "password": f"{person.name} bakes {run} loaves at dawn",
                "role": role,
                "display_name": f"{person.name} {run}",
            }
            person.sign_up(form, self.letters)
        self._a_known_address_signs_up_again()
        ama, kofi = self.cast.ama, self.cast.kofi
        ama.is_refused(
            "POST", "/auth/register", "tries to become staff", status=400, code="invalid_input",
            body={**ama.form, "email": f"staff.{run}@example.com", "role": "staff"},
        )  # fmt: skip
        ama.is_refused(
            "POST", "/auth/login", "mistypes the password", status=401, code="login_failed",
            body={"login": ama.form["email"], "password": "not my password at all"},
        )  # fmt: skip
        form = {"login": ama.form["email"], "password": ama.form["password"]}
        ama.tokens |= ama.post("/auth/login", form, "logs in on her phone")
        expect(ama.get("/me")["role"] == "hirer", "Ama is a hirer")
        skill = kofi.get("/skills", q="carpent")["items"][0]
        kofi.tokens["skill"] = skill
        profile = kofi.get("/me/profile")
        tag = f'"{profile["version"]}"'
        kofi.patch(
            "/me/profile",
            {
                "headline": "Carpenter in Accra",
                "bio": "Cabinets, doors and roofs since 2012.",
                "skills": [{"skill_id": skill["id"], "level": 4, "years": 12}],
                "place": {"name": "Osu, Accra", "latitude": 5.556, "longitude": -0.182},
                "radius_km": 25,
            },
            "fills in his profile with skills and service area",
            If_Match=tag,
        )
        kofi.is_refused(
            "PATCH", "/me/profile", "edits an old copy of his profile", status=412, code="stale_version",
            body={"headline": "Lost update"}, If_Match=tag,
        )  # fmt: skip

    def a_job_is_posted_and_found(self) -> None:
        self.narrator.chapter("2. A job is posted and found")
        ama, kofi, esi = self.cast.ama, self.cast.kofi, self.cast.esi
        word = f"Sankofa{secrets.token_hex(3)}"
        draft = {
            "title": f"Fit kitchen cabinets at {word}",
            "description": "Six cabinets for a kitchen in Osu, delivered flat. Bring your own tools.",
            "category": "carpentry",
            "skills": [kofi.tokens["skill"]["id"]],
            "kind": "fixed",
            "mode": "onsite",
            "budget": cedis(1300),
            "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18},
        }
        kofi.is_refused("POST", "/jobs", "posts a job as a worker", status=403, code="wrong_role", body=draft)
        job = ama.post("/jobs", draft, "writes a job posting", expects=201, Idempotency_Key=f"job-{word}")
        again = ama.post("/jobs", draft, expects=201, Idempotency_Key=f"job-{word}")
        expect(again["id"] == job["id"], "a repeated Idempotency-Key replays the first answer", again)
        ama.is_refused(
            "POST", "/jobs", "reuses the key for another job", status=422, code="idempotency_key_reused",
            body={**draft, "title": "Something else altogether"}, Idempotency_Key=f"job-{word}",
        )  # fmt: skip
        esi.is_refused("GET", f"/jobs/{job['id']}", "peeks at the draft", status=404, code="not_found")
        job = ama.post(f"/jobs/{job['id']}/publish", None, "publishes it", If_Match=f'"{job["version"]}"')
        found = self._eventually("the job can be found", lambda: kofi.get("/jobs", q=f"{word} cabinet")["items"])
        expect(found[0]["id"] == job["id"], "the job is the first hit", found)
        self.narrator.did("Kofi", "finds it by searching", 200)
        self.cast.things["job_id"] = job["id"]
        name, skill = kofi.form["display_name"], kofi.tokens["skill"]["id"]
        found = ama.get("/workers", "looks for a carpenter nearby", q=name, skill=skill, near="5.56,-0.18")["items"]
        expect(found[0]["user_id"] == kofi.user_id, "the worker is the first hit", found)

    def a_proposal_becomes_an_offer(self) -> None:
        self.narrator.chapter("3. A proposal becomes an offer")
        ama, kofi, esi = self.cast.ama, self.cast.kofi, self.cast.esi
        job_id = self.cast.things["job_id"]
        form = {"cover_letter": "I fitted forty kitchens in Accra.", "amount": PRICE, "delivery_days": 10}
        proposal = kofi.post(f"/jobs/{job_id}/proposals", form, "proposes to do it for 1250.00 GHS", expects=201)
        seen = ama.get(f"/jobs/{job_id}/proposals", "reads the proposals")["items"]
        expect([item["id"] for item in seen] == [proposal["id"]], "the hirer sees the proposal", seen)
        esi.is_refused("GET", f"/proposals/{proposal['id']}", "peeks at it", status=404, code="not_found")
        terms = {
            "scope": "Fit six kitchen cabinets, levelled, doors hung and adjusted.",
            "kind": "fixed",
            "amount": PRICE,
            "milestones": [
                {"title": "Cabinets fitted", "description": "All six in place", "amount": PRICE, "due_in_days": 10}
            ],
        }
        offer = ama.post(f"/proposals/{proposal['id']}/offers", terms, "sends an offer", expects=201)
        esi.is_refused(
            "POST", f"/offers/{offer['id']}/accept", "accepts somebody else's offer", status=404, code="not_found",
            If_Match=f'"{offer["version"]}"',
        )  # fmt: skip
        offer = kofi.get(f"/offers/{offer['id']}")
        accepted = kofi.post(
            f"/offers/{offer['id']}/accept", None, "accepts the offer", If_Match=f'"{offer["version"]}"'
        )
        self.cast.things["contract_id"] = accepted["contract_id"]

    def both_sign_the_contract(self) -> None:
        self.narrator.chapter("4. Both sign the contract")
        ama, kofi, esi = self.cast.ama, self.cast.kofi, self.cast.esi
        path = f"/contracts/{self.cast.things['contract_id']}"
        self._eventually("the contract is there", lambda: ama._send("GET", path).status_code == 200)
        for person, legal_name in ((ama, "Ama Serwaa Mensah"), (kofi, "Kofi Boateng")):
            contract = person.get(path)
            consent = {"legal_name": legal_name, "consent": True, "text_sha256": contract["text_sha256"]}
            tag = f'"{contract["version"]}"'
            if person is ama:
                ama.is_refused(
                    "POST", f"{path}/sign", "signs another text", status=409, code="text_changed",
                    body={**consent, "text_sha256": "0" * 64}, If_Match=tag,
                )  # fmt: skip
            contract = person.post(f"{path}/sign", consent, "signs the frozen text", If_Match=tag)
        expect(contract["state"] == "active", "the second signature makes the contract active", contract["state"])
        esi.is_refused("GET", path, "reads somebody else's contract", status=404, code="not_found")
        self.cast.things["milestone_id"] = contract["milestones"][0]["id"]

    def the_milestone_is_funded(self) -> None:
        self.narrator.chapter("5. The milestone is funded into escrow")
        ama, kofi = self.cast.ama, self.cast.kofi
        path = f"/milestones/{self.cast.things['milestone_id']}"
        tag = f'"{ama.get(path)["version"]}"'
        ama.is_refused("POST", f"{path}/fund", "funds it with an empty wallet", status=422, code="insufficient_funds",
                       If_Match=tag)  # fmt: skip
        key = secrets.token_hex(8)
        form = {"amount": DEPOSIT, "method": {"type": "sandbox", "token": "tok_success"}}
        deposit = ama.post("/wallet/deposits", form, "deposits 1500.00 GHS", expects=202, Idempotency_Key=key)
        again = ama.post("/wallet/deposits", form, expects=202, Idempotency_Key=key)
        expect(again["id"] == deposit["id"], "a repeated deposit is the same deposit", again)
        self._await_state(ama, f"/wallet/deposits/{deposit['id']}", "succeeded")
        self._books()
        kofi.is_refused("POST", f"{path}/fund", "funds his own milestone", status=403, code="not_the_hirer",
                        If_Match=tag)  # fmt: skip
        ama.post(f"{path}/fund", None, "funds the milestone", expects=202, If_Match=tag)
        self._await_state(ama, path, "funded")
        self._books()

    def they_chat_and_exchange_a_file(self) -> None:
        self.narrator.chapter("6. They chat live and exchange a file")
        ama, kofi, esi = self.cast.ama, self.cast.kofi, self.cast.esi
        context = {"kind": "contract", "id": self.cast.things["contract_id"]}
        room = ama.post("/conversations", {"context": context}, expects=200)["id"]
        phones = [Phone(person, self.live) for person in (ama, kofi)]
        for phone in phones:
            phone.send(type="subscribe", conversation=room, since=0)
        first = secrets.token_hex(8)
        phones[0].send(type="send", client_id=first, conversation=room, text="Akwaaba! When can you start?")
        ack = phones[0].wait_for("ack", client_id=first)
        heard = phones[1].wait_for("message", conversation=room, id=ack["message_id"])
        self.narrator.heard("Kofi", f"hears, as number {heard['seq']}: {heard['text']}")
        photo = kofi.upload("sketch.png", "image/png", PNG, kind="chat")
        expect(photo["state"] == "ready", "an honest picture is ready", photo)
        reply = {
            "client_id": secrets.token_hex(8),
            "text": "Tomorrow. Here is a sketch.",
            "file_ids": [photo["file_id"]],
        }
        sent = kofi.post(f"/conversations/{room}/messages", reply, "answers with a sketch", expects=201)
        again = kofi.post(f"/conversations/{room}/messages", reply, expects=201)
        expect(again["id"] == sent["id"], "the same client_id is the same message", again)
        phones[0].wait_for("message", conversation=room, id=sent["id"])
        expect(ama.download(f"/files/{photo['file_id']}/download") == PNG, "Ama receives the very file")
        self.narrator.heard("Ama", "sees the message at once and downloads the sketch")
        self._the_network_drops(phones, room, since=sent["seq"])
        esi.is_refused("POST", f"/conversations/{room}/messages", "writes into their conversation", status=404,
                       code="not_found", body={"client_id": "x1", "text": "Cheaper with me!"})  # fmt: skip
        esi.is_refused("GET", f"/files/{photo['file_id']}", "fetches their file", status=404, code="not_found")
        liar = kofi.upload("virus.png", "image/png", b"MZ\x90\x00 this is a program" * 20, kind="chat")
        expect(
            (liar["status"], liar.get("code")) == (422, "content_not_as_declared"),
            "a lie about the type is found",
            liar,
        )
        self.narrator.was_refused("Kofi", "uploads a program that says it is a picture", 422, liar["code"])
        for phone in phones:
            phone.close()

    def the_work_is_submitted_and_approved(self) -> None:
        self.narrator.chapter("7. The work is submitted and approved")
        ama, kofi = self.cast.ama, self.cast.kofi
        path = f"/milestones/{self.cast.things['milestone_id']}"
        proof = kofi.upload("cabinets.png", "image/png", PNG, kind="photo")
        work = {"note": "All six are in place.", "file_ids": [proof["file_id"]]}
        self._transition(kofi, path, "submit", work, "submits his work with a photo")
        kofi.is_refused("POST", f"{path}/approve", "approves his own work", status=403, code="not_the_hirer",
                        If_Match=f'"{kofi.get(path)["version"]}"')  # fmt: skip
        self._transition(ama, path, "request_changes", {"note": "The third door does not close."}, "asks for a change")
        self._transition(kofi, path, "submit", {"note": "Adjusted."}, "submits again")
        stale = f'"{ama.get(path)["version"] - 1}"'
        ama.is_refused("POST", f"{path}/approve", "approves an old version", status=412, code="stale_version",
                       If_Match=stale)  # fmt: skip
        ama.is_refused("POST", f"{path}/approve", "approves without saying which", status=428,
                       code="precondition_required")  # fmt: skip
        rehearsed = self._transition(ama, f"{path}", "approve?dry_run=true", None, "rehearses the approval")
        expect(rehearsed["state"] == "approved", "a rehearsal shows the result", rehearsed["state"])
        expect(ama.get(path)["state"] == "submitted", "a rehearsal writes nothing")
        self._transition(ama, path, "approve", None, "approves the work")
        self._await_state(kofi, path, "released")

    def the_worker_is_paid(self) -> None:
        self.narrator.chapter("8. The worker is paid, minus the fee")
        ama, kofi, esi = self.cast.ama, self.cast.kofi, self.cast.esi
        path = f"/milestones/{self.cast.things['milestone_id']}"
        ama.is_refused("POST", f"{path}/approve", "releases a second time", status=409, code="invalid_transition",
                       If_Match=f'"{ama.get(path)["version"]}"')  # fmt: skip
        milestone = kofi.get(path)
        expect(milestone["fee"] == cedis(125) and milestone["net"] == cedis(1125), "10 % of 1250 is 125", milestone)
        self._books()
        esi.is_refused("GET", f"/escrows/{self.cast.things['milestone_id']}", "looks into their escrow", status=404,
                       code="not_found")  # fmt: skip
        form = {"amount": PAYOUT, "destination": {"type": "sandbox", "account": "acct_success"}}
        kofi.is_refused("POST", "/wallet/payouts", "withdraws more than he has", status=422, code="insufficient_funds",
                        body={**form, "amount": cedis(5000)})  # fmt: skip
        payout = kofi.post("/wallet/payouts", form, "withdraws 500.00 GHS to his mobile money", expects=202)
        self._await_state(kofi, f"/wallet/payouts/{payout['id']}", "paid")
        self._books()
        lines = kofi.get("/wallet/statement", currency=GHS)["items"]
        total = sum(line["amount"]["amount"] for line in lines)
        expect(total == cedis(625)["amount"], "the statement adds up to the balance", lines)

    def both_review_each_other_blind(self) -> None:
        self.narrator.chapter("9. Both review each other, blind")
        ama, kofi = self.cast.ama, self.cast.kofi
        contract_id = self.cast.things["contract_id"]
        self._eventually("the review window is open", lambda: ama.get("/reviews/open")["items"])
        hers = {
            "contract_id": contract_id,
            "ratings": {"quality": 5, "communication": 5, "punctuality": 4, "value": 5},
            "text": "Careful work, tidy site.",
        }
        first = ama.post("/reviews", hers, "reviews Kofi", expects=201)
        expect(first["state"] == "hidden", "the first review stays hidden", first["state"])
        kofi.is_refused("GET", f"/reviews/{first['id']}", "tries to read it first", status=404, code="not_found")
        his = {
            "contract_id": contract_id,
            "ratings": {"clarity": 5, "payment": 5, "respect": 5},
            "text": "Clear wishes, paid at once.",
        }
        kofi.post("/reviews", his, "reviews Ama", expects=201)
        expect(kofi.get(f"/reviews/{first['id']}")["state"] == "published", "both have written: both can read")
        profile = self._eventually(
            "the profile shows the stars",
            lambda: (seen := ama.get(f"/profiles/{kofi.user_id}"))["reputation"]["reviews"] == 1 and seen,
        )
        self.narrator.heard("everybody", f"sees {profile['reputation']['stars']} stars on Kofi's profile")
        bells = self._eventually("Kofi was told of it all", lambda: kofi.get("/notifications", limit=50)["items"])
        self.narrator.heard("Kofi", f"has {len(bells)} notifications: " + ", ".join(b["kind"] for b in bells[:4]) + "…")

    def tokens_age_and_rotate(self) -> None:
        self.narrator.chapter("10. Tokens age")
        kofi = self.cast.kofi
        if self.clock_file:
            self.clock_file.write_text("900")
            kofi.is_refused("GET", "/me", "comes back with an expired token", status=401, code="token_expired")
        else:
            self.narrator.note("the expired token is played where the clock may be moved: make test")
        old = kofi.tokens["refresh_token"]
        del kofi.tokens["access_token"]
        kofi.tokens |= kofi.post("/auth/refresh", {"refresh_token": old}, "refreshes his tokens")
        if self.clock_file:
            self.clock_file.write_text("960")
            bearer = {"Authorization": f"Bearer {kofi.tokens['access_token']}"}
            kofi.is_refused("POST", "/auth/refresh", "a thief replays the old refresh token", status=401,
                            code="token_reused", body={"refresh_token": old}, Authorization="")  # fmt: skip
            kofi.is_refused("GET", "/me", "is logged out with the whole family", status=401, code="token_invalid",
                            **bearer)  # fmt: skip

    # Private functions

    def _a_known_address_signs_up_again(self) -> None:
        """Whoever does learns nothing; whoever reads the letter does."""
        ama, esi = self.cast.ama, self.cast.esi
        before = len(self.letters.to(ama.form["email"]))
        form = {**esi.form, "email": ama.form["email"]}
        begun = esi.post("/auth/register", form, "signs up with Ama's address and hears nothing", expects=202)
        expect(begun["sent_to"] == "email", "a known address is answered like a new one", begun)
        # Among others that were on their way, such as the welcome.
        self._eventually(
            "a letter that tells Ama that she has an account",
            lambda: [text for text in self.letters.to(ama.form["email"])[before:] if "has an account" in text],
        )
        esi.is_refused(
            "POST", "/auth/register/confirm", "guesses the secret", status=400, code="secret_refused",
            body={"registration_id": begun["registration_id"], "secret": "000000"},
        )  # fmt: skip

    def _transition(self, who: Client, path: str, step: str, body: Any, what: str) -> dict[str, Any]:
        tag = f'"{who.get(path)["version"]}"'
        return dict(who.post(f"{path}/{step}", body, what, If_Match=tag))

    def _await_state(self, who: Client, path: str, state: str) -> None:
        self._eventually(f"{path} becomes {state}", lambda: who.get(path)["state"] == state)

    def _eventually(self, what: str, probe: Callable[[], Any]) -> Any:
        return eventually(what, probe, seconds=self.patience)

    def _the_network_drops(self, phones: list[Phone], room: str, *, since: int) -> None:
        phones[0].drop()
        late = secrets.token_hex(8)
        phones[1].send(type="send", client_id=late, conversation=room, text="Are you still there?")
        missed = phones[1].wait_for("ack", client_id=late)
        phones[0] = Phone(self.cast.ama, self.live)
        phones[0].send(type="subscribe", conversation=room, since=since)
        caught = phones[0].wait_for("message", conversation=room, seq=missed["seq"])
        self.narrator.heard("Ama", f"loses the network, comes back and catches up on: {caught['text']}")

    def _books(self) -> None:
        """The wallets and the escrow, and that nothing was made or lost."""
        ama = self.cast.ama.get("/wallet", currency=GHS)
        kofi = self.cast.kofi.get("/wallet", currency=GHS)
        self.narrator.books(
            f"Ama {_plain(ama['available'])} · escrow {_plain(ama['in_escrow'])} · Kofi {_plain(kofi['available'])}"
        )
        milestone = self.cast.kofi.get(f"/milestones/{self.cast.things['milestone_id']}")
        fee = (milestone["fee"] or {"amount": 0})["amount"]
        paid_out = DEPOSIT["amount"] - sum(
            wallet["amount"] for wallet in (ama["available"], ama["in_escrow"], kofi["available"])
        )
        expect(paid_out - fee in (0, PAYOUT["amount"]), "no money is made or lost", (ama, kofi, fee))


def _plain(money: dict[str, Any]) -> str:
    return f"{money['amount'] / 100:.2f} {money['currency']}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Play the first paid job against a running system.")
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument("--live", default="ws://127.0.0.1:8001")
    parser.add_argument("--mailbox", type=Path, help="the system's letters; by default those of make run")
    parser.add_argument("--clock-file", type=Path, help="the running system's KELMAH_CLOCK_FILE, if it has one")
    parser.add_argument("--quiet", action="store_true", help="say only what went wrong")
    arguments = parser.parse_args()
    narrator = Narrator(quiet=arguments.quiet)
    story = FirstPaidJob(
        api=arguments.api,
        live=arguments.live,
        mailbox=arguments.mailbox or data_folder() / "mailbox",
        narrator=narrator,
        clock_file=arguments.clock_file,
    )
    try:
        story.play()
    except BrokenPromise as broken:
        print(f"\nThe story stops here: {broken}", file=sys.stderr)
        return 1
    narrator.chapter(f"The end: {narrator.steps} steps, every promise kept.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
