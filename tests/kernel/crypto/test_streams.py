"""Files, sealed in blocks."""

import io
import os
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelmah import crypto
from kelmah.crypto.streams import BLOCK
from kelmah.db import atomic
from kelmah.ids import new_id

pytestmark = pytest.mark.domain("probe")

HEADER, SEALED_BLOCK = 37, BLOCK + 16
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7]


class Dripping(io.RawIOBase):
    """Gives as little as it likes at a time, as a slow phone does."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, self._step) if size >= 0 else self._step)


def sealed(owner: UUID, data: bytes, *, place: str = "probe.file:1", step: int = 1 << 30) -> bytes:
    with atomic("probe"):
        sealer = crypto.stream_sealer("probe", subject=owner, place=place)
    return b"".join(sealer.blocks(Dripping(data, step)))


def opened(owner: UUID, found: bytes, *, place: str = "probe.file:1") -> crypto.SealedReader:
    return crypto.SealedReader("probe", subject=owner, place=place, source=io.BytesIO(found))


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_comes_back(size: int) -> None:
    owner, data = new_id(), os.urandom(size)
    found = sealed(owner, data)
    assert opened(owner, found).read() == data
    assert size < 8 or data[:8] not in found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.sampled_from(SIZES), step=st.integers(900, 200_000), cuts=st.lists(st.integers(0, 4 * BLOCK), max_size=5)
)
def test_any_part_can_be_read_alone(size: int, step: int, cuts: list[int]) -> None:
    owner, data = new_id(), os.urandom(size)
    reader = io.BufferedReader(opened(owner, sealed(owner, data, step=step)))
    for start in cuts:
        reader.seek(start)
        assert reader.read(1000) == data[start : start + 1000]
    assert reader.seek(-min(5, size), os.SEEK_END) == size - min(5, size)


def test_two_copies_of_one_file_share_no_block() -> None:
    owner, data = new_id(), bytes(2 * BLOCK)
    one, other = sealed(owner, data), sealed(owner, data)
    pieces = [found[start : start + 32] for found in (one, other) for start in range(HEADER, len(found), SEALED_BLOCK)]
    assert len(set(pieces)) == len(pieces)


PLACES = {"version": 0, "generation": 4, "salt": 20, "first block": HEADER + 5, "last tag": -1}


@pytest.mark.parametrize("where", PLACES)
def test_one_changed_byte_anywhere_is_found(where: str) -> None:
    owner = new_id()
    found = bytearray(sealed(owner, os.urandom(2 * BLOCK + 9)))
    found[PLACES[where]] ^= 1
    with pytest.raises(crypto.Tampered):
        opened(owner, bytes(found)).read()


def test_blocks_that_are_moved_repeated_dropped_or_cut_off_are_found() -> None:
    owner = new_id()
    found = sealed(owner, os.urandom(3 * BLOCK))
    head, blocks = found[:HEADER], [found[at : at + SEALED_BLOCK] for at in range(HEADER, len(found), SEALED_BLOCK)]
    first, second, third = blocks
    for wrong in (
        [second, first, third],
        [first, first, third],
        [first, third],
        [first, second],
        [first, second, third, third],
        [first, second, third[:-20]],
        [first, second, third[:10]],
        [],
    ):
        with pytest.raises(crypto.Tampered):
            opened(owner, head + b"".join(wrong)).read()


def test_a_file_under_another_name_or_of_another_person_does_not_open() -> None:
    owner, other = new_id(), new_id()
    found = sealed(owner, b"my passport")
    sealed(other, b"theirs")
    with pytest.raises(crypto.Tampered):
        opened(owner, found, place="probe.file:2").read()
    with pytest.raises(crypto.Tampered):
        opened(other, found).read()


def test_a_file_of_somebody_shredded_is_gone() -> None:
    owner = new_id()
    found = sealed(owner, b"my passport")
    crypto.shred("probe", subject=owner)
    with pytest.raises(crypto.Shredded):
        opened(owner, found)


def test_a_sealer_seals_one_file() -> None:
    with atomic("probe"):
        sealer = crypto.stream_sealer("probe", subject=new_id(), place="p:1")
    assert list(sealer.blocks(io.BytesIO(b"x")))
    with pytest.raises(RuntimeError):
        list(sealer.blocks(io.BytesIO(b"y")))
