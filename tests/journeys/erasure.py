"""Two people work together, take their data along, and are erased: over HTTP, like everything else."""

import io
import json
import secrets
import zipfile
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.first_paid_job import PNG, FirstPaidJob
from tests.journeys.narrator import eventually, expect
from tests.journeys.people import GHS, Client

DAY = 86_400


class Erasure(FirstPaidJob):
    """After the first paid job. ``marks``: words that stand nowhere but in what one person wrote or is called."""

    def __init__(self, **story: Any) -> None:
        super().__init__(**story)
        self.days = 0
        self.marks: dict[str, list[str]] = {"Ama": [], "Kofi": []}

    def work_together(self) -> None:
        """Rows in every domain, each with words that can be found again."""
        self.up_to_the_contract()
        self.the_milestone_is_funded()
        self.they_chat_and_exchange_a_file()
        self.the_work_is_submitted_and_approved()
        self.the_worker_is_paid()
        self.both_review_each_other_blind()
        for person in (self.cast.ama, self.cast.kofi):
            self.marks[person.name] += [person.form["email"], person.form["display_name"]]
            self._leave_words(person)
        self._more_work()

    def kofi_takes_his_data_along(self) -> dict[str, Any]:
        """Everything that is in the archive, by name."""
        ama, kofi = self.cast.ama, self.cast.kofi
        export = kofi.post("/me/exports", None, "asks for a copy of his data", expects=202)
        kofi.is_refused("POST", "/me/exports", "asks for another at once", status=429, code="export_too_soon")
        path = f"/me/exports/{export['id']}"
        ready = self._eventually("the copy is ready", lambda: (seen := kofi.get(path))["state"] == "ready" and seen)
        expect(len(ready["parts"]) == 7, "every domain brought its part", ready["parts"])
        ama.is_refused("POST", f"{path}/link", "asks for a link to it", status=404, code="not_found")
        link = kofi.post(f"{path}/link", None, "asks for the link")
        ama.is_refused("GET", f"/files/{export['id']}/download", "fetches it as a file", status=404, code="not_found")
        kofi.is_refused("GET", f"/files/{export['id']}/download", "goes around the proof", status=404, code="not_found")
        archive = httpx.get(httpx.URL(str(kofi.http.base_url)).join(link["url"]), timeout=20)
        expect(archive.status_code == 200, "the link gives the archive", archive.status_code)
        with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
            return {
                name: json.loads(packed.read(name)) if name.endswith(".json") else packed.read(name)
                for name in packed.namelist()
            }

    def is_held(self, person: Client, *reasons: str) -> None:
        """They ask, the fourteen days pass, and something stands against it."""
        person.post("/me/erasure", None, "asks to be erased", expects=202)
        person.is_refused("POST", "/me/erasure", "asks twice", status=409, code="erasure_asked_already")
        self._pass_days(14)
        self._log_in(person)
        held = self._eventually("it is held", lambda: (seen := person.get("/me/erasure"))["state"] == "held" and seen)
        expect({each["reason"] for each in held["reasons"]} == set(reasons), "the reasons are named", held["reasons"])

    def takes_the_money_out(self, person: Client) -> None:
        wallet = person.get("/wallet", currency=GHS)["available"]
        form = {"amount": wallet, "destination": {"type": "sandbox", "account": "acct_success"}}
        payout = person.post("/wallet/payouts", form, "withdraws everything", expects=202)
        self._await_state(person, f"/wallet/payouts/{payout['id']}", "paid")

    def is_erased(self, person: Client) -> None:
        """The next day nothing stands against it any more."""
        self._pass_days(1)
        form = {"login": person.form["email"], "password": person.form["password"]}
        eventually("nobody logs in as them", lambda: self._login_fails(person, form), seconds=90)
        eventually(
            "the last letter has come",
            lambda: any("are erased" in text for text in self.letters.to(person.form["email"])),
            seconds=90,
        )

    # Private functions

    def _leave_words(self, person: Client) -> None:
        mark = f"{person.name}{secrets.token_hex(5)}"
        self.marks[person.name].append(mark)
        version = person.get("/me/profile")["version"]
        words = {"headline": f"Ask for {mark}", "bio": f"Call {mark} by day.", "place": {
            "name": f"Behind {mark}'s shop", "latitude": 5.56, "longitude": -0.18}}  # fmt: skip
        person.patch("/me/profile", words, "writes into the profile", If_Match=f'"{version}"')
        room = person.get("/conversations")["items"][0]["id"]
        photo = person.upload(f"{mark}.png", "image/png", PNG + mark.encode(), kind="chat")
        card = person.upload("card.png", "image/png", PNG + mark.encode(), kind="identity")
        paper = {
            "kind": "address",
            "file_ids": [card["file_id"]],
            "name": mark,
            "address": f"{mark} Street",
            "country": "GH",
        }
        person.post("/me/verification/documents", paper, "shows where they live", expects=201)
        message = {"client_id": f"c-{mark}", "text": f"It is {mark} here", "file_ids": [photo["file_id"]]}
        person.post(f"/conversations/{room}/messages", message, "writes a message", expects=201)

    def _more_work(self) -> None:
        """A job that stays open, with a proposal and an offer: what an erasure has to end."""
        ama, kofi = self.cast.ama, self.cast.kofi
        hers, his = self.marks["Ama"][-1], self.marks["Kofi"][-1]
        draft = {
            "title": f"Paint the house of {hers}",
            "description": f"{hers} wants it white. Two floors, paint is there already.",
            "category": "painting",
            "kind": "fixed",
            "mode": "onsite",
            "budget": {"amount": 50_000, "currency": GHS},
            "place": {"name": f"{hers} street", "latitude": 5.56, "longitude": -0.18},
        }
        job = ama.post("/jobs", draft, "writes another posting", expects=201)
        ama.post(f"/jobs/{job['id']}/publish", None, "publishes it", If_Match=f'"{job["version"]}"')
        letter = {"cover_letter": f"{his} paints well.", "amount": draft["budget"], "delivery_days": 5}
        proposal = kofi.post(f"/jobs/{job['id']}/proposals", letter, "proposes", expects=201)
        terms = {
            "scope": f"Two coats, says {hers}.",
            "kind": "fixed",
            "amount": draft["budget"],
            "milestones": [
                {"title": f"White for {hers}", "description": hers, "amount": draft["budget"], "due_in_days": 5}
            ],
        }
        ama.post(f"/proposals/{proposal['id']}/offers", terms, "sends an offer", expects=201)
        company = {"name": f"{hers} Joinery", "size": "2-10", "industry": "construction"}
        made = ama.post("/companies", company, "founds a company", expects=201)
        self._log_in(ama)  # what she may do has changed
        invited = {"email": self.cast.kofi.form["email"], "role": "member"}
        ama.post(f"/companies/{made['id']}/invitations", invited, "invites Kofi", expects=201)
        self.marks["Ama"] += ["Ama Serwaa Mensah"]
        self.marks["Kofi"] += ["Kofi Boateng"]

    def _pass_days(self, days: int) -> None:
        assert self.clock_file is not None
        self.days += days
        draft: Path = self.clock_file.with_suffix(".new")
        draft.write_text(str(self.days * DAY + 60))
        draft.replace(self.clock_file)

    def _log_in(self, person: Client) -> None:
        form = {"login": person.form["email"], "password": person.form["password"]}
        person.tokens.pop("access_token", None)
        person.tokens |= person.post("/auth/login", form, "logs in again")

    def _login_fails(self, person: Client, form: dict[str, str]) -> bool:
        answer = person.http.post("/api/v1/auth/login", json=form)
        return answer.status_code == 401
