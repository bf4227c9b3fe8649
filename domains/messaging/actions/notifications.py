"""Telling people, in the app at once and by e-mail through the worker."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext, override

from domains.messaging import queries, rules
from domains.messaging.actions.contacts import channels_to, not_before_for
from domains.messaging.models import Contact, Delivery, Notification
from domains.messaging.rules.frames import moment, notification_frame
from domains.messaging.rules.notices import Notice
from kelmah import clock
from kelmah.db import atomic, run_on_commit
from kelmah.errors import NotFound
from kelmah.events.publish import enqueue
from kelmah.live.hints import give_hint
from kelmah.live.process import end_session
from kelmah.principal import Principal


def notify(*, event_id: UUID, notices: Sequence[Notice]) -> None:
    """Write notifications down in their readers' languages, each once per event and reader; who is connected sees them
    now, and what is worth a letter gets one."""
    with atomic("messaging"):
        readers = Contact.objects.in_bulk([notice.user_id for notice in notices])
        for notice in notices:
            reader = readers.get(notice.user_id)
            told = _written(event_id, notice, locale=reader.locale if reader else "en")
            if told is None:
                continue
            if notice.by_mail:
                _send(told, reader)
            _hint_at(told)


def read_notification(*, notification_id: UUID, by: Principal) -> str:
    """Mark one's own notification as read; twice is once. Returns it as JSON. Raises NotFound."""
    with atomic("messaging"):
        mine = Notification.objects.filter(id=notification_id, user_id=by.user_id)
        mine.filter(read_at__isnull=True).update(read_at=clock.now())
        found = queries.notification_json(notification_id=notification_id, reader_id=by.user_id)
    if found is None:
        raise NotFound("You have no such notification.")
    return found


def close_sockets(*, session_id: UUID) -> None:
    """A login session was ended: its live connections go with it."""
    with atomic("messaging"):
        run_on_commit("messaging", lambda: end_session(session_id))


def forget_old_notifications(*, limit: int = 1_000) -> int:
    """Delete what is older than 90 days, with its deliveries; returns how many notifications went."""
    forgotten = 0
    while True:
        with atomic("messaging"):
            old = Notification.objects.filter(created_at__lt=clock.now() - rules.KEPT_FOR).order_by("created_at")
            ids = list(old.values_list("id", flat=True)[:limit])
            Notification.objects.filter(id__in=ids).delete()
        forgotten += len(ids)
        if len(ids) < limit:
            return forgotten


# Private functions


def _written(event_id: UUID, notice: Notice, *, locale: str) -> Notification | None:
    """The new notification; None when this reader was told of this event before."""
    with override(locale):
        title, body = gettext(notice.title), gettext(notice.body).format(**notice.words)
        if notice.advice:
            body = f"{body} {gettext(notice.advice)}"
    told, made = Notification.objects.get_or_create(
        event_id=event_id,
        user_id=notice.user_id,
        defaults={
            "kind": notice.kind,
            "title": title,
            "body": body,
            "data": dict(notice.data),
            "created_at": clock.now(),
        },
    )
    return told if made else None


def _send(told: Notification, reader: Contact | None) -> None:
    """By the ways that the reader wants, now or after their quiet hours; to a reader of whom identity's word is still
    on its way, a mail waits."""
    channels = ["email"] if reader is None else channels_to(reader, told.kind)
    next_at = told.created_at if reader is None else not_before_for(reader, told.kind, now=told.created_at)
    for channel in channels:
        delivery = Delivery.objects.create(notification=told, channel=channel, next_at=next_at)
        if next_at <= told.created_at:  # later ones are found by the sweep
            enqueue("messaging.deliver", delivery_id=str(delivery.id))


def _hint_at(told: Notification) -> None:
    frame = notification_frame(
        notification={
            "id": told.id,
            "kind": told.kind,
            "title": told.title,
            "body": told.body,
            "data": told.data,
            "created_at": moment(told.created_at),
            "read_at": None,
        }
    )
    run_on_commit("messaging", lambda: give_hint(rules.user_topic(told.user_id), frame))
