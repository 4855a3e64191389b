"""Report (FHIR R4 DiagnosticReport): which results belong together, and what was made of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import codes
from clinik.clock import Precision
from clinik.constraints import one_of
from clinik.models import ClinikModel
from records.models.base import ClinicalRecord, RecordQuerySet
from records.models.note import Note
from records.models.observation import Observation


class ReportQuerySet(RecordQuerySet["Report"]):
    pass


class Status(models.TextChoices):
    """FHIR R4 DiagnosticReportStatus."""

    REGISTERED = "registered", _("registered")
    PARTIAL = "partial", _("partial")
    PRELIMINARY = "preliminary", _("preliminary")
    FINAL = "final", _("final")
    AMENDED = "amended", _("amended")
    CORRECTED = "corrected", _("corrected")
    APPENDED = "appended", _("appended")
    CANCELLED = "cancelled", _("cancelled")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")
    UNKNOWN = "unknown", _("unknown")


class Report(ClinicalRecord):
    """Only imports make one. Its text is a note, shared with the DocumentReference that has the
    same."""

    Status = Status

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.UNKNOWN, editable=False
    )
    category = models.CharField(_("category"), max_length=300, blank=True, default="")
    code_system = codes.system_field()
    code_code = codes.code_field(_("code"))
    code_display = codes.display_field()
    code_text = codes.text_field(_("what was examined"))
    code_more = codes.more_field()
    issued = models.DateTimeField(_("issued"), null=True, blank=True)
    conclusion = models.TextField(_("conclusion"), blank=True, default="")
    note = models.ForeignKey(
        Note, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )

    objects = ReportQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="report_encounter"),
            models.Index(fields=["patient", "-effective"], name="report_patient"),
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "code"))


class ReportResult(ClinikModel):
    """A result that a report names (DiagnosticReport.result), in the order it was sent."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="results")
    observation = models.ForeignKey(
        Observation, null=True, on_delete=models.PROTECT, related_name="reports"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("result of a report")
        verbose_name_plural = _("results of reports")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["report", "position"], name="report_result_position")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.position}"


class ObservationMember(ClinikModel):
    """An observation of a panel (Observation.hasMember), in the order it was sent."""

    panel = models.ForeignKey(Observation, on_delete=models.PROTECT, related_name="members")
    observation = models.ForeignKey(
        Observation, null=True, on_delete=models.PROTECT, related_name="panels"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("member of a panel")
        verbose_name_plural = _("members of panels")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "position"], name="panel_member_position")
        ]

    def __str__(self) -> str:
        return f"{self.panel_id} {self.position}"
