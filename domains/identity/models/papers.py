"""Identity papers, and everything that was done with them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from domains.identity.models.people import User
from domains.identity.rules import papers
from kelmah.crypto import SealedField
from kelmah.db.models import UUIDModel, Versioned


class Document(UUIDModel, Versioned):
    """A paper that somebody sent to show who they are. What they typed is sealed (``papers.Details`` as JSON), the
    number besides in a blind index; the pictures are sealed by files.

    ``counts_until`` is the last day on which it counts, once verified; None: for ever.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="documents", db_index=False)
    kind = models.TextField()
    state = models.TextField(default=papers.DOCUMENT.initial)
    country = models.CharField(max_length=2, blank=True)
    skill_id = models.CharField(max_length=80, blank=True)
    expires_on = models.DateField(null=True)
    file_ids = ArrayField(models.UUIDField(), size=papers.FILES_PER_PAPER)
    details = SealedField(subject="user_id", place="identity.document.details", null=True)
    number_index = models.BinaryField(max_length=32, null=True)
    vendor = models.TextField(blank=True)
    vendor_reference = models.CharField(max_length=200, blank=True)
    findings = ArrayField(models.TextField(), default=list)
    reason = models.TextField(blank=True)  # why it was rejected or revoked
    claimed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    claimed_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    counts_until = models.DateField(null=True)

    class Meta:
        permissions = [("verify_documents", "Can read and judge identity papers")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=sorted(papers.KINDS)), name="document_kind"),
            models.CheckConstraint(condition=Q(state__in=sorted(papers.DOCUMENT.states)), name="document_state"),
            models.CheckConstraint(condition=Q(country="") | Q(country__regex="^[A-Z]{2}$"), name="document_country"),
            models.CheckConstraint(condition=Q(file_ids__len__gte=1), name="document_has_files"),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_until__isnull=True)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False, state="needs_review"),
                name="document_claim_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["rejected", "revoked"], reason__gt="")
                | ~Q(state__in=["rejected", "revoked"]) & Q(reason=""),
                name="document_refused_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*papers.OPEN, "withdrawn"], decided_at__isnull=True)
                | Q(decided_at__isnull=False) & ~Q(state__in=[*papers.OPEN, "withdrawn"]),
                name="document_decided_has_date",
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "skill_id"], condition=Q(state__in=papers.OPEN), name="document_open_once"
            ),
            models.UniqueConstraint(
                fields=["user", "kind", "skill_id"], condition=Q(state="verified"), name="document_verified_once"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-sent_at", "-id"], name="document_of_user"),
            models.Index(fields=["sent_at", "id"], condition=Q(state="needs_review"), name="document_queue"),
            models.Index(fields=["number_index"], condition=Q(number_index__isnull=False), name="document_number"),
        ]

    def __str__(self) -> str:
        return papers.KINDS[self.kind].title


class DocumentStep(models.Model):
    """Something done with a document: a step of its states, taken or given back by a reviewer, or looked at.

    ``by`` is nobody where it was the clock, the vendor or the system. ``note`` is what a reviewer wrote, sealed.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="steps", db_index=False)
    user_id = models.UUIDField()  # the document's: under whose key the note is
    at = models.DateTimeField()
    what = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.TextField(blank=True)
    note = SealedField(subject="user_id", place="identity.documentstep.note", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=sorted({step.name for step in papers.DOCUMENT.transitions} | papers.TOUCHES)),
                name="document_step_what",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False) | ~Q(what__in=papers.BY_STAFF),
                name="document_step_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["document", "at", "id"], name="step_of_document")]

    def __str__(self) -> str:
        return self.what
