"""What is sealed opens where and for whom it was sealed, and nowhere else."""

from uuid import UUID

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kelmah import crypto
from kelmah.crypto import data_keys
from kelmah.crypto.sealing import OVERHEAD
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.testing.databases import rows_of
from tests.kernel.crypto.conftest import place_of, read, store

pytestmark = pytest.mark.domain("probe", "identity")

REGIONS = {"version": 0, "generation": 4, "nonce": 8, "data": 17, "tag": -1}


def sealed(owner: UUID, data: bytes = b"GHA-123456789-0", place: str = "probe.secret.text:1") -> bytes:
    with atomic("probe"):
        return crypto.seal("probe", subject=owner, place=place, data=data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=3000), place=st.text(min_size=1, max_size=60))
def test_whatever_is_sealed_comes_back(data: bytes, place: str) -> None:
    owner = new_id()
    found = sealed(owner, data, place)
    assert len(found) == len(data) + OVERHEAD == len(data) + 33
    assert crypto.unseal("probe", subject=owner, place=place, sealed=found) == data
    assert len(data) < 4 or data not in found


def test_the_same_value_is_sealed_differently_each_time() -> None:
    owner = new_id()
    assert len({sealed(owner) for _ in range(20)}) == 20


@pytest.mark.parametrize("region", REGIONS)
def test_one_changed_bit_anywhere_is_found(region: str) -> None:
    owner = new_id()
    changed = bytearray(sealed(owner))
    changed[REGIONS[region]] ^= 1
    with pytest.raises(crypto.Tampered):
        crypto.unseal("probe", subject=owner, place="probe.secret.text:1", sealed=bytes(changed))


@pytest.mark.parametrize("length", [0, 1, 5, 17, OVERHEAD - 1, OVERHEAD])
def test_cut_off_bytes_are_found(length: int) -> None:
    owner = new_id()
    with pytest.raises(crypto.Tampered):
        crypto.unseal("probe", subject=owner, place="probe.secret.text:1", sealed=sealed(owner)[:length])


def test_a_cell_moved_to_another_row_or_column_does_not_open() -> None:
    owner = new_id()
    found = sealed(owner)
    for place in ("probe.secret.text:2", "probe.secret.other:1", "probe.secret.text:11"):
        with pytest.raises(crypto.Tampered):
            crypto.unseal("probe", subject=owner, place=place, sealed=found)


def test_a_cell_given_to_another_person_does_not_open() -> None:
    owner, other = new_id(), new_id()
    found = sealed(owner)
    with pytest.raises(crypto.Tampered):  # who has no key at all
        crypto.unseal("probe", subject=other, place="probe.secret.text:1", sealed=found)
    sealed(other)
    with pytest.raises(crypto.Tampered):
        crypto.unseal("probe", subject=other, place="probe.secret.text:1", sealed=found)


def test_a_cell_of_another_domain_does_not_open() -> None:
    owner = new_id()
    found = sealed(owner)
    with atomic("identity"):
        crypto.seal("identity", subject=owner, place="probe.secret.text:1", data=b"x")
    with pytest.raises(crypto.Tampered):
        crypto.unseal("identity", subject=owner, place="probe.secret.text:1", sealed=found)


@pytest.mark.parametrize("columns", ["wrapped = other.wrapped", "wrapped = other.wrapped, kek = other.kek"])
def test_a_wrapped_key_moved_to_another_person_does_not_open(columns: str) -> None:
    owner, thief = new_id(), new_id()
    found = sealed(owner)
    sealed(thief)
    with connections["probe"].cursor() as cursor:
        cursor.execute(
            f"UPDATE probe_datakey AS mine SET {columns} FROM probe_datakey AS other"
            " WHERE mine.subject_id = %s AND other.subject_id = %s",
            [thief, owner],
        )
    with pytest.raises(crypto.Tampered):
        crypto.unseal("probe", subject=thief, place="probe.secret.text:1", sealed=found)


def test_sealing_outside_of_the_domains_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="atomic"):
        crypto.seal("probe", subject=new_id(), place="p:1", data=b"x")
    with atomic("identity"), pytest.raises(RuntimeError, match="atomic"):
        crypto.seal("probe", subject=new_id(), place="p:1", data=b"x")


def test_tables_hold_neither_the_text_nor_a_key(caplog: pytest.LogCaptureFixture) -> None:
    owner = new_id()
    text = b"Kwabena Frimpong GHA-987654321-1"
    row = store(owner, text)
    key = data_keys.reading_key("probe", owner, 1)
    everything = str(rows_of("probe", ["secret", "datakey", "outbox"])).encode()
    for secret in (text, key):
        assert secret not in everything
        assert secret.hex().encode() not in everything
    assert key.hex() not in caplog.text
    assert key.hex() not in repr(data_keys.DataKey(1, key))
    assert str(key) not in repr(data_keys.DataKey(1, key))
    assert read(owner, row) == text


def test_many_cells_are_opened_with_one_question(django_assert_num_queries: object) -> None:
    owners = [new_id() for _ in range(20)]
    cells = [
        crypto.Cell(owner, place_of(number), sealed(owner, b"%d" % number, place_of(number)))
        for number, owner in enumerate(owners)
    ]
    crypto.shred("probe", subject=owners[3])
    with django_assert_num_queries(1, using="probe"):  # type: ignore[operator]
        found = crypto.unseal_many("probe", cells)
    assert found == [None if number == 3 else b"%d" % number for number in range(20)]
    with django_assert_num_queries(1, using="probe"):  # type: ignore[operator]  # of the shredded one; the rest is kept
        assert crypto.unseal_many("probe", cells) == found


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_a_blind_index_is_equal_for_equal_texts_only(one: str, other: str) -> None:
    first = crypto.blind_index("probe.number", one)
    assert len(first) == 32
    assert (first == crypto.blind_index("probe.number", other)) == (one == other)
    assert first != crypto.blind_index("probe.name", one)


def test_a_blind_index_depends_on_the_key(keys: object) -> None:
    ours = crypto.blind_index("probe.number", "GHA-123456789-0")
    with pytest.MonkeyPatch.context() as patch:
        from django.conf import settings as django_settings

        patch.setattr(django_settings, "CRYPTO_KEYS_FILE", str(django_settings.BASE_DIR / "tests" / "crypto-keys.json"))
        assert crypto.blind_index("probe.number", "GHA-123456789-0") != ours


def test_a_name_without_a_domain_has_no_index() -> None:
    with pytest.raises(ValueError, match="domain"):
        crypto.blind_index("number", "1")


@pytest.mark.parametrize(
    "change",
    [
        "wrapped = NULL",
        "shredded_at = now()",
        "wrapped = NULL, shredded_at = now()",  # with the name of a wrapping key
        "kek = ''",
    ],
)
def test_a_key_is_whole_or_destroyed(change: str) -> None:
    from django.db import IntegrityError

    sealed(new_id())
    with pytest.raises(IntegrityError), connections["probe"].cursor() as cursor:
        cursor.execute(f"UPDATE probe_datakey SET {change}")
