"""Identities at other providers, and logins through them that are under way."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from domains.identity.models.people import User
from domains.identity.rules import social
from kelmah.db.models import UUIDModel

_OF_NOBODY = Q(subject="", email="", email_verified=False, name="")


def _is_hash(column: str) -> Exact:
    return Exact(Func(F(column), function="octet_length", output_field=models.IntegerField()), 32)


class SocialLogin(UUIDModel):
    """An identity at a provider that opens an account. ``email`` is what the provider said when it was linked."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="social_logins", db_index=False)
    provider = models.CharField(max_length=40)
    subject = models.CharField(max_length=social.LONGEST_SUBJECT)
    email = models.EmailField(blank=True, default="")
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="social_login_of_one_account"),
            models.UniqueConstraint(fields=["user", "provider"], name="social_login_once_per_provider"),
            models.CheckConstraint(condition=Q(provider__gt="", subject__gt=""), name="social_login_names_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.email or self.subject}"


class SocialFlow(UUIDModel):
    """One login through a provider that is under way. Of its three secrets only hashes; of the person nothing before
    the provider has said it, and nothing after the end."""

    provider = models.CharField(max_length=40)
    state = models.TextField(default=social.SOCIAL_FLOW.initial)
    state_hash = models.BinaryField(max_length=32, unique=True)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    code_hash = models.BinaryField(max_length=32, unique=True, null=True)
    redirect_to = models.CharField(max_length=500)
    subject = models.CharField(max_length=social.LONGEST_SUBJECT, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    email_verified = models.BooleanField(default=False)
    name = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(social.SOCIAL_FLOW.states)), name="social_flow_state"),
            models.CheckConstraint(condition=_is_hash("state_hash") & _is_hash("secret_hash"), name="social_flow_hash"),
            models.CheckConstraint(
                condition=Q(state="proven", code_hash__isnull=False) & Q(_is_hash("code_hash"))
                | ~Q(state="proven") & Q(code_hash__isnull=True),
                name="social_flow_code_while_proven",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("proven", "exchanged"), subject__gt="")
                | ~Q(state__in=("proven", "exchanged")) & _OF_NOBODY,
                name="social_flow_person_while_needed",
            ),
            models.CheckConstraint(
                condition=Q(email_verified=False) | Q(email__gt=""), name="social_flow_verified_mail"
            ),
            models.CheckConstraint(condition=Q(created_at__lt=F("expires_at")), name="social_flow_times_in_order"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="social_flow_age")]

    def __str__(self) -> str:
        return f"{self.provider} ({self.state})"
