"""An interface that can't cross, and a service that isn't one, fail while they are imported."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from kelmah.errors import DomainError, NotFound
from kelmah.money import Money
from kelmah.rpc import Service, remote
from kelmah.rpc.crossing import check_crossing
from tests.kernel.rpc.parcels.calls import Parcels, parcels
from tests.kernel.rpc.parcels.service import ParcelsService
from tests.kernel.rpc.parcels.types import Parcel


@dataclass
class Thawed:
    number: int


@dataclass(frozen=True)
class Holder:
    things: list[Thawed]


@pytest.mark.parametrize(
    "hint",
    [None.__class__, int, str | None, list[UUID], tuple[Money, ...], tuple[int, str], dict[str, list[Parcel]], Parcel,
     Decimal, datetime, Literal["a", "b"], Parcel | Money | None],
)  # fmt: skip
def test_plain_values_may_cross(hint: Any) -> None:
    check_crossing(hint, where="here")


@pytest.mark.parametrize(
    "hint",
    [
        Any,
        object,
        list,
        dict,
        tuple,
        dict[int, str],
        set[int],
        bytes,
        timedelta,
        list[Any],
        Thawed,
        Holder,
        "str",
        type,
    ],
)
def test_what_can_not_cross_is_refused_by_name(hint: Any) -> None:
    with pytest.raises(TypeError, match=r"^Payments\.pay, 'how': .* can't|is not frozen"):
        check_crossing(hint, where="Payments.pay, 'how'")


def test_a_field_deep_inside_is_named() -> None:
    with pytest.raises(TypeError, match=r"Thawed in Holder\.things is not frozen"):
        check_crossing(dict[str, Holder], where="here")


def test_a_parameter_without_annotation_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.ask: 'what' has no annotation"):

        class Probe(Service, domain="probe"):
            @remote()
            def ask(self, *, what) -> int: ...


def test_a_result_without_annotation_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.ask: 'return' has no annotation"):

        class Probe(Service, domain="probe"):
            @remote()
            def ask(self, *, what: int): ...


def test_a_type_that_can_not_cross_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.ask, 'what': <class 'object'> can't"):

        class Probe(Service, domain="probe"):
            @remote()
            def ask(self, *, what: object) -> int: ...


def test_a_positional_parameter_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.ask: parameter 'what' must be keyword-only"):

        class Probe(Service, domain="probe"):
            @remote()
            def ask(self, what: int) -> int: ...


def test_a_method_without_remote_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.ask: an interface has only @remote methods"):

        class Probe(Service, domain="probe"):
            def ask(self, *, what: int) -> int: ...


def test_a_name_that_service_uses_itself_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Probe\.callers: the name is taken"):

        class Probe(Service, domain="probe"):
            @remote()
            def callers(self) -> int: ...


def test_two_errors_of_one_code_fail_at_import() -> None:
    class Missing(NotFound):
        pass

    class Twin(DomainError):
        code = "twin"

    class OtherTwin(DomainError):
        code = "twin"

    with pytest.raises(TypeError, match=r"Missing and NotFound share the code 'not_found'"):

        class Probe(Service, domain="probe"):
            @remote(raises=(Missing,))
            def ask(self) -> int: ...

    with pytest.raises(TypeError, match=r"OtherTwin and Twin share the code 'twin'"):

        class Probe2(Service, domain="probe"):
            @remote(raises=(Twin, OtherTwin))
            def ask(self) -> int: ...


def test_a_second_interface_of_a_domain_fails_at_import() -> None:
    with pytest.raises(
        TypeError, match=r"parcels already has the interface tests\.kernel\.rpc\.parcels\.calls\.Parcels"
    ):

        class Rival(Service, domain="parcels"):
            pass

    assert parcels.connect().replacement is None


def test_an_interface_says_which_domain_it_speaks_for() -> None:
    with pytest.raises(TypeError, match="domain="):

        class Probe(Service):
            pass


def test_a_service_that_lacks_a_method_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Careless\.same is missing"):

        class Careless(Parcels):
            pass


def test_a_service_with_other_parameters_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Careless\.find takes \(number, kilograms\): promised is \(id, kilograms\)"):

        class Careless(ParcelsService):
            def find(self, *, number: UUID, kilograms: int = 0) -> Parcel: ...  # type: ignore[override]


def test_a_service_that_demands_what_is_optional_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"Careless\.find: 'kilograms' must be keyword-only, with a default"):

        class Careless(ParcelsService):
            def find(self, *, id: UUID, kilograms: int) -> Parcel: ...  # type: ignore[override]


def test_interfaces_need_no_django() -> None:
    import subprocess
    import sys

    lines = "import sys, kelmah.rpc, kelmah.interfaces.payments.calls; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", lines], check=False).returncode == 0
