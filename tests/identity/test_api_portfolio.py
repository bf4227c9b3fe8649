"""Portfolios show files of one's own that are ready, as far as files says."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.types import FileInfo
from kelmah.rpc import RemoteUnavailable
from tests.identity.factories import principal_of, sign_up

pytestmark = pytest.mark.domain("identity")


class FakeFiles:
    """Has what a test puts there: the owner of each ready file."""

    def __init__(self) -> None:
        self.owners: dict[UUID, UUID] = {}
        self.down = False
        self.asked: list[list[UUID]] = []

    def infos(self, *, ids: list[UUID]) -> list[FileInfo]:
        self.asked.append(ids)
        if self.down:
            raise RemoteUnavailable
        return [
            FileInfo(
                file_id=each, owner_id=self.owners[each], name="a.jpg", content_type="image/jpeg", size=1, sha256=""
            )
            for each in ids
            if each in self.owners
        ]

    def share(self, *, ids: list[UUID], owner_id: UUID, reader_ids: list[UUID], context: str) -> list[FileInfo]:
        return []

    def reading_link(self, *, file_id: UUID, owner_id: UUID) -> str:
        return f"/files/content/{file_id}"

    def keep_export_part(self, *, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
        raise RemoteUnavailable


@pytest.fixture(autouse=True)
def store() -> Iterator[FakeFiles]:
    fake = FakeFiles()
    with files.replaced_by(fake):
        yield fake


@pytest.fixture
def worker():
    return sign_up(role="worker")


@pytest.fixture
def mine(api, worker):
    return api.as_(principal_of(worker))


def uploaded(store: FakeFiles, owner, count: int = 1) -> list[str]:
    ids = [new_id() for _ in range(count)]
    store.owners |= dict.fromkeys(ids, owner.user.id)
    return [str(each) for each in ids]


def test_files_of_ones_own_are_shown_in_the_order_given(mine, worker, store, api):
    ids = uploaded(store, worker, 3)[::-1]
    answer = mine.patch("/me/profile", {"portfolio_file_ids": ids}, if_match=1)
    assert (answer.status, answer.json["portfolio_file_ids"]) == (200, ids), answer
    assert "portfolio" not in answer.json["completeness"]["missing"]
    assert api.anonymous.get(f"/profiles/{worker.user.id}").json["portfolio_file_ids"] == ids


def test_files_of_others_and_unready_ones_are_refused_by_place(mine, worker, store):
    own, foreign, unready = *uploaded(store, worker), *uploaded(store, sign_up()), str(new_id())
    answer = mine.patch("/me/profile", {"portfolio_file_ids": [own, foreign, unready]}, if_match=1)
    assert answer.status == 400
    assert {error["pointer"]: error["code"] for error in answer.json["errors"]} == {
        "/portfolio_file_ids/1": "unknown_file",
        "/portfolio_file_ids/2": "unknown_file",
    }
    assert mine.get("/me/profile").json["portfolio_file_ids"] == []


def test_a_file_is_shown_once(mine, worker, store):
    answer = mine.patch("/me/profile", {"portfolio_file_ids": uploaded(store, worker) * 2}, if_match=1)
    assert [error["code"] for error in answer.json["errors"]] == ["not_unique"]


def test_only_new_files_are_asked_about(mine, worker, store):
    first = uploaded(store, worker, 2)
    mine.patch("/me/profile", {"portfolio_file_ids": first}, if_match=1)
    store.down = True
    assert mine.patch("/me/profile", {"portfolio_file_ids": first[:1], "headline": "Roofs"}, if_match=2).status == 200
    assert [[str(each) for each in ids] for ids in store.asked] == [first]


def test_without_files_nothing_new_is_shown_and_everything_else_works(mine, worker, store):
    ids = uploaded(store, worker)
    store.down = True
    answer = mine.patch("/me/profile", {"portfolio_file_ids": ids}, if_match=1)
    assert (answer.status, answer.code) == (503, "remote_unavailable")
    assert mine.patch("/me/profile", {"headline": "Roofs"}, if_match=1).status == 200


def test_a_hirer_has_no_portfolio(api, store):
    hirer = sign_up(role="hirer")
    answer = api.as_(principal_of(hirer)).patch(
        "/me/profile", {"portfolio_file_ids": uploaded(store, hirer)}, if_match=1
    )
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [
        ("/portfolio_file_ids", "workers_only")
    ]
