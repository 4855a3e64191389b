"""Assessment (FHIR R4 ClinicalImpression): what the clinician makes of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import codes
from clinik.clock import Precision
from clinik.constraints import one_of
from clinik.models import ClinikModel
from records.models.base import ClinicalRecord, RecordQuerySet


class AssessmentQuerySet(RecordQuerySet["Assessment"]):
    pass


class Status(models.TextChoices):
    IN_PROGRESS = "in-progress", _("in progress")
    COMPLETED = "completed", _("completed")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")


class Assessment(ClinicalRecord):
    Status = Status

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.COMPLETED, editable=False
    )
    # Up to 5,000 characters in forms.
    summary = models.TextField(_("summary"), blank=True, default="")
    description = models.TextField(_("description"), blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )

    objects = AssessmentQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
            models.CheckConstraint(
                name="assessment_has_a_summary",
                condition=~models.Q(summary="") | ~models.Q(source=""),
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="assessment_encounter"),
            models.Index(fields=["patient", "-effective"], name="assessment_patient"),
        ]

    def __str__(self) -> str:
        return self.summary[:80]


class Finding(ClinikModel):
    """One of up to 50 findings of an assessment: coded or text, with what it rests on."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField(default=0)
    finding_system = codes.system_field()
    finding_code = codes.code_field(_("code"))
    finding_display = codes.display_field()
    finding_text = codes.text_field(_("finding"))
    basis = models.CharField(_("basis"), max_length=1000, blank=True, default="")

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "position"], name="finding_position")
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "finding"))
