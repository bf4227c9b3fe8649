"""An interface for tests."""

from uuid import UUID

from kelmah.errors import DomainError, NotFound
from kelmah.rpc import Service, remote
from tests.kernel.rpc.parcels.types import Circumstances, Parcel


class ParcelLost(NotFound):
    code, title = "parcel_lost", "The parcel is lost"


class ParcelTooHeavy(DomainError):
    """Easier to raise than its base: the wire must not need its ``__init__``."""

    code, status, title = "parcel_too_heavy", 422, "The parcel is too heavy"

    def __init__(self, kilograms: int) -> None:
        super().__init__(f"{kilograms} kg is too heavy.", data={"kilograms": kilograms})


class Undeclared(DomainError):
    code, status = "undeclared", 418


class Parcels(Service, domain="parcels", callers=("senders",)):
    @remote(idempotent=True)
    def same(self, *, parcel: Parcel | None, note: str = "as it is") -> Parcel | None: ...

    @remote(idempotent=True)
    def note_of(self, *, parcel: Parcel | None, note: str = "as it is") -> str: ...

    @remote(idempotent=True)
    def by_id(self, *, parcels: list[Parcel]) -> dict[str, Parcel]: ...

    @remote(idempotent=True, raises=(ParcelLost, ParcelTooHeavy))
    def find(self, *, id: UUID, kilograms: int = 0) -> Parcel: ...

    @remote()
    def forget(self) -> None: ...

    @remote()
    def undeclared(self) -> None: ...

    @remote()
    def bug(self) -> None: ...

    @remote()
    def unpromised(self) -> list[int]: ...

    @remote(timeout=5.0)
    def circumstances(self) -> Circumstances: ...

    @remote(timeout=0.3)
    def nap(self, *, seconds: float) -> None: ...

    @remote(timeout=5.0, idempotent=True)
    def patient(self, *, key: str, refusals: int) -> int: ...

    @remote(timeout=5.0)
    def impatient(self, *, key: str, refusals: int) -> int: ...

    @remote()
    def attempts(self, *, key: str) -> int: ...


parcels = Parcels.connect()
