"""Diagnosis: FHIR Condition together with Encounter.diagnosis (use and rank)."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock, codes
from clinik.constraints import made_here, one_of, ordered
from clinik.models import ClinikModel
from encounters.models.closed import without_closed
from encounters.models.encounter import Encounter, ErrorAbout, Status
from encounters.models.patient import OfPatientQuerySet, Patient
from encounters.models.practitioner import Practitioner


class ClinicalStatus(models.TextChoices):
    """http://terminology.hl7.org/CodeSystem/condition-clinical"""

    ACTIVE = "active", _("active")
    RECURRENCE = "recurrence", _("recurrence")
    RELAPSE = "relapse", _("relapse")
    INACTIVE = "inactive", _("inactive")
    REMISSION = "remission", _("in remission")
    RESOLVED = "resolved", _("resolved")


# A condition that is there now, or of which nothing is said; only the others can have an end.
PRESENT = frozenset(
    {"", ClinicalStatus.ACTIVE.value, ClinicalStatus.RECURRENCE.value, ClinicalStatus.RELAPSE.value}
)


class Verification(models.TextChoices):
    """http://terminology.hl7.org/CodeSystem/condition-ver-status"""

    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    PROVISIONAL = "provisional", _("provisional")
    DIFFERENTIAL = "differential", _("differential")
    CONFIRMED = "confirmed", _("confirmed")
    REFUTED = "refuted", _("refuted")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")


class Use(models.TextChoices):
    """http://terminology.hl7.org/CodeSystem/diagnosis-role"""

    ADMISSION = "AD", _("admission diagnosis")
    DISCHARGE = "DD", _("discharge diagnosis")
    CHIEF_COMPLAINT = "CC", _("chief complaint")
    COMORBIDITY = "CM", _("comorbidity")
    PRE_OP = "pre-op", _("pre-op diagnosis")
    POST_OP = "post-op", _("post-op diagnosis")
    BILLING = "billing", _("billing")


class Category(models.TextChoices):
    """http://terminology.hl7.org/CodeSystem/condition-category"""

    ENCOUNTER = "encounter-diagnosis", _("diagnosis of a visit")
    PROBLEM = "problem-list-item", _("problem list")


class DiagnosisQuerySet(OfPatientQuerySet["Diagnosis"]):
    def visible_to(self, user: Any) -> Self:
        found = self if user.has_perm("encounters.view_diagnosis") else self.none()
        return without_closed(found, user)

    def listed(self) -> Self:
        """What counts: not in error, not in or promoted from a visit about somebody else."""
        found = self.exclude(verification=Verification.ENTERED_IN_ERROR)
        for visit in ("encounter", "promoted_from__encounter"):
            found = found.exclude(
                **{
                    f"{visit}__status": Status.ENTERED_IN_ERROR,
                    f"{visit}__error_about": ErrorAbout.SOMEBODY_ELSE,
                }
            )
        return found

    def ranked(self) -> Self:
        """By use, then rank, those without one last."""
        return self.order_by("use", models.F("rank").asc(nulls_last=True), "created", "id")


class Diagnosis(ClinikModel):
    """One condition as found in one visit; without a visit it is a problem-list item."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="diagnoses")
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="diagnoses"
    )
    condition_system = codes.system_field()
    condition_code = codes.code_field(_("code"), db_index=True)
    condition_display = codes.display_field()
    condition_text = codes.text_field(_("condition"))
    condition_more = codes.more_field()
    use = models.CharField(_("use"), max_length=20, choices=Use, blank=True, default="")
    rank = models.PositiveIntegerField(_("rank"), null=True, blank=True)
    clinical_status = models.CharField(
        _("clinical status"),
        max_length=20,
        choices=ClinicalStatus,
        blank=True,
        default=ClinicalStatus.ACTIVE,
    )
    verification = models.CharField(
        _("verification"),
        max_length=20,
        choices=Verification,
        blank=True,
        default=Verification.CONFIRMED,
    )
    category = models.CharField(
        _("category"), max_length=30, choices=Category, default=Category.ENCOUNTER
    )
    onset = models.DateTimeField(_("onset"), null=True, blank=True)
    onset_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    onset_text = models.CharField(_("onset in words"), max_length=300, blank=True, default="")
    abatement = models.DateTimeField(_("resolved on"), null=True, blank=True)
    abatement_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    abatement_text = models.CharField(
        _("resolved, in words"), max_length=300, blank=True, default=""
    )
    note = models.TextField(_("note"), blank=True, default="")
    recorded = models.DateTimeField(_("recorded"), default=clock.now)
    author = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # A problem-list item names the visit's row that it was promoted from.
    promoted_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="promoted"
    )
    error_reason = models.CharField(_("why in error"), max_length=500, blank=True, default="")

    objects = DiagnosisQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("diagnosis")
        verbose_name_plural = _("diagnoses")
        constraints = [
            one_of("use", Use.values, blank=True),
            one_of("clinical_status", ClinicalStatus.values, blank=True),
            one_of("verification", Verification.values, blank=True),
            one_of("category", Category.values),
            one_of("onset_precision", clock.Precision.values),
            one_of("abatement_precision", clock.Precision.values),
            made_here("onset_before_abatement", ordered("onset", "abatement", precision=True)),
            models.CheckConstraint(
                name="diagnosis_rank_positive", condition=Q(rank=None) | Q(rank__gte=1)
            ),
            models.CheckConstraint(
                name="diagnosis_says_what",
                condition=~Q(condition_text="")
                | ~Q(condition_display="")
                | ~Q(condition_code="")
                | ~Q(source=""),
            ),
            models.UniqueConstraint(
                fields=["encounter", "use", "rank"],
                name="diagnosis_rank_once",
                condition=~Q(verification="entered-in-error") & Q(rank__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["encounter", "use", "rank"], name="diagnosis_encounter"),
            models.Index(fields=["patient", "category"], name="diagnosis_patient"),
        ]

    def __str__(self) -> str:
        return str(codes.read(self, "condition"))
