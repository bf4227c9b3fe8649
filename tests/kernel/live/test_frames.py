"""What clients send is taken for what it is, or refused by name."""

import json
from typing import Literal
from uuid import UUID

import pytest

from kelmah.errors import InvalidInput
from kelmah.live.frames import MAX_BYTES, Frame, FrameMalformed, FrameReader, FrameUnknown, Hello, Number, Ping, claimed

ROOM = "01930d2e-2000-7b00-8b00-1a2b3c4d5e60"


class Count(Frame):
    type: Literal["count"]
    to: Number


reader = FrameReader(Count)


def test_known_frames_are_read():
    assert reader.read('{"type":"ping"}') == Ping(type="ping")
    assert reader.read('{"type":"count","to":3}') == Count(type="count", to=3)
    hello = reader.read(json.dumps({"type": "hello", "ticket": "t", "resume": {ROOM: 4}}))
    assert isinstance(hello, Hello)
    assert {str(room): seq for room, seq in hello.resume.items()} == {ROOM: 4}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"ping"',
        "null",
        "12",
        "{}",
        '{"kind":"ping"}',
        "[" * 30_000,
        '{"type":"ping","a":' + "[" * 20_000,
        '{"type":"hello","ticket":"\\ud800"}',
        '{"a":' * 9_000 + "1" + "}" * 9_000,
    ],
)
def test_what_is_no_json_object_with_a_type_is_malformed(text):
    assert len(text) < MAX_BYTES
    with pytest.raises(FrameMalformed):
        reader.read(text)


@pytest.mark.parametrize("text", ['{"type":"typing"}', '{"type":5}', '{"type":"PING"}'])
def test_a_type_that_nobody_knows_is_named_as_such(text):
    with pytest.raises(FrameUnknown):
        reader.read(text)


@pytest.mark.parametrize(
    ("frame", "pointer", "code"),
    [
        ({"type": "count"}, "/to", "required"),
        ({"type": "count", "to": "3"}, "/to", "int_type"),
        ({"type": "count", "to": True}, "/to", "int_type"),
        ({"type": "count", "to": 3.0}, "/to", "int_type"),
        ({"type": "count", "to": -1}, "/to", "greater_than_equal"),
        ({"type": "count", "to": 2**53}, "/to", "less_than"),
        ({"type": "count", "to": 3, "step": 1}, "/step", "unknown_field"),
        ({"type": "hello", "ticket": "t" * 201}, "/ticket", "string_too_long"),
        ({"type": "hello", "ticket": "t", "resume": {str(UUID(int=n)): 1 for n in range(101)}}, "/resume", "too_long"),
    ],
)
def test_a_wrong_member_is_named(frame, pointer, code):
    with pytest.raises(InvalidInput) as refused:
        reader.read(json.dumps(frame))
    assert (pointer, code) in [(error.pointer, error.code) for error in refused.value.errors]


def test_what_is_no_number_of_json_is_no_number_here():
    with pytest.raises(InvalidInput):
        reader.read('{"type":"count","to":NaN}')


def test_a_refused_frame_can_still_be_named_by_its_client():
    assert claimed('{"client_id":"a","conversation":5,"text":"x"}', "client_id", "conversation") == {"client_id": "a"}
    assert claimed('{"client_id":"' + "a" * 65 + '"}', "client_id") == {}
    assert claimed("[", "client_id") == claimed("[]", "client_id") == {}
