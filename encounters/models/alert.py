"""PatientAlert (FHIR R4 Flag): what everybody must know before the door opens."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock
from clinik.constraints import in_order
from clinik.models import ClinikModel
from encounters.models.closed import without_closed
from encounters.models.encounter import DATE_UNKNOWN, OPEN, Status
from encounters.models.patient import OfPatientQuerySet, Patient


class PatientAlertQuerySet(OfPatientQuerySet["PatientAlert"]):
    def visible_to(self, user: Any) -> Self:
        """Whoever opens a patient's page reads the alerts: they stand in the banner."""
        found = self if user.has_perm("encounters.view_patient") else self.none()
        return without_closed(found, user)

    def standing(self) -> Self:
        """In force now or still to come, the oldest first."""
        over = Q(end__lte=clock.now()) | Q(end__lte=models.F("start"))
        return self._of_patient_or_open_visit().exclude(over).order_by("start", "id")

    def in_force(self) -> Self:
        """What the banner says now."""
        now = clock.now()
        return self._of_patient_or_open_visit().filter(Q(end=None) | Q(end__gt=now), start__lte=now)

    def _of_patient_or_open_visit(self) -> Self:
        """An alert of one visit (an import may bring it) says nothing once that is over."""
        return self.filter(Q(encounter=None) | Q(encounter__status__in=[Status.PLANNED, *OPEN]))


class PatientAlert(ClinikModel):
    """Its verbs: encounters.alerts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="alerts")
    # Of one made here there is none: it is about the patient.
    encounter = models.ForeignKey(
        "encounters.Encounter",
        verbose_name=_("holds during the visit"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    text = models.CharField(_("alert"), max_length=300)
    # DATE_UNKNOWN where an import does not say since when.
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("to"), null=True, blank=True)
    author = models.ForeignKey(
        "encounters.Practitioner",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # A front desk has no practitioner.
    by = models.ForeignKey(
        "clinik.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PatientAlertQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [in_order()]

    def __str__(self) -> str:
        return self.text

    @property
    def is_over(self) -> bool:
        """Ended, or ended before it began."""
        return self.end is not None and self.end <= max(clock.now(), self.start)

    @property
    def start_known(self) -> bool:
        return self.start > DATE_UNKNOWN
