"""Secrets under way to addresses, and what waits for them."""

from django.db import models
from django.db.models import Q

from domains.identity import rules
from domains.identity.models.people import User
from domains.identity.rules import challenges
from kelmah.db.models import UUIDModel


class Challenge(UUIDModel):
    """A secret sent to an address; of the secret only a keyed hash. The row goes when the secret is used."""

    purpose = models.TextField()
    address = models.CharField(max_length=254)  # clean: an e-mail address, or a number in E.164
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="challenges")
    secret_hash = models.BinaryField(max_length=32, null=True)  # none before it is sent, and after too many tries
    secret_expires_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)  # wrong ones
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # until when a new secret may be asked for

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=sorted(challenges.LINK_LASTS)), name="challenge_purpose"),
            models.CheckConstraint(condition=Q(address__gt=""), name="challenge_address"),
            models.CheckConstraint(
                condition=Q(secret_hash__isnull=True) | Q(secret_expires_at__isnull=False), name="challenge_secret_ends"
            ),
            models.CheckConstraint(
                condition=Q(tries__lt=challenges.TRIES) | Q(secret_hash__isnull=True, tries=challenges.TRIES),
                name="challenge_tries",
            ),
            models.CheckConstraint(
                condition=~Q(purpose="register") | Q(user__isnull=True), name="challenge_sign_up_of_nobody_yet"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["register", "reset"]) | Q(user__isnull=False), name="challenge_of_somebody"
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="challenge_age")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"


class AddressChange(models.Model):
    """What a change of address replaced, as long as it can be undone."""

    challenge = models.OneToOneField(Challenge, on_delete=models.CASCADE, primary_key=True, related_name="change")
    column = models.TextField()
    before = models.CharField(max_length=254, null=True)  # none: an address was added

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(column__in=["email", "phone"]), name="address_change_column"),
            models.CheckConstraint(condition=~Q(before=""), name="address_change_before"),
        ]

    def __str__(self) -> str:
        return self.column


class Registration(models.Model):
    """Somebody who wants an account and has not shown yet that the address is theirs."""

    challenge = models.OneToOneField(Challenge, on_delete=models.CASCADE, primary_key=True, related_name="registration")
    password = models.CharField(max_length=128)
    role = models.TextField()
    display_name = models.CharField(max_length=rules.LONGEST_NAME)
    locale = models.TextField()
    zone = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(password__regex=rules.HASHED), name="registration_password_hashed"),
            models.CheckConstraint(condition=Q(role__in=rules.ROLES_TO_CHOOSE), name="registration_role"),
            models.CheckConstraint(condition=Q(display_name__gt=""), name="registration_has_a_name"),
            models.CheckConstraint(condition=Q(locale__in=rules.LOCALES), name="registration_locale"),
        ]

    def __str__(self) -> str:
        return self.display_name
