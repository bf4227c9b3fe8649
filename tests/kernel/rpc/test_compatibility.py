"""``manage.py interfaces``: what breaks a caller is refused, what merely adds is not."""

import json
from dataclasses import dataclass
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from kelmah.rpc import Service, remote
from kelmah.rpc.compatibility import breaks
from kelmah.rpc.schema import Document, document_of, text_of
from kelmah.rpc.service import INTERFACES


class State(Enum):
    OPEN = "open"
    SHUT = "shut"


class WiderState(Enum):
    OPEN = "open"
    SHUT = "shut"
    AJAR = "ajar"


@dataclass(frozen=True)
class Door:
    id: UUID
    state: State
    width: int
    inner: "list[Door]"


@dataclass(frozen=True)
class DoorWithColour:
    id: UUID
    state: State
    width: int
    inner: "list[DoorWithColour]"
    colour: str


@dataclass(frozen=True)
class DoorWithoutWidth:
    id: UUID
    state: State
    inner: "list[DoorWithoutWidth]"


@dataclass(frozen=True)
class WiderDoor:
    id: UUID
    state: WiderState
    width: int
    inner: "list[WiderDoor]"


def _document(takes: dict[str, Any], gives: Any, *, optional: tuple[str, ...] = (), name: str = "ask") -> Document:
    parameters = ", ".join(f"{each}=None" if each in optional else each for each in takes)
    scope: dict[str, Any] = {}
    exec(f"def {name}(self{', *, ' + parameters if parameters else ''}): ...", scope)
    function = scope[name]
    function.__annotations__ = takes | {"return": gives}
    try:
        interface = type(Service)("Probe", (Service,), {name: remote()(function)}, domain="probe", callers=("senders",))
    finally:
        INTERFACES.pop("probe", None)
    return json.loads(text_of(document_of(interface)))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (_document({"id": UUID}, Door), _document({"id": UUID}, Door)),
        (_document({"id": UUID}, Door), _document({"id": UUID, "note": str | None}, Door, optional=("note",))),
        (_document({"id": UUID}, Door), _document({"id": UUID}, Door, optional=("id",))),
        (_document({"id": UUID}, Door), _document({"id": UUID | None}, DoorWithColour)),
        (_document({"id": UUID}, Door | None), _document({"id": UUID}, Door)),
        (_document({"door": Door}, int), _document({"door": WiderDoor}, int)),
        (_document({"doors": list[Door]}, dict[str, float]), _document({"doors": list[Door]}, dict[str, int])),
        (_document({}, tuple[int, str]), _document({}, tuple[int, str])),
    ],
)
def test_what_older_callers_do_not_notice_is_accepted(older: Document, newer: Document) -> None:
    assert breaks(older, newer) == []


@pytest.mark.parametrize(
    ("older", "newer", "sentence"),
    [
        (_document({}, int), _document({}, int, name="other"), "probe.ask was removed"),
        (_document({}, int), _document({"id": UUID}, int), "probe.ask takes.args.id: required"),
        (
            _document({"id": UUID}, int, optional=("id",)),
            _document({"id": UUID}, int),
            "probe.ask takes.args.id: required",
        ),
        (_document({"id": UUID}, int), _document({}, int), "probe.ask takes.args.id: no longer accepted"),
        (_document({"id": UUID}, int), _document({"id": int}, int), "takes.args.id: uuid can't be read as integer"),
        (
            _document({"id": UUID | None}, int),
            _document({"id": UUID}, int),
            "takes.args.id: null can't be read as uuid",
        ),
        (_document({}, Door), _document({}, DoorWithoutWidth), "probe.ask gives.value.width: required by the reader"),
        (_document({}, int), _document({}, str), "probe.ask gives.value: string can't be read as integer"),
        (_document({}, int), _document({}, int | None), "probe.ask gives.value: null can't be read as integer"),
        (_document({}, int | str), _document({}, list[int]), "gives.value: array is none of integer, string"),
        (_document({}, Door), _document({}, WiderDoor), "gives.value.state: ajar|open|shut can't be read as open|shut"),
        (_document({}, list[int]), _document({}, list[str]), "gives.value[]: string can't be read as integer"),
        (_document({}, dict[str, int]), _document({}, dict[str, str]), "gives.value[]: string can't be read"),
        (_document({}, dict[str, int]), _document({}, Door), "gives.value: object can't be read as object"),
        (
            _document({}, tuple[int, str]),
            _document({}, tuple[int, int]),
            "gives.value[1]: integer can't be read as string",
        ),
        (
            _document({}, tuple[int, str]),
            _document({}, tuple[int, str, int]),
            "gives.value: array can't be read as array",
        ),
    ],
)
def test_what_would_break_an_older_caller_is_named(older: Document, newer: Document, sentence: str) -> None:
    problems = breaks(older, newer)
    assert any(sentence in problem for problem in problems), problems


def test_a_caller_that_is_dropped_from_the_list_is_named() -> None:
    older, newer = _document({}, int), _document({}, int) | {"callers": []}
    assert breaks(older, newer) == ["probe: senders may no longer call"]


@pytest.fixture
def kept(settings, tmp_path: Path) -> Path:
    """A folder with the documents of today."""
    settings.BASE_DIR = tmp_path
    call_command("interfaces", "--write", stdout=StringIO())
    return tmp_path / "docs" / "interfaces"


def _check() -> None:
    call_command("interfaces", "--check", stdout=StringIO())


def _change(path: Path, change: Any) -> None:
    document = json.loads(path.read_text())
    change(document["methods"]["people"])
    path.write_text(text_of(document))


def test_documents_just_written_pass_the_check(kept: Path) -> None:
    _check()
    assert json.loads((kept / "identity.json").read_text())["interface"] == "Identity"


def test_a_document_that_lacks_an_addition_is_stale(kept: Path) -> None:
    _change(kept / "identity.json", lambda method: method.update(raises=["gone"]))
    with pytest.raises(CommandError, match=r"identity\.json: run manage\.py interfaces --write"):
        _check()
    call_command("interfaces", "--write", stdout=StringIO())
    _check()


def test_a_missing_document_is_stale(kept: Path) -> None:
    (kept / "identity.json").unlink()
    with pytest.raises(CommandError, match="stale"):
        _check()


def test_a_breaking_change_is_neither_checked_nor_written_unless_said(kept: Path) -> None:
    _change(kept / "identity.json", lambda method: method["gives"]["$defs"]["Person"].update(required=["shoe_size"]))
    with pytest.raises(CommandError, match=r"identity\.people gives\.value\[\]\.shoe_size"):
        _check()
    with pytest.raises(CommandError, match="a caller would break"):
        call_command("interfaces", "--write", stdout=StringIO())
    call_command("interfaces", "--write", "--breaking", stdout=StringIO())
    _check()


def test_an_interface_that_left_the_shelf_is_named(kept: Path) -> None:
    (kept / "probe.json").write_text(text_of(_document({}, int)))
    with pytest.raises(CommandError, match="probe: the interface was removed"):
        _check()


def test_the_documents_in_the_repository_are_those_of_the_code() -> None:
    _check()
