"""Prescription (FHIR R4 MedicationRequest). Clinik records and prints; it transmits nothing."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock, codes
from clinik.clock import Precision
from clinik.constraints import IMPORTED, in_order, one_of
from encounters.models import Practitioner
from records.models.base import ClinicalRecord, RecordQuerySet


class PrescriptionQuerySet(RecordQuerySet["Prescription"]):
    def current(self) -> "PrescriptionQuerySet":
        """What the patient is meant to be taking: active or on hold, its last day not past."""
        not_over = Q(end=None) | Q(end__gte=clock.day_start(clock.today()))
        return self.listed().filter(not_over, status__in=[Status.ACTIVE, Status.ON_HOLD])

    def awaiting(self, practitioner: Practitioner | None) -> "PrescriptionQuerySet":
        """Drafts that only this prescriber can make active; none for a login without one."""
        if practitioner is None:
            return self.none()
        return self.listed().filter(status=Status.DRAFT, author=practitioner)


class Status(models.TextChoices):
    DRAFT = "draft", _("draft")
    ACTIVE = "active", _("active")
    ON_HOLD = "on-hold", _("on hold")
    CANCELLED = "cancelled", _("cancelled")
    COMPLETED = "completed", _("completed")
    STOPPED = "stopped", _("stopped")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")
    UNKNOWN = "unknown", _("unknown")


class Intent(models.TextChoices):
    """MedicationRequest.intent: all eight are stored, four are offered."""

    PROPOSAL = "proposal", _("proposal")
    PLAN = "plan", _("plan")
    ORDER = "order", _("order")
    ORIGINAL = "original-order", _("original order")
    REFLEX = "reflex-order", _("reflex order")
    FILLER = "filler-order", _("filler order")
    INSTANCE = "instance-order", _("instance order")
    OPTION = "option", _("option")


class Priority(models.TextChoices):
    ROUTINE = "routine", _("routine")
    URGENT = "urgent", _("urgent")
    ASAP = "asap", _("as soon as possible")
    STAT = "stat", _("at once")


class Prescription(ClinicalRecord):
    """`author` is the prescriber, who alone makes it active; others leave a draft for them."""

    Status = Status
    Intent = Intent
    Priority = Priority

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.DRAFT, editable=False
    )
    intent = models.CharField(
        _("intent"), max_length=20, choices=Intent, blank=True, default=Intent.ORDER
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority, blank=True, default=Priority.ROUTINE
    )
    medication_system = codes.system_field()
    medication_code = codes.code_field(_("code"))
    medication_display = codes.display_field()
    medication_text = codes.text_field(_("medication"))
    medication_more = codes.more_field()
    dosage_text = models.TextField(_("dosage"), blank=True, default="")
    dose = models.CharField(_("dose"), max_length=200, blank=True, default="")
    route = models.CharField(_("route"), max_length=200, blank=True, default="")
    frequency = models.CharField(_("frequency"), max_length=200, blank=True, default="")
    as_needed = models.BooleanField(_("as needed"), default=False)
    start = models.DateTimeField(_("from"), null=True, blank=True)
    start_precision = models.CharField(max_length=7, default="day")
    end = models.DateTimeField(_("until"), null=True, blank=True)
    end_precision = models.CharField(max_length=7, default="day")
    quantity = models.CharField(_("quantity"), max_length=100, blank=True, default="")
    quantity_unit = models.CharField(_("unit"), max_length=100, blank=True, default="")
    refills = models.PositiveIntegerField(_("refills"), null=True, blank=True)
    controlled = models.BooleanField(_("controlled drug"), default=False)
    reason_system = codes.system_field()
    reason_code = codes.code_field(_("reason code"))
    reason_display = codes.display_field()
    reason_text = codes.text_field(_("reason"))
    reason_more = codes.more_field()
    # Why it was prescribed although the form warned (records.drug_warnings).
    override_reason = models.CharField(
        _("why despite the warning"), max_length=500, blank=True, default=""
    )
    note = models.TextField(_("note"), blank=True, default="")
    # The prescription whose place this one takes: completed when this one becomes active.
    renews = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="renewed_by"
    )

    objects = PrescriptionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("prescription")
        verbose_name_plural = _("prescriptions")
        permissions = [("prescribe", "Can make a prescription active")]
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
            one_of("intent", Intent.values, blank=True),
            one_of("priority", Priority.values, blank=True),
            in_order(precision=True),
            models.CheckConstraint(
                name="prescription_says_what",
                condition=~Q(medication_text="")
                | ~Q(medication_display="")
                | ~Q(medication_code="")
                | IMPORTED,
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="prescription_encounter"),
            models.Index(fields=["patient", "status"], name="prescription_patient"),
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "medication"))
