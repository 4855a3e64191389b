"""AllergyIntolerance (FHIR R4), and the statement that there is none."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock, codes
from clinik.constraints import one_of
from clinik.models import ClinikModel
from encounters.models.closed import without_closed
from encounters.models.encounter import Encounter, ErrorAbout, Status
from encounters.models.patient import OfPatientQuerySet, Patient
from encounters.models.practitioner import Practitioner


class AllergyQuerySet(OfPatientQuerySet["Allergy"]):
    def visible_to(self, user: Any) -> Self:
        found = self if user.has_perm("encounters.view_allergy") else self.none()
        return without_closed(found, user)

    def listed(self) -> Self:
        """What counts: not in error, not from a visit that was about somebody else."""
        return self.exclude(verification=Allergy.Verification.ENTERED_IN_ERROR).exclude(
            encounter__status=Status.ENTERED_IN_ERROR,
            encounter__error_about=ErrorAbout.SOMEBODY_ELSE,
        )

    def active(self) -> Self:
        """What the banner warns of: listed, not refuted, and not over."""
        return (
            self.listed()
            .exclude(verification=Allergy.Verification.REFUTED)
            .filter(clinical_status__in=[Allergy.ClinicalStatus.ACTIVE, ""])
        )


class Type(models.TextChoices):
    ALLERGY = "allergy", _("allergy")
    INTOLERANCE = "intolerance", _("intolerance")


class Category(models.TextChoices):
    FOOD = "food", _("food")
    MEDICATION = "medication", _("medication")
    ENVIRONMENT = "environment", _("environment")
    BIOLOGIC = "biologic", _("biologic")


class Severity(models.TextChoices):
    MILD = "mild", _("mild")
    MODERATE = "moderate", _("moderate")
    SEVERE = "severe", _("severe")


class Criticality(models.TextChoices):
    LOW = "low", _("low risk")
    HIGH = "high", _("high risk")
    UNABLE = "unable-to-assess", _("risk not known")


class ClinicalStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    INACTIVE = "inactive", _("inactive")
    RESOLVED = "resolved", _("resolved")


class Verification(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    CONFIRMED = "confirmed", _("confirmed")
    REFUTED = "refuted", _("refuted")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")


class Allergy(ClinikModel):
    Type = Type
    Category = Category
    Severity = Severity
    Criticality = Criticality
    ClinicalStatus = ClinicalStatus
    Verification = Verification

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="allergies")
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="allergies"
    )
    substance_system = codes.system_field()
    substance_code = codes.code_field(_("code"))
    substance_display = codes.display_field()
    substance_text = codes.text_field(_("substance"))
    substance_more = codes.more_field()
    type = models.CharField(_("type"), max_length=20, choices=Type, blank=True, default="")
    category = models.CharField(
        _("category"), max_length=20, choices=Category, blank=True, default=""
    )
    reaction = models.CharField(_("reaction"), max_length=500, blank=True, default="")
    severity = models.CharField(
        _("severity"), max_length=20, choices=Severity, blank=True, default=""
    )
    criticality = models.CharField(
        _("criticality"), max_length=20, choices=Criticality, blank=True, default=""
    )
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
    onset = models.DateTimeField(_("onset"), null=True, blank=True)
    onset_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.DAY
    )
    recorded = models.DateTimeField(_("recorded"), default=clock.now)
    author = models.ForeignKey(
        Practitioner,
        verbose_name=_("recorded by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.TextField(_("note"), blank=True, default="")
    error_reason = models.CharField(_("why in error"), max_length=500, blank=True, default="")

    objects = AllergyQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("allergy")
        verbose_name_plural = _("allergies")
        ordering = ["created", "id"]
        constraints = [
            one_of("type", Type.values, blank=True),
            one_of("category", Category.values, blank=True),
            one_of("severity", Severity.values, blank=True),
            one_of("criticality", Criticality.values, blank=True),
            one_of("clinical_status", ClinicalStatus.values, blank=True),
            one_of("verification", Verification.values, blank=True),
            one_of("onset_precision", clock.Precision.values),
        ]
        indexes = [models.Index(fields=["patient", "clinical_status"], name="allergy_patient")]

    def __str__(self) -> str:
        return str(codes.read(self, "substance"))


class NoKnownAllergiesQuerySet(OfPatientQuerySet["NoKnownAllergies"]):
    def standing(self) -> Self:
        """Not ended, and not from a visit that was about somebody else."""
        return self.filter(ended_at=None).exclude(
            encounter__status=Status.ENTERED_IN_ERROR,
            encounter__error_about=ErrorAbout.SOMEBODY_ELSE,
        )


class NoKnownAllergies(ClinikModel):
    """ "No known allergies", said by someone at a time; ended by the first active allergy.

    A patient without this statement and without an allergy has "not been asked yet".
    """

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="no_known_allergies"
    )
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    stated_at = models.DateTimeField(_("stated"), default=clock.now)
    author = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = NoKnownAllergiesQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("no known allergies")
        verbose_name_plural = _("no known allergies")
        constraints = [
            models.UniqueConstraint(
                fields=["patient"],
                name="no_known_allergies_once",
                condition=Q(ended_at=None, source=""),
            )
        ]

    def __str__(self) -> str:
        return str(_("No known allergies"))
