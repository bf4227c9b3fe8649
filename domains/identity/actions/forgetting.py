"""Forgetting somebody in identity itself: everything that points at them goes, unless it is named here."""

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db.models import CharField, Model, Q, TextField, UUIDField
from django.utils.translation import gettext, override

from domains.identity import queries
from domains.identity.models import Company, CompanyInvitation, LoginGuard, Profile, User
from domains.identity.queries.papers import typed_of_papers
from domains.identity.rules import HOME_ZONE
from domains.identity.rules.goodbye import BODY, SUBJECT
from kelmah import clock, crypto
from kelmah.interfaces.privacy import ERASED
from kelmah.outbound import Mail, Refused, mail_gateway
from kelmah.privacy import forget_traces, records_of

# What names somebody by id and stays: the proof of the erasure itself, the key's stone, and the plumbing.
_STAYS: Final = frozenset({"Erasure", "PrivacyReceipt", "DataKey", "Outbox", "Inbox", "IdempotencyKey", "User"})
_ADDRESSES: Final = ("email", "phone", "address")  # columns that may hold an address of somebody without an account
_SECRETS: Final = ("password", "hash", "secret", "token", "staff_ip")  # the last is somebody else's
_NO_PASSWORD: Final = "argon2$argon2id$erased"  # noqa: S105 - of the form that a constraint asks for; nothing matches it


def copy_of(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    """Every row of identity that is about somebody, table by table, without secrets."""
    sections = {"account": records_of(User.objects.filter(id=user_id), without=_secrets_of(User))}
    for model, rows in _tables_about(user_id):
        sections[model.__name__.lower()] = records_of(rows, without=_secrets_of(model))
    sections["typed_of_papers"] = typed_of_papers(user_id)
    return sections


def forget_person(user_id: UUID) -> dict[str, int]:
    """Delete or empty everything about them and destroy their keys; how many rows, by table.

    Inside the caller's transaction. Nobody with other members in their company comes here: a hold sees to it.
    """
    user = queries.lock_user(user_id)
    addresses = [address for address in (user.email, user.phone) if address]
    companies = list(Company.objects.filter(owner_id=user_id).values_list("id", flat=True))
    quoted = json.dumps(user.display_name, ensure_ascii=False)  # as a value in an answer, not as part of another name
    counts = {
        "companies": len(companies),
        "traces": forget_traces("identity", user_id, words=[*addresses, quoted]),
    }
    CompanyInvitation.objects.filter(Q(company_id__in=companies) | Q(email__in=addresses)).delete()
    Company.objects.filter(id__in=companies).delete()
    for model, rows in _tables_about(user_id):
        counts[model.__name__.lower()] = rows.delete()[0]
    for model, rows in _tables_with(addresses):
        counts[model.__name__.lower()] = counts.get(model.__name__.lower(), 0) + rows.delete()[0]
    counts["guards"] = LoginGuard.objects.filter(key__in=[f"user:{user_id}", f"factor:{user_id}"]).delete()[0]
    counts["desk_log"] = LogEntry.objects.filter(
        Q(object_id__in=[str(each) for each in (user_id, *companies)]) | Q(user_id=user_id)
    ).update(object_repr=ERASED, change_message="")
    User.objects.filter(id=user_id).update(
        email=None,
        phone=None,
        display_name=ERASED,
        password=_NO_PASSWORD,
        locale="en",
        zone=HOME_ZONE,
        last_login=None,
    )
    crypto.shred("identity", subject=user_id)
    return {what: count for what, count in counts.items() if count}


def say_goodbye(*, user_id: UUID, letter_id: UUID) -> None:
    """The last letter, to the address that is about to be forgotten. Raises NotSent, after which it is to be tried
    again; sent again it is the same letter."""
    user = User.objects.filter(id=user_id).first()
    if user is None or not user.email:
        return
    with override(user.locale):
        mail = Mail(
            message_id=letter_id,
            address=user.email,
            name=user.display_name,
            subject=gettext(SUBJECT),
            body=gettext(BODY),
            at=clock.now(),
        )
        try:
            mail_gateway().send(mail)
        except Refused:
            return  # they took the address with them


# Private functions


def _tables_about(user_id: UUID) -> Iterator[tuple[type[Model], Any]]:
    """Whatever has a column ``user`` or ``user_id``, and before it what hangs on their profile, whose key is theirs."""
    models = [*apps.get_app_config("identity").get_models()]
    for model in models:
        if any(
            field.related_model is Profile and field.attname == "profile_id" for field in model._meta.concrete_fields
        ):
            yield model, model._default_manager.filter(profile_id=user_id)
    for model in reversed(models):  # newest first: what hangs on a row goes before it
        names = {field.attname for field in model._meta.concrete_fields}
        if model.__name__ not in _STAYS and "user_id" in names and _is_id(model, "user_id"):
            yield model, model._default_manager.filter(user_id=user_id)


def _tables_with(addresses: list[str]) -> Iterator[tuple[type[Model], Any]]:
    for model in apps.get_app_config("identity").get_models():
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, (CharField, TextField))
            if model is not User and field.name in _ADDRESSES and is_text and addresses:
                yield model, model._default_manager.filter(**{f"{field.name}__in": addresses})


def _is_id(model: type[Model], column: str) -> bool:
    field = next(field for field in model._meta.concrete_fields if field.attname == column)
    return isinstance(field, UUIDField) or field.related_model is User


def _secrets_of(model: type[Model]) -> list[str]:
    names = (field.attname for field in model._meta.concrete_fields)
    return [name for name in names if any(secret in name for secret in _SECRETS)]
