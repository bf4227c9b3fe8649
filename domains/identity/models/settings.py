"""What people set for themselves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from domains.identity.models.people import User
from domains.identity.rules import settings
from kelmah.db.models import Versioned


class Settings(Versioned):
    """What somebody set, besides language and zone; whoever has no row has never changed anything."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, primary_key=True, related_name="settings")
    profile_to = models.TextField(default=settings.EVERYBODY)
    place_shown = models.TextField(default="kilometre")
    in_search = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True)  # in their zone
    quiet_until = models.TimeField(null=True)
    mail_off = ArrayField(models.TextField(), default=list)  # topics
    sms_on = ArrayField(models.TextField(), default=list)

    class Meta:
        verbose_name_plural = "settings"
        constraints = [
            models.CheckConstraint(condition=Q(profile_to__in=settings.AUDIENCES), name="settings_profile_to"),
            models.CheckConstraint(condition=Q(place_shown__in=sorted(settings.PLACES)), name="settings_place_shown"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=models.F("quiet_until")),
                name="settings_quiet_hours_whole",
            ),
            models.CheckConstraint(
                condition=Q(mail_off__contained_by=settings.TOPICS_TO_CHOOSE), name="settings_mail_off"
            ),
            models.CheckConstraint(condition=Q(sms_on__contained_by=list(settings.TOPICS)), name="settings_sms_on"),
        ]

    def __str__(self) -> str:
        return f"settings of {self.user_id}"
