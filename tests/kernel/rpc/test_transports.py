"""One suite, three transports: whoever calls can't tell where the other domain runs."""

import os
import sys
import time
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connections

from kelmah.db import atomic, in_atomic, rehearsal
from kelmah.domain import DomainConfig
from kelmah.errors import FieldError
from kelmah.http.request_id import on_behalf_of
from kelmah.ids import new_id
from kelmah.rpc import CallerNotAllowed, CallInsideTransaction, DeadlineExceeded, RemoteFailure
from kelmah.rpc.deadline import within
from tests.kernel.rpc.parcels.calls import ParcelLost, Parcels, ParcelTooHeavy
from tests.kernel.rpc.parcels.types import Parcel


def test_what_may_cross_arrives_as_it_was(service: Parcels, parcel: Parcel, due_parcel: Parcel) -> None:
    assert service.same(parcel=parcel) == parcel
    assert service.same(parcel=due_parcel) == due_parcel
    assert service.same(parcel=None) is None
    assert service.by_id(parcels=[parcel]) == {str(parcel.id): parcel}
    assert service.by_id(parcels=[]) == {}
    assert service.forget() is None


def test_types_survive_and_not_only_values(service: Parcels, due_parcel: Parcel) -> None:
    back = service.same(parcel=due_parcel)
    assert back is not None
    assert isinstance(back.id, UUID)
    assert type(back.items[0].parts) is tuple
    assert type(back.corners) is tuple
    assert back.sent_at.utcoffset() is not None
    assert str(back.items[0].weight) == "1.50"


def test_a_default_is_chosen_by_the_service(service: Parcels) -> None:
    assert service.note_of(parcel=None) == "the default of the service"
    assert service.note_of(parcel=None, note="mine") == "mine"


def test_a_declared_error_arrives_as_its_class_with_data_and_field_errors(service: Parcels) -> None:
    with pytest.raises(ParcelLost) as caught:
        service.find(id=new_id())
    assert (caught.value.detail, caught.value.status) == ("Ask at the depot.", 404)
    assert caught.value.data == {"depot": "Accra", "days": [1, 2]}
    assert caught.value.errors == (FieldError("/id", "gone", "It is gone."),)


def test_an_error_with_a_constructor_of_its_own_arrives(service: Parcels) -> None:
    with pytest.raises(ParcelTooHeavy, match="70 kg is too heavy") as caught:
        service.find(id=new_id(), kilograms=70)
    assert caught.value.data == {"kilograms": 70}


def test_a_missing_unknown_or_positional_argument_is_refused(service: Parcels, parcel: Parcel) -> None:
    with pytest.raises(TypeError):
        service.same()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        service.same(parcel=parcel, colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        service.same(parcel)  # type: ignore[misc]


@pytest.mark.domain("*")
def test_a_call_inside_a_transaction_is_refused(service: Parcels) -> None:
    holder = next(alias for alias in connections if alias != "default")
    with atomic(holder), pytest.raises(CallInsideTransaction, match=rf"parcels\.same .*atomic\('{holder}'\)"):
        service.same(parcel=None)
    assert in_atomic() is None
    assert service.same(parcel=None) is None


def test_the_caller_is_the_domain_in_whose_code_the_call_stands(service: Parcels, monkeypatch) -> None:
    for domain in ("senders", "strangers"):
        monkeypatch.setitem(apps.app_configs, domain, DomainConfig(f"domains.{domain}", sys.modules[__name__]))
    assert _standing_in("domains.senders.actions", lambda: service.forget()) is None
    with pytest.raises(CallerNotAllowed, match=r"strangers may not call parcels\.forget"):
        _standing_in("domains.strangers.actions", lambda: service.forget())


def test_code_outside_domains_speaks_for_the_only_domain_of_its_process(service: Parcels, settings) -> None:
    settings.LOCAL_DOMAINS = ("strangers",)
    with pytest.raises(CallerNotAllowed, match="strangers may not call"):
        service.forget()
    settings.LOCAL_DOMAINS = ("senders",)
    assert service.forget() is None


def test_no_call_begins_after_the_deadline(service: Parcels) -> None:
    with within(0.05):
        time.sleep(0.06)
        with pytest.raises(DeadlineExceeded):
            service.forget()


def test_a_call_inherits_what_an_outer_deadline_leaves(service: Parcels) -> None:
    assert 1.0 < service.circumstances().seconds_left <= 5.0
    with within(0.9):
        assert 0 < service.circumstances().seconds_left <= 0.9


def test_a_rehearsal_stays_one_on_the_other_side(service: Parcels) -> None:
    assert not service.circumstances().rehearsing
    with rehearsal():
        assert service.circumstances().rehearsing


def test_the_other_process_is_another_process(over_http: Parcels) -> None:
    assert over_http.circumstances().process != os.getpid()


def test_the_names_of_the_request_travel_along(wired: Parcels) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with on_behalf_of("0123456789-of-the-test", trace):
        there = wired.circumstances()
    assert (there.request_id, there.traceparent) == ("0123456789-of-the-test", trace)


def test_an_error_that_the_interface_does_not_declare_is_a_remote_failure(wired: Parcels) -> None:
    with pytest.raises(RemoteFailure, match="Nobody said so") as caught:
        wired.undeclared()
    assert caught.value.data == {"code": "undeclared", "status": 418}
    assert caught.value.status == 502


def test_a_bug_on_the_other_side_tells_nothing(wired: Parcels) -> None:
    with pytest.raises(RemoteFailure) as caught:
        wired.bug()
    assert "secret" not in str(vars(caught.value))
    assert caught.value.data["status"] == 500


def test_a_result_that_can_not_cross_fails(wired: Parcels) -> None:
    with pytest.raises(RemoteFailure):
        wired.unpromised()


def test_an_argument_of_the_wrong_type_is_refused_before_it_leaves(wired: Parcels) -> None:
    with pytest.raises(TypeError, match=r"parcels\.find"):
        wired.find(id="6f1f4b0e-1c9a-7000-8000-000000000000")  # type: ignore[arg-type]


def _standing_in(module: str, lines):
    """Run a function's code as if its lines stood in another module."""
    from types import FunctionType

    return FunctionType(lines.__code__, lines.__globals__ | {"__name__": module}, closure=lines.__closure__)()
