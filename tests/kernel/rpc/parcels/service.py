"""The implementation: in this process through ``replaced_by``, in another through its ``DomainConfig``."""

import os
import time
from collections import Counter
from uuid import UUID

from kelmah.db import rehearsing
from kelmah.errors import FieldError, Unavailable
from kelmah.http.request_id import current_request_id, current_traceparent
from kelmah.rpc.deadline import remaining
from tests.kernel.rpc.parcels.calls import ParcelLost, Parcels, ParcelTooHeavy, Undeclared
from tests.kernel.rpc.parcels.types import Circumstances, Parcel


class ParcelsService(Parcels):
    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    def same(self, *, parcel: Parcel | None, note: str = "as it is") -> Parcel | None:
        return parcel

    def note_of(self, *, parcel: Parcel | None, note: str = "the default of the service") -> str:
        return note

    def by_id(self, *, parcels: list[Parcel]) -> dict[str, Parcel]:
        return {str(parcel.id): parcel for parcel in parcels}

    def find(self, *, id: UUID, kilograms: int = 0) -> Parcel:
        if kilograms:
            raise ParcelTooHeavy(kilograms)
        raise ParcelLost(
            "Ask at the depot.",
            data={"depot": "Accra", "days": [1, 2]},
            errors=[FieldError("/id", "gone", "It is gone.")],
        )

    def forget(self) -> None:
        return None

    def undeclared(self) -> None:
        raise Undeclared("Nobody said so.")

    def bug(self) -> None:
        raise ZeroDivisionError("secret inside")

    def unpromised(self) -> list[int]:
        return (number for number in range(3))  # type: ignore[return-value]  # as a careless queryset would be

    def circumstances(self) -> Circumstances:
        left = remaining()
        assert left is not None
        return Circumstances(
            seconds_left=left,
            rehearsing=rehearsing(),
            request_id=current_request_id(),
            traceparent=current_traceparent(),
            process=os.getpid(),
        )

    def nap(self, *, seconds: float) -> None:
        time.sleep(seconds)

    def patient(self, *, key: str, refusals: int) -> int:
        return self._refuse_at_first(key, refusals)

    def impatient(self, *, key: str, refusals: int) -> int:
        return self._refuse_at_first(key, refusals)

    def attempts(self, *, key: str) -> int:
        return self.counted[key]

    def _refuse_at_first(self, key: str, refusals: int) -> int:
        self.counted[key] += 1
        if self.counted[key] <= refusals:
            raise Unavailable("Not yet.")
        return self.counted[key]
