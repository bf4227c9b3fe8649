"""A copy of somebody's data: asked for here, brought together by files, read by its owner alone."""

from uuid import UUID

from django.db.models import F

from domains.identity import queries
from domains.identity.actions.forgetting import copy_of
from domains.identity.actions.notices import tell
from domains.identity.actions.privacy_asking import ask_domains, keep_answer, keep_own, silent
from domains.identity.models import DataExport
from domains.identity.queries import data_requests as found
from domains.identity.rules import privacy as rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.events import ExportPacked
from kelmah.interfaces.identity.events import ExportCollected
from kelmah.interfaces.privacy import Answered
from kelmah.privacy import hand_over


def request_export(*, user_id: UUID) -> DataExport:
    """Every domain is asked for its part. Raises ExportTooSoon (one a day), NotFound."""
    with atomic("identity"):
        queries.lock_user(user_id)  # two requests at once make one copy
        now = clock.now()
        last = found.exports_of(user_id).exclude(state="failed").order_by("-requested_at").first()
        if last is not None and last.requested_at + rules.EXPORT_EVERY > now:
            left = last.requested_at + rules.EXPORT_EVERY - now
            raise rules.ExportTooSoon(data={"retry_after": max(1, int(left.total_seconds()))})
        found.exports_of(user_id).filter(state__in=["collecting", "packing"]).update(state="failed")
        export = DataExport.objects.create(user_id=user_id, requested_at=now)
        ask_domains(request_id=export.id, user_id=user_id, step="export")
        enqueue("identity.export_person", request_id=str(export.id), user_id=str(user_id))
    return export


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Identity's own part. Again is safe. Raises Unavailable."""
    counts = hand_over(
        copy_of(user_id), domain="identity", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("identity"):
        export = found.lock_export(request_id)
        if export is not None:
            keep_own(request_id=request_id, step="export", counts=counts)
            _go_on(export)


def record_answer(*, domain: str, answer: Answered) -> None:
    """A domain has handed over its part; the last one lets the copy be packed. Twice is safe."""
    with atomic("identity"):
        export = found.lock_export(answer.request_id)  # two domains may be the last at once
        if export is not None and export.state == "collecting":
            keep_answer(request_id=export.id, domain=domain, step="export", counts=dict(answer.counts))
            _go_on(export)


def record_packed(packed: ExportPacked) -> None:
    """The copy can be read; its owner is told. Twice is safe: it is ready once."""
    with atomic("identity"):
        export = found.lock_export(packed.request_id)
        if export is None or export.state != "packing":
            return
        export.state = rules.EXPORT.check("finish", export.state)
        export.file_id, export.size, export.ready_at = packed.file_id, packed.size, clock.now()
        export.expires_at = packed.expires_at
        export.save_change("state", "file_id", "size", "ready_at", "expires_at")
        tell(export.user_id, "export_ready", detail=f"{packed.expires_at:%Y-%m-%d}")


def link_to_export(*, export_id: UUID, user_id: UUID) -> str:
    """The path of a link to the archive, good for a minute; the reading is counted. Raises NotFound, ExportNotReady,
    Unavailable."""
    export = found.access_export(export_id=export_id, user_id=user_id)
    if export.state != "ready" or export.file_id is None or (export.expires_at and export.expires_at <= clock.now()):
        raise rules.ExportNotReady(data={"state": export.state})
    path = files.reading_link(file_id=export.file_id, owner_id=user_id)
    with atomic("identity"):
        DataExport.objects.filter(id=export.id).update(downloads=F("downloads") + 1)
    return path


def sweep_exports() -> int:
    """Note which copies are kept no longer, and give up those that never became whole; returns how many."""
    now = clock.now()
    with atomic("identity"):
        over = DataExport.objects.filter(state="ready", expires_at__lte=now).update(
            state=rules.EXPORT.check("expire", "ready"), version=F("version") + 1
        )
        stuck = DataExport.objects.filter(
            state__in=["collecting", "packing"], requested_at__lte=now - rules.EXPORT_GIVEN_UP
        )
        return over + stuck.update(state=rules.EXPORT.check("give_up", "collecting"), version=F("version") + 1)


# Private functions


def _go_on(export: DataExport) -> None:
    own = found.receipts_of(export.id, step="export").filter(domain="identity", state="done").exists()
    if export.state != "collecting" or not own or silent(export.id, "export"):
        return
    export.state = rules.EXPORT.check("pack", export.state)
    export.save_change("state")
    publish(ExportCollected(request_id=export.id, user_id=export.user_id))
