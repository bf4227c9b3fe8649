"""``replaced_by``: how a domain is tested while the others are absent."""

import threading

import pytest

from tests.kernel.rpc.parcels.calls import Parcels, parcels
from tests.kernel.rpc.parcels.service import ParcelsService


class Forgetful(ParcelsService):
    def note_of(self, *, parcel=None, note="forgotten") -> str:
        return note


def test_a_replacement_is_seen_by_other_threads_and_gone_afterwards() -> None:
    seen: list[str] = []
    with parcels.replaced_by(Forgetful()):
        thread = threading.Thread(target=lambda: seen.append(parcels.note_of(parcel=None)))
        thread.start()
        thread.join(timeout=10)
    assert seen == ["forgotten"]
    with pytest.raises(LookupError):
        parcels.note_of(parcel=None)


def test_replacements_nest_and_an_error_ends_them_too() -> None:
    with parcels.replaced_by(ParcelsService()):
        with pytest.raises(ZeroDivisionError), parcels.replaced_by(Forgetful()):
            parcels.bug()
        with parcels.replaced_by(Forgetful()):
            assert parcels.note_of(parcel=None) == "forgotten"
        assert parcels.note_of(parcel=None) == "the default of the service"
    assert Parcels.replacement is None


def test_a_fake_that_promises_less_is_refused() -> None:
    class Fake:
        def same(self, *, parcel, note="x"):
            return parcel

    with (
        pytest.raises(TypeError, match=r"Fake\.note_of is missing: the interface parcels promises it"),
        parcels.replaced_by(Fake()),
    ):
        pass


def test_a_fake_with_other_parameters_is_refused() -> None:
    fake = ParcelsService()
    fake.forget = lambda *, everything: None  # type: ignore[method-assign]
    with pytest.raises(TypeError, match=r"forget takes \(everything\): promised is \(\)"), parcels.replaced_by(fake):
        pass


def test_the_interface_itself_replaces_nothing() -> None:
    with pytest.raises(TypeError, match="is missing"), parcels.replaced_by(parcels):
        pass
