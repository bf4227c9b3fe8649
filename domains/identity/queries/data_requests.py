"""Requests of people about their data."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import Company, CompanyMember, DataExport, Erasure, PrivacyReceipt
from domains.identity.rules import privacy as rules
from kelmah.errors import NotFound
from kelmah.interfaces.privacy import Hold

OPEN = sorted(rules.ERASURE.states - rules.ERASURE.final)


def erasure_of(user_id: UUID) -> Erasure:
    """The one that is going on. Raises NoErasure."""
    found = Erasure.objects.filter(user_id=user_id, state__in=OPEN).first()
    if found is None:
        raise rules.NoErasure()
    return found


def lock_erasure(erasure_id: UUID) -> Erasure | None:
    return Erasure.objects.select_for_update().filter(id=erasure_id).first()


def exports_of(user_id: UUID) -> QuerySet[DataExport]:
    return DataExport.objects.filter(user_id=user_id)


def access_export(*, export_id: UUID, user_id: UUID) -> DataExport:
    """One's own. Raises NotFound."""
    found = exports_of(user_id).filter(id=export_id).first()
    if found is None:
        raise NotFound("You have no such copy.")
    return found


def lock_export(export_id: UUID) -> DataExport | None:
    return DataExport.objects.select_for_update().filter(id=export_id).first()


def receipts_of(request_id: UUID, *, step: str | None = None) -> QuerySet[PrivacyReceipt]:
    """In the order of asking."""
    found = PrivacyReceipt.objects.filter(request_id=request_id).order_by("asked_at", "domain")
    return found.filter(step=step) if step else found


def holds_of_identity(user_id: UUID) -> list[Hold]:
    """What stands against an erasure here: companies with other people in them, which would lose their owner."""
    others = CompanyMember.objects.exclude(user_id=user_id)
    count = Company.objects.filter(owner_id=user_id, members__in=others).distinct().count()
    return [Hold(reason="owns_companies", count=count)] if count else []
