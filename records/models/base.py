"""What every record of the chart has: whose, of which visit, by whom, when, in which status."""

from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.models import ClinikModel
from encounters.models import Encounter, Patient, Practitioner
from encounters.models.closed import without_closed
from encounters.models.encounter import ErrorAbout
from encounters.models.encounter import Status as EncounterStatus
from encounters.models.patient import OfPatientQuerySet

R = TypeVar("R", bound="ClinicalRecord")

ENTERED_IN_ERROR = "entered-in-error"


class RecordQuerySet(OfPatientQuerySet[R]):
    def visible_to(self, user: Any) -> Self:
        found = self if user.has_perm("encounters.view_chart") else self.none()
        return without_closed(found, user)

    def listed(self) -> Self:
        """What counts for the patient: not in error, not of a visit about somebody else."""
        return self.exclude(status=ENTERED_IN_ERROR).exclude(
            encounter__status=EncounterStatus.ENTERED_IN_ERROR,
            encounter__error_about=ErrorAbout.SOMEBODY_ELSE,
        )

    def newest_first(self) -> Self:
        return self.order_by("-effective", "-id")


class ClinicalRecord(ClinikModel):
    """Abstract. A record is never deleted and never leaves its visit; `status` is written by
    clinik.transitions.move() after it was created."""

    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT)
    encounter = models.ForeignKey(
        Encounter, verbose_name=_("visit"), null=True, blank=True, on_delete=models.PROTECT
    )
    # The practitioner who observed, wrote, ordered or assessed; the login that typed it is in
    # entered_by. An import may know neither.
    author = models.ForeignKey(
        Practitioner,
        verbose_name=_("by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # When it was true of the patient (taken, written about, ordered), not when it was typed.
    effective = models.DateTimeField(_("time"), null=True, blank=True)
    effective_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    error_reason = models.CharField(_("why in error"), max_length=500, blank=True, default="")
    # Entered after the visit was closed, and marked so wherever it is shown.
    after_closing = models.BooleanField(_("added after closing"), default=False)
    # The record of a visit opened for the wrong patient that this one repeats, and is marked so.
    copied_from = models.ForeignKey(
        "self",
        verbose_name=_("copied from"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        abstract = True

    @property
    def is_in_error(self) -> bool:
        return self.status == ENTERED_IN_ERROR  # type: ignore[attr-defined]
