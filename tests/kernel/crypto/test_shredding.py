"""A destroyed key is gone for everybody and is not made again."""

import multiprocessing
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from kelmah import crypto
from kelmah.crypto import data_keys, rotation
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.kernel.crypto.conftest import place_of, read, store
from tests.probe.models import DataKey

pytestmark = pytest.mark.domain("probe", transaction=True)

Race = Callable[..., list[Any]]


def test_what_was_sealed_can_never_be_read_again() -> None:
    owner, other = new_id(), new_id()
    row, theirs = store(owner, b"mine"), store(other, b"theirs")
    assert read(owner, row) == b"mine"
    crypto.shred("probe", subject=owner)
    with pytest.raises(crypto.Shredded):
        read(owner, row)
    assert read(other, theirs) == b"theirs"


def test_nothing_can_be_sealed_for_somebody_shredded() -> None:
    owner = new_id()
    store(owner, b"mine")
    crypto.shred("probe", subject=owner)
    with pytest.raises(crypto.Shredded):
        store(owner, b"more")
    assert DataKey.objects.filter(subject_id=owner).count() == 1


def test_somebody_who_never_had_a_key_gets_none_afterwards() -> None:
    owner = new_id()
    crypto.shred("probe", subject=owner)
    with pytest.raises(crypto.Shredded):
        store(owner, b"late")


def test_shredding_twice_is_once() -> None:
    owner = new_id()
    store(owner, b"mine")
    crypto.shred("probe", subject=owner)
    first = DataKey.objects.get(subject_id=owner).shredded_at
    crypto.shred("probe", subject=owner)
    assert DataKey.objects.get(subject_id=owner).shredded_at == first


def test_a_shredding_that_is_rolled_back_has_not_been() -> None:
    owner = new_id()
    row = store(owner, b"mine")
    with pytest.raises(ZeroDivisionError), atomic("probe"):
        crypto.shred("probe", subject=owner)
        raise ZeroDivisionError
    assert read(owner, row) == b"mine"


def test_a_key_whose_first_seal_was_rolled_back_is_not_remembered() -> None:
    owner = new_id()
    with pytest.raises(ZeroDivisionError), atomic("probe"):
        sealed = crypto.seal("probe", subject=owner, place=place_of(1), data=b"lost")
        assert crypto.unseal("probe", subject=owner, place=place_of(1), sealed=sealed) == b"lost"
        raise ZeroDivisionError
    row = store(owner, b"kept")
    assert read(owner, row) == b"kept"
    with pytest.raises(crypto.Tampered):
        crypto.unseal("probe", subject=owner, place=place_of(1), sealed=sealed)


def test_two_first_seals_at_once_make_one_key(race: Race) -> None:
    for _ in range(10):
        owner = new_id()
        rows = race(lambda owner=owner: store(owner, b"same person"), 6)
        assert DataKey.objects.filter(subject_id=owner).count() == 1
        assert [read(owner, row) for row in rows] == [b"same person"] * 6


def test_a_first_seal_and_a_shredding_at_once_leave_no_key(race: Race) -> None:
    for _ in range(10):
        owner = new_id()
        race([lambda owner=owner: store(owner, b"x"), lambda owner=owner: crypto.shred("probe", subject=owner)])
        (key,) = DataKey.objects.filter(subject_id=owner)
        assert key.wrapped is None


def test_a_renewal_and_a_shredding_at_once_leave_no_key(race: Race) -> None:
    for _ in range(10):
        owner = new_id()
        store(owner, b"x")
        race(
            [
                lambda owner=owner: data_keys.renew("probe", subject=owner),
                lambda owner=owner: crypto.shred("probe", subject=owner),
                lambda owner=owner: data_keys.renew("probe", subject=owner),
            ]
        )
        assert not DataKey.objects.filter(subject_id=owner, wrapped__isnull=False).exists()


def test_a_rewrapping_and_a_shredding_at_once_leave_no_key(race: Race, keys: Any) -> None:
    from django.core.management import call_command

    owners = [new_id() for _ in range(30)]
    for owner in owners:
        store(owner, b"x")
    call_command("crypto", "new-kek", domain=["probe"])

    def shred_all() -> None:
        for owner in owners:
            crypto.shred("probe", subject=owner)

    outcome = race([shred_all, lambda: rotation.rewrap("probe", batch=3)])
    assert not [each for each in outcome if isinstance(each, Exception)], outcome
    assert not DataKey.objects.filter(wrapped__isnull=False).exists()


def test_a_key_shredded_by_another_process_reads_for_seconds_at_most_and_never_seals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data_keys, "KEPT_FOR", 0.3)
    owner = new_id()
    row = store(owner, b"mine")
    assert read(owner, row) == b"mine"  # the key is kept here now
    shred_elsewhere(owner)
    with pytest.raises(crypto.Shredded):
        store(owner, b"more")
    time.sleep(0.35)
    with pytest.raises(crypto.Shredded):
        read(owner, row)


def shred_elsewhere(owner: UUID) -> None:
    """In another process; here its effect is what its transaction leaves in the table."""
    connections["probe"].close()
    child = multiprocessing.get_context("fork").Process(target=crypto.shred, args=("probe",), kwargs={"subject": owner})
    child.start()
    child.join(20)
    assert child.exitcode == 0
