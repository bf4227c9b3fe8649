"""What may be uploaded, and how bytes give themselves away."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domains.files import rules
from kelmah.errors import InvalidInput
from tests.files.factories import SAMPLES

MP4 = {"audio/mp4", "video/mp4"}
LIES = [(said, true) for said in SAMPLES for true in SAMPLES if said != true and {said, true} != MP4]


def blocks(content: bytes, size: int = 1024) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def test_the_state_table_has_no_dead_ends():
    assert not rules.FILE.unreachable()
    assert not rules.FILE.dead_ends()
    waiting = rules.FILE.states - rules.FILE.final
    assert all(any(t.source == state and t.deadline for t in rules.FILE.transitions) for state in waiting)


def test_every_type_that_is_taken_has_a_way_to_be_recognized():
    assert {kind for name in rules.UPLOADED for kind in rules.KINDS[name].types} == set(SAMPLES)


@pytest.mark.parametrize("content_type", SAMPLES)
def test_honest_bytes_look_like_what_they_are(content_type):
    assert rules.looks_like(content_type, blocks(SAMPLES[content_type]))


@pytest.mark.parametrize(("said", "true"), LIES)
def test_a_lie_about_the_type_is_seen(said, true):
    assert not rules.looks_like(said, blocks(SAMPLES[true]))


@pytest.mark.parametrize("content_type", SAMPLES)
@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03\x00\x00\x00 This program cannot be run in DOS mode",
        b"\x7fELF\x02\x01\x01" + bytes(60),
        b"PK\x03\x04" + bytes(60),
        bytes(2048),
    ],
    ids=["exe", "elf", "zip", "zeros"],
)
def test_programs_and_archives_look_like_nothing_that_is_taken(content_type, content):
    assert not rules.looks_like(content_type, blocks(content))


@pytest.mark.parametrize("content_type", sorted(set(SAMPLES) - {"text/plain"}))
@pytest.mark.parametrize("content", [b"<!doctype html><script>alert(1)</script>", b"#!/bin/sh\n", b"", b"\x00"])
def test_markup_scripts_and_nothing_are_no_media(content_type, content):
    assert not rules.looks_like(content_type, blocks(content))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.integers(1, 50))
@example("Ɛte sɛn?\u00a0\u202f🧑‍🔧\ufeff", 1)
def test_text_of_any_script_is_text_however_it_is_cut(text, size):
    assert rules.looks_like("text/plain", blocks(text.encode(), size))


@given(
    st.binary(max_size=40),
    st.sampled_from([b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\x00", b"\x1b[2J"]),
    st.integers(1, 9),
)
def test_text_with_one_bad_byte_anywhere_is_no_text(around, bad, size):
    assert not rules.looks_like("text/plain", blocks(b"a" * 3000 + bad + around, size * 500))


def test_text_that_ends_inside_a_character_is_no_text():
    assert not rules.looks_like("text/plain", blocks("Ɛ".encode()[:1]))


def test_latin_1_that_fills_the_first_kilobyte_is_no_text():
    assert not rules.looks_like("text/plain", blocks(b"\xe9\xff" * 2000))


@pytest.mark.parametrize(
    "name",
    ["sketch.png", "Ɔdɔ yɛ wu.pdf", "契約書.pdf", "عقد.pdf", "👩‍🔧.jpg", ".hidden", "a b (2).txt", 'c\'est "ça".png'],
)
def test_names_of_all_scripts_are_taken(name):
    assert rules.is_plain_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "C:\\x.png", "a/b", ".", "..", "...", " . ", "",
        "a\x00.png", "a\n.png", "a\r\nSet-Cookie: x=1.png", "a\x7f", "a\x85b", "a\u2028b", "a\u2029b",
        "invoice\u202egnp.exe", "\u2066a", "a\u200fb", "\ud800.png",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_or_read_otherwise_are_not(name):
    assert not rules.is_plain_name(name)


@given(st.text(max_size=30))
def test_a_plain_name_survives_as_one_line_without_a_path(name):
    if rules.is_plain_name(name):
        assert len(name.splitlines()) == 1
        assert "/" not in name


@pytest.mark.parametrize("kind", sorted(rules.UPLOADED))
def test_the_limit_of_a_kind_is_taken_and_one_byte_more_is_not(kind):
    rule = rules.KINDS[kind]
    said = {"kind": kind, "name": "a", "content_type": "image/png"}
    rules.check_announcement(**said, size=rule.limit)
    with pytest.raises(InvalidInput) as refusal:
        rules.check_announcement(**said, size=rule.limit + 1)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/size", "too_big")]


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidInput) as refusal:
        rules.check_announcement(kind="photo", name="a/b", content_type="text/html", size=10**12)
    assert [error.pointer for error in refusal.value.errors] == ["/name", "/content_type", "/size"]
