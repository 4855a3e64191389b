"""Note (FHIR R4 DocumentReference): written as a draft, signed by its author, then closed."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import codes
from clinik.clock import Precision
from clinik.constraints import IMPORTED, one_of
from clinik.models import ClinikModel
from encounters.models import Practitioner
from records.models.base import ClinicalRecord, RecordQuerySet


class NoteQuerySet(RecordQuerySet["Note"]):
    def unsigned(self) -> "NoteQuerySet":
        return self.filter(status=Note.Status.PRELIMINARY)


class Status(models.TextChoices):
    PRELIMINARY = "preliminary", _("draft, not signed")
    FINAL = "final", _("signed")
    AMENDED = "amended", _("amended")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")


class Type(models.TextChoices):
    PROGRESS = "progress-note", _("progress note")
    DISCHARGE = "discharge-summary", _("discharge summary")
    CONSULTATION = "consultation-note", _("consultation note")
    HISTORY = "history-and-physical", _("history and physical")
    OPERATIVE = "operative-note", _("operative note")
    PROCEDURE = "procedure-note", _("procedure note")
    REFERRAL = "referral-note", _("referral note")
    TRANSFER = "transfer-summary", _("transfer summary")
    OTHER = "other", _("other")


class Relation(models.TextChoices):
    """FHIR relatesTo: appends or replaces."""

    ADDENDUM = "addendum", _("addendum")
    AMENDMENT = "amendment", _("amendment")


class Note(ClinicalRecord):
    """`preliminary` is a draft, readable by clinical staff and written by its author only.

    Signing sets `final` and `digest` and closes every write path; what comes after is an addendum
    or an amendment: another note that names this one in `about`.
    """

    Status = Status
    Type = Type
    Relation = Relation

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.PRELIMINARY, editable=False
    )
    type = models.CharField(_("type"), max_length=30, choices=Type, default=Type.PROGRESS)
    type_system = codes.system_field()
    type_code = codes.code_field(_("type code"))
    type_display = codes.display_field()
    type_text = codes.text_field(_("type as sent"))
    type_more = codes.more_field()
    category = models.CharField(_("category"), max_length=300, blank=True, default="")
    title = models.CharField(_("title"), max_length=500, blank=True, default="")
    # Plain or markdown, up to 100,000 characters in forms; imports keep everything.
    content = models.TextField(_("text"), blank=True, default="")
    content_type = models.CharField(max_length=100, default="text/plain", editable=False)
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True, editable=False)
    about = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="additions"
    )
    relation = models.CharField(max_length=20, choices=Relation, blank=True, default="")

    objects = NoteQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        permissions = [("enter_any_in_error", "Can enter anybody's record in error")]
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
            one_of("type", Type.values),
            one_of("relation", Relation.values, blank=True),
            models.CheckConstraint(
                name="note_signed_has_digest",
                condition=~Q(status__in=["final", "amended"])
                | (~Q(digest="") & Q(signed_at__isnull=False))
                | IMPORTED,
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="note_encounter"),
            models.Index(fields=["patient", "-effective"], name="note_patient"),
            models.Index(
                fields=["author"], name="note_unsigned", condition=Q(status="preliminary")
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.get_type_display())

    @property
    def is_signed(self) -> bool:
        return bool(self.digest) or self.status in (self.Status.FINAL, self.Status.AMENDED)

    def content_digest(self) -> str:
        """SHA-256 over what a signature binds: the note's id, patient, type, title and text."""
        bound = "\x1f".join(
            [str(self.pk), str(self.patient_id), self.type, self.title, self.content]
        )
        return hashlib.sha256(bound.encode()).hexdigest()


class NoteSignature(ClinikModel):
    """One signature over a note's digest; a co-signature is a second row."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="signatures")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("signed"))
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["note", "practitioner"], name="note_signed_once_each")
        ]

    def __str__(self) -> str:
        return f"{self.practitioner_id} {self.at}"
