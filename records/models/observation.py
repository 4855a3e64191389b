"""Observation (FHIR R4): a vital sign, a laboratory result, anything measured or asked."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import codes
from clinik.clock import Precision
from clinik.constraints import IMPORTED, one_of
from clinik.models import ClinikModel
from records.models.base import ClinicalRecord, RecordQuerySet


class Value(models.Model):
    """Abstract: value[x] of an Observation or of one of its components: at most one kind.

    A quantity keeps the digits exactly as given in `value` (1.10 is not 1.1); `value_number` is the
    same as a float, for bands, charts and sorting only.
    """

    value = models.CharField(_("value"), max_length=100, blank=True, default="")
    value_number = models.FloatField(null=True, blank=True, editable=False)
    value_comparator = models.CharField(max_length=4, blank=True, default="")
    value_unit = models.CharField(_("unit"), max_length=100, blank=True, default="")
    value_unit_code = models.CharField(_("UCUM code"), max_length=100, blank=True, default="")
    value_text = models.TextField(_("value in words"), blank=True, default="")
    value_boolean = models.BooleanField(_("yes or no"), null=True, blank=True)
    value_coded_system = codes.system_field()
    value_coded_code = codes.code_field(_("coded value"))
    value_coded_display = codes.display_field()
    value_coded_text = codes.text_field()
    value_coded_more = codes.more_field()
    # A value kind that is not modelled (range, ratio, time, sampled data), kept as sent.
    value_other = models.JSONField(null=True, blank=True)
    absent_reason = models.CharField(
        _("why there is no value"), max_length=300, blank=True, default=""
    )
    # HL7 v3-ObservationInterpretation: N H L HH LL A, others as imported.
    interpretation = models.CharField(_("interpretation"), max_length=100, blank=True, default="")
    range_low = models.CharField(_("range from"), max_length=100, blank=True, default="")
    range_high = models.CharField(_("range to"), max_length=100, blank=True, default="")
    range_text = models.CharField(_("range in words"), max_length=500, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def value_words(self) -> str:
        """The value as a person reads it, without its unit; empty where there is none."""
        if self.value:
            return f"{self.value_comparator}{self.value}"
        if self.value_boolean is not None:
            return str(_("yes") if self.value_boolean else _("no"))
        return self.value_text or str(codes.read(self, "value_coded"))


class ObservationQuerySet(RecordQuerySet["Observation"]):
    def with_codes(self, wanted: Any) -> "ObservationQuerySet":
        return self.filter(code_code__in=wanted)


class Status(models.TextChoices):
    REGISTERED = "registered", _("registered")
    PRELIMINARY = "preliminary", _("preliminary")
    FINAL = "final", _("final")
    AMENDED = "amended", _("amended")
    CORRECTED = "corrected", _("corrected")
    CANCELLED = "cancelled", _("cancelled")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")
    UNKNOWN = "unknown", _("unknown")


class Category(models.TextChoices):
    """http://terminology.hl7.org/CodeSystem/observation-category"""

    SOCIAL_HISTORY = "social-history", _("social history")
    VITAL_SIGNS = "vital-signs", _("vital signs")
    IMAGING = "imaging", _("imaging")
    LABORATORY = "laboratory", _("laboratory")
    PROCEDURE = "procedure", _("procedure")
    SURVEY = "survey", _("survey")
    EXAM = "exam", _("exam")
    THERAPY = "therapy", _("therapy")
    ACTIVITY = "activity", _("activity")


class Observation(Value, ClinicalRecord):
    Status = Status
    Category = Category

    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.FINAL, editable=False
    )
    category = models.CharField(_("category"), max_length=100, blank=True, default="")
    code_system = codes.system_field()
    code_code = codes.code_field(_("code"), db_index=True)
    code_display = codes.display_field()
    code_text = codes.text_field(_("what was observed"))
    code_more = codes.more_field()
    issued = models.DateTimeField(_("issued"), null=True, blank=True)
    body_site_code = codes.code_field(_("body site code"))
    body_site_text = codes.text_field(_("body site"))
    method_code = codes.code_field(_("method code"))
    method_text = codes.text_field(_("method"))
    note = models.TextField(_("note"), blank=True, default="")
    # Results and critical vitals entered here are acknowledged: by whom, when, what was done.
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    seen_action = models.CharField(_("action taken"), max_length=500, blank=True, default="")

    # Of a systolic pressure that came by itself: its other half, once records.readings.paired() has
    # put them together. Not stored.
    lower_half: "Observation | None" = None

    objects = ObservationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        constraints = [
            one_of("status", Status.values),
            one_of("effective_precision", Precision.values),
            models.CheckConstraint(
                name="observation_says_what",
                condition=~Q(code_code="") | ~Q(code_text="") | ~Q(code_display="") | IMPORTED,
            ),
            models.CheckConstraint(
                name="observation_one_value",
                condition=IMPORTED
                | Q(value="", value_boolean=None)
                | Q(value="", value_text="", value_coded_code="", value_coded_text="")
                | Q(value_boolean=None, value_text="", value_coded_code="", value_coded_text=""),
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "-effective"], name="observation_encounter"),
            models.Index(fields=["patient", "code_code", "-effective"], name="observation_trend"),
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "code"))


class ObservationComponent(Value, ClinikModel):
    """One part of an observation: systolic and diastolic of a blood pressure."""

    observation = models.ForeignKey(
        Observation, on_delete=models.PROTECT, related_name="components"
    )
    position = models.PositiveSmallIntegerField(default=0)
    code_system = codes.system_field()
    code_code = codes.code_field(_("code"))
    code_display = codes.display_field()
    code_text = codes.text_field()
    code_more = codes.more_field()

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["observation", "position"], name="observation_component_position"
            )
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "code"))
