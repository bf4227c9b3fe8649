"""Changing keys while everything stays readable. Each step may be interrupted and taken again; two may run at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Count, Max, Min, Q

from kelmah import clock
from kelmah.crypto import data_keys
from kelmah.crypto.errors import KeysUnavailable, Shredded, Tampered
from kelmah.crypto.fields import SealedField
from kelmah.crypto.kms import kms_of
from kelmah.crypto.sealing import generation_of, seal, unseal
from kelmah.db import atomic
from kelmah.domain import local_domains, model_of

log = structlog.get_logger(__name__)

BATCH = 500


@dataclass
class Outcome:
    """``unreadable`` ones were left as they are, and logged by their place."""

    changed: int = 0
    unreadable: int = 0


def keys_by_kek(domain: str) -> dict[str, int]:
    """How many data keys each wrapping key still wraps; those destroyed under ""."""
    rows = model_of(domain, "DataKey")._default_manager.values_list("kek").annotate(Count("id")).order_by("kek")
    return dict(rows)


def rewrap(domain: str, *, batch: int = BATCH) -> Outcome:
    """Wrap every data key by the newest wrapping key. What is sealed stays as it is."""
    table, kms, outcome = model_of(domain, "DataKey")._default_manager, kms_of(domain), Outcome()
    after = 0
    while True:
        with atomic(domain):
            newest = kms.wrapping()
            # Rows that somebody is shredding or rewrapping are theirs; after this run a second finds what is left.
            rows: list[Any] = list(
                table.select_for_update(skip_locked=True)
                .filter(id__gt=after, shredded_at__isnull=True)
                .exclude(kek=newest)
                .order_by("id")[:batch]
            )
            if not rows:
                break
            for row in rows:
                _rewrap(domain, row, outcome)
            after = rows[-1].id
    log.info("crypto_rewrapped", domain=domain, kek=newest, changed=outcome.changed, unreadable=outcome.unreadable)
    return outcome


def renew(domain: str, *, before: datetime) -> int:
    """Give a newer key to every subject whose newest was made before that moment; returns how many."""
    table: Any = model_of(domain, "DataKey")._default_manager
    old = (
        table.values("subject_id")
        .annotate(newest=Max("created_at"), shredded=Min("shredded_at"))
        .filter(newest__lt=before, shredded__isnull=True)
        .values_list("subject_id", flat=True)
    )
    renewed = 0
    for subject in old.iterator():
        try:
            data_keys.renew(domain, subject=subject)
        except Shredded:
            continue  # meanwhile
        renewed += 1
    log.info("crypto_keys_renewed", domain=domain, changed=renewed)
    return renewed


def reencrypt(domain: str, *, batch: int = BATCH) -> Outcome:
    """Seal anew what is not sealed under its subject's newest key, in every column that is a SealedField."""
    outcome = Outcome()
    for model, field in _sealed_columns(domain):
        for rows in _batches(model, field, batch):
            newest = _newest_generations(domain, {row[1] for row in rows})
            with atomic(domain):
                for pk, subject, sealed in rows:
                    _reencrypt(domain, model, field, (pk, subject, bytes(sealed)), newest, outcome)
    log.info("crypto_reencrypted", domain=domain, changed=outcome.changed, unreadable=outcome.unreadable)
    return outcome


# Private functions


def _rewrap(domain: str, row: Any, outcome: Outcome) -> None:
    context, kms = data_keys.context_of(domain, row.subject_id, row.generation), kms_of(domain)
    try:
        key = kms.unwrap(row.kek, bytes(row.wrapped), context=context)
    except (Tampered, KeysUnavailable):
        log.error("crypto_key_unreadable", domain=domain, row=row.id, kek=row.kek)
        outcome.unreadable += 1
        return
    row.kek, row.wrapped = kms.wrap(key, context=context)
    row.rewrapped_at = clock.now()
    row.save(update_fields=["kek", "wrapped", "rewrapped_at"])
    outcome.changed += 1


def _sealed_columns(domain: str) -> Iterator[tuple[Any, SealedField]]:
    config = next(config for config in local_domains() if config.domain == domain)
    for model in config.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, SealedField):
                yield model, field


def _batches(model: Any, field: SealedField, batch: int) -> Iterator[Sequence[tuple[Any, UUID, bytes]]]:
    rows = model._default_manager.exclude(Q(**{f"{field.name}__isnull": True})).order_by("pk")
    found = list(rows.values_list("pk", field.subject, field.name)[:batch])
    while found:
        yield found
        found = list(rows.filter(pk__gt=found[-1][0]).values_list("pk", field.subject, field.name)[:batch])


def _newest_generations(domain: str, subjects: set[UUID]) -> dict[UUID, int]:
    """Of those whose keys were not destroyed."""
    table: Any = model_of(domain, "DataKey")._default_manager
    rows = table.filter(subject_id__in=subjects, shredded_at__isnull=True).values_list("subject_id")
    return dict(rows.annotate(Max("generation")))


def _reencrypt(
    domain: str,
    model: Any,
    field: SealedField,
    cell: tuple[Any, UUID, bytes],
    newest: dict[UUID, int],
    outcome: Outcome,
) -> None:
    pk, subject, sealed = cell
    place = f"{field.place}:{pk}"
    if subject not in newest:
        return  # destroyed
    try:
        if generation_of(sealed) == newest[subject]:
            return
        data = unseal(domain, subject=subject, place=place, sealed=sealed)
        fresh = seal(domain, subject=subject, place=place, data=data)
    except Shredded:
        return  # meanwhile
    except (Tampered, KeysUnavailable):
        log.error("crypto_cell_unreadable", domain=domain, place=place)
        outcome.unreadable += 1
        return
    # Only what was read: whoever has written meanwhile has sealed under the newest key already.
    unchanged = model._default_manager.filter(pk=pk, **{field.name: sealed})
    outcome.changed += unchanged.update(**{field.name: fresh})
