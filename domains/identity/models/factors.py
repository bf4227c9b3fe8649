"""Second factors, and logins that wait for one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from domains.identity.models.people import User
from domains.identity.models.sessions import bytes_in
from domains.identity.rules import factors as rules
from domains.identity.rules.passkeys import LONGEST_CREDENTIAL_ID
from kelmah.crypto import SealedField
from kelmah.db.models import UUIDModel


def _is_hash(column: str) -> Exact:
    return Exact(bytes_in(column), 32)


class Factor(UUIDModel):
    """An authenticator app or a passkey of somebody; an app counts once its first code was typed."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factors")
    kind = models.TextField()
    name = models.CharField(max_length=rules.LONGEST_FACTOR_NAME)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    # Of an app. No step is accepted that isn't later than the last one.
    secret = SealedField(null=True, subject="user_id", place="identity.factor")
    last_step = models.BigIntegerField(null=True)
    # Of a passkey.
    credential_id = models.BinaryField(max_length=LONGEST_CREDENTIAL_ID, null=True, unique=True)
    public_key = models.BinaryField(null=True)
    sign_count = models.BigIntegerField(null=True)
    is_synced = models.BooleanField(db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="totp", secret__isnull=False, credential_id__isnull=True, public_key__isnull=True,
                    sign_count__isnull=True, is_synced=False,
                )
                | Q(
                    kind="passkey", secret__isnull=True, last_step__isnull=True, credential_id__isnull=False,
                    public_key__isnull=False, sign_count__gte=0, confirmed_at__isnull=False,
                ),
                name="factor_is_of_one_kind",
            ),
            # The code that confirms is spent by it.
            models.CheckConstraint(
                condition=~Q(kind="totp")
                | Q(confirmed_at__isnull=True, last_step__isnull=True)
                | Q(confirmed_at__isnull=False, last_step__isnull=False),
                name="factor_confirmed_by_a_step",
            ),
            models.CheckConstraint(condition=Q(name__gt=""), name="factor_has_a_name"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(kind="totp", confirmed_at__isnull=True), name="factor_enrolling_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class RecoveryCode(UUIDModel):
    """One of ten codes, as a hash; ``used_at`` when it is spent."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recovery_codes", db_index=False)
    code_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once"),
            models.CheckConstraint(condition=_is_hash("code_hash"), name="recovery_code_hash"),
        ]

    def __str__(self) -> str:
        return "a used code" if self.used_at else "a code"


class PendingLogin(UUIDModel):
    """Somebody showed the first factor and owes the second: gone when it comes, after five minutes or five tries."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pending_logins")
    token_hash = models.BinaryField(max_length=32, unique=True)
    amr = ArrayField(models.CharField(max_length=10))
    device_name = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_hash("token_hash"), name="pending_login_hash"),
            models.CheckConstraint(condition=Q(tries__range=(0, rules.PENDING_TRIES)), name="pending_login_tries"),
            models.CheckConstraint(condition=Q(created_at__lt=F("expires_at")), name="pending_login_times"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="pending_login_age")]

    def __str__(self) -> str:
        return self.device_name or "a device"


class PasskeyChallenge(UUIDModel):
    """A question to an authenticator, as a hash. Gone when it is answered, rightly or not, and after five minutes.

    ``purpose`` says what the answer is good for: to ``add`` a passkey or to ``step_up`` of this user, for the
    ``second_factor`` of this pending login, or to ``login`` for whoever answers.
    """

    challenge_hash = models.BinaryField(max_length=32, unique=True)
    purpose = models.TextField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    pending = models.ForeignKey(PendingLogin, on_delete=models.CASCADE, null=True, related_name="challenges")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_is_hash("challenge_hash"), name="passkey_challenge_hash"),
            models.CheckConstraint(
                condition=Q(purpose__in=("add", "step_up"), user__isnull=False, pending__isnull=True)
                | Q(purpose="second_factor", user__isnull=True, pending__isnull=False)
                | Q(purpose="login", user__isnull=True, pending__isnull=True),
                name="passkey_challenge_purpose",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="passkey_challenge_age")]

    def __str__(self) -> str:
        return self.purpose
