"""Companies, who is in them and who is invited."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from domains.identity import rules
from domains.identity.models.people import User
from domains.identity.models.sessions import bytes_in
from domains.identity.rules import companies
from kelmah.db.models import UUIDModel, Versioned


class Company(UUIDModel, Versioned):
    """A business that hires. ``owner`` is a member with the role owner: a foreign key on (id, owner, 'owner') that
    Django can't express says so at every commit (migration companies), so that no company is ever without one."""

    name = models.CharField(max_length=companies.NAME_LENGTH)
    size = models.TextField()
    industry = models.TextField()
    place_name = models.CharField(max_length=rules.PLACE_LENGTH, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="companies_owned")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(condition=Q(name__gt=""), name="company_named"),
            models.CheckConstraint(condition=Q(size__in=companies.SIZES), name="company_size"),
            models.CheckConstraint(condition=Q(industry__in=companies.INDUSTRIES), name="company_industry"),
            models.CheckConstraint(
                condition=Q(place_name="", latitude__isnull=True, longitude__isnull=True)
                # Said outright, since a comparison with NULL is no violation.
                | Q(place_name__gt="", latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="company_place_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="company_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> rules.Place | None:
        if self.latitude is None or self.longitude is None:
            return None
        return rules.Place(name=self.place_name, latitude=self.latitude, longitude=self.longitude)


class CompanyMember(UUIDModel):
    """Somebody in a company. Each has one ``RoleGrant`` within the company's scope, written beside this row."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.TextField()
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=companies.ROLES), name="company_member_role"),
            models.UniqueConstraint(fields=["company", "user"], name="company_member_once"),
            models.UniqueConstraint(fields=["company"], condition=Q(role="owner"), name="company_one_owner"),
            # What the company's own foreign key points at.
            models.UniqueConstraint(fields=["company", "user", "role"], name="company_member_with_role"),
        ]
        indexes = [models.Index(fields=["company", "joined_at", "id"], name="company_members_in_order")]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"


class CompanyInvitation(UUIDModel, Versioned):
    """An address that was invited. ``token_hash`` is of the newest letter's token; none before it was sent."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="invitations", db_index=False)
    email = models.EmailField()
    role = models.TextField()
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.TextField(default=companies.INVITATION.initial)
    token_hash = models.BinaryField(max_length=32, null=True, unique=True)
    sendings = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()  # when the newest letter was asked for
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email"), email__regex=r"^[!-?A-~]+@[!-?A-~]+$"), name="invitation_email_clean"
            ),
            models.CheckConstraint(condition=Q(role__in=companies.TO_GIVE), name="invitation_role"),
            models.CheckConstraint(condition=Q(state__in=sorted(companies.INVITATION.states)), name="invitation_state"),
            models.CheckConstraint(
                condition=Q(token_hash__isnull=True) | Q(Exact(bytes_in("token_hash"), 32)), name="invitation_hash"
            ),
            models.CheckConstraint(
                condition=Q(state="pending", ended_at__isnull=True) | ~Q(state="pending") & Q(ended_at__isnull=False),
                name="invitation_end_has_date",
            ),
            models.CheckConstraint(condition=Q(state="pending") | Q(token_hash__isnull=True), name="invitation_used"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="invitation_expires_later"),
            models.CheckConstraint(
                condition=Q(sendings__range=(1, companies.MOST_SENDINGS)), name="invitation_sendings"
            ),
            models.UniqueConstraint(
                fields=["company", "email"], condition=Q(state="pending"), name="invitation_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="invitation_of_company"),
            models.Index(fields=["email"], condition=Q(state="pending"), name="invitation_of_address"),
            models.Index(fields=["expires_at"], condition=Q(state="pending"), name="invitation_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.company_id}"
