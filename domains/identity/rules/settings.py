"""What people may set: who sees what of them, and by which ways they are told of what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final

from kelmah.errors import FieldError, InvalidInput
from kelmah.interfaces.identity.types import NOTICE_TOPICS

EVERYBODY: Final = "everybody"
AUDIENCES: Final = (EVERYBODY, "members", "nobody")  # of a profile
PLACES: Final[Mapping[str, int | None]] = {"kilometre": 2, "ten_kilometres": 1, "hidden": None}  # decimals of a degree
CHANNELS: Final = ("email", "sms")
TOPICS: Final = NOTICE_TOPICS
TOPICS_TO_CHOOSE: Final = [topic for topic in NOTICE_TOPICS if topic != "account"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """All that somebody set. ``channels`` names for each topic the ways by which they are told outside the app."""

    language: str
    zone: str
    profile_to: str = EVERYBODY
    place_shown: str = "kilometre"
    in_search: bool = True
    quiet_hours: tuple[time, time] | None = None
    channels: Mapping[str, Collection[str]]


def channels_of(*, mail_off: Collection[str], sms_on: Collection[str]) -> dict[str, list[str]]:
    """For each topic the ways by which they are told."""
    off = {"email": set(mail_off), "sms": set(TOPICS) - set(sms_on)}
    return {topic: [channel for channel in CHANNELS if topic not in off[channel]] for topic in TOPICS}


def check_wishes(wishes: Wishes) -> None:
    """Raises InvalidInput, field by field."""
    errors = []
    if wishes.quiet_hours and wishes.quiet_hours[0] == wishes.quiet_hours[1]:
        errors.append(FieldError("/quiet_hours/ends", "same", "Quiet hours end at another time than they begin."))
    if "email" not in wishes.channels["account"]:
        detail = "Word of your account always comes by mail: it may not have been you."
        errors.append(FieldError("/channels/account", "required", detail))
    if errors:
        raise InvalidInput(errors=errors)
