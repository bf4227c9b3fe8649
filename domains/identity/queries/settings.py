"""What people set."""

from domains.identity.models import Settings, User
from domains.identity.rules.settings import Wishes, channels_of


def settings_of(user: User) -> Settings:
    """Theirs, or what holds for whoever never set anything."""
    return Settings.objects.filter(user=user).first() or Settings(user=user)


def lock_settings(user: User) -> Settings:
    """Their row, made if there is none, locked until the transaction ends; the user's row is locked already."""
    Settings.objects.get_or_create(user=user)
    return Settings.objects.select_for_update().get(user=user)


def wishes_of(settings: Settings) -> Wishes:
    quiet = (settings.quiet_from, settings.quiet_until)
    return Wishes(
        language=settings.user.locale,
        zone=settings.user.zone,
        profile_to=settings.profile_to,
        place_shown=settings.place_shown,
        in_search=settings.in_search,
        quiet_hours=None if quiet[0] is None or quiet[1] is None else (quiet[0], quiet[1]),
        channels=channels_of(mail_off=settings.mail_off, sms_on=settings.sms_on),
    )
