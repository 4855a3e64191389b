"""What a visit keeps beside itself: who took part, and where, as what and in which status when."""

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock, codes
from clinik.constraints import IMPORTED, in_order, one_of
from clinik.models import ClinikModel
from encounters.models.encounter import Encounter, Status
from encounters.models.practitioner import Practitioner

# Each interval here says of both its ends how exactly they are known.
PRECISIONS = [
    one_of("start_precision", clock.Precision.values),
    one_of("end_precision", clock.Precision.values),
]


class StatusPeriodQuerySet(models.QuerySet["StatusPeriod"]):
    def standing(self) -> Self:
        """The status history: without intervals withdrawn by a step back; oldest first."""
        return self.filter(withdrawn_at=None).order_by("start", "created", "id")


class StatusPeriod(ClinikModel):
    """FHIR Encounter.statusHistory, with the current status as its open interval.

    Contiguous and without overlap for visits made here; an imported history is kept as sent. An
    interval that a step back removed stays as a withdrawn row, outside the history.
    """

    encounter = models.ForeignKey(
        Encounter, on_delete=models.PROTECT, related_name="status_history"
    )
    status = models.CharField(_("status"), max_length=16, choices=Status)
    start = models.DateTimeField(_("from"), null=True)
    start_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    end = models.DateTimeField(_("to"), null=True)
    end_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True, default="")
    # When the press was made: ten minutes of undo count from it, not from the time it names.
    entered_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # What the step changed on the visit (end, cancel reason...), so that a step back restores it.
    before = models.JSONField(default=dict)

    objects = StatusPeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("status period")
        verbose_name_plural = _("status history")
        ordering = ["start", "created", "id"]
        constraints = [
            in_order(precision=True),
            *PRECISIONS,
            models.CheckConstraint(
                name="status_period_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="status_period_has_a_start", condition=IMPORTED | ~Q(start=None)
            ),
            models.UniqueConstraint(
                fields=["encounter"],
                name="status_period_one_open",
                condition=Q(end=None, withdrawn_at=None, source=""),
            ),
        ]
        indexes = [models.Index(fields=["encounter", "start"], name="status_period_encounter")]

    def __str__(self) -> str:
        return f"{self.status} {self.start}"

    @classmethod
    def follow(
        cls,
        encounter: Encounter,
        *,
        verb: str,
        before: str,
        changed: dict[str, Any],
        at: dt.datetime,
        by: Any,
        reason: str,
    ) -> "StatusPeriod":
        """Close the open interval at `at` and open one for the visit's present status.

        A booking entered after the patient came in (`at` before it) shrinks to nothing.
        """
        current = cls.objects.filter(encounter=encounter, end=None, withdrawn_at=None).last()
        if current is not None:
            if current.is_booking and current.start and at < current.start:
                current.start = at
            current.end, current.end_precision = at, clock.Precision.INSTANT
            current.save()
        stored = {name: _stored(value) for name, value in changed.items()}
        return cls.objects.create(
            encounter=encounter,
            status=encounter.status,
            start=at,
            by=by,
            reason=reason,
            before={"verb": verb, "status": before, "changed": stored},
        )

    @property
    def is_booking(self) -> bool:
        """The visit's first interval, planned: it began when somebody typed the booking."""
        return self.status == Status.PLANNED and self.before.get("verb") == "open"

    def restored(self) -> dict[str, Any]:
        """The visit's fields as they were before the step that began this interval."""
        return {
            name: Encounter._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
            for name, value in self.before.get("changed", {}).items()
        }


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


class ClassPeriod(ClinikModel):
    """FHIR Encounter.classHistory: an emergency visit that became an admission stays one visit."""

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="class_history")
    class_system = codes.system_field()
    class_code = codes.code_field(_("class"))
    class_display = codes.display_field()
    start = models.DateTimeField(_("from"), null=True)
    start_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    end = models.DateTimeField(_("to"), null=True)
    end_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )

    class Meta:
        verbose_name = _("class period")
        verbose_name_plural = _("class history")
        ordering = ["start", "created", "id"]
        constraints = [in_order(precision=True), *PRECISIONS]

    def __str__(self) -> str:
        return f"{self.class_code} {self.start}"


class LocationPeriod(ClinikModel):
    """FHIR Encounter.location: where the visit was, from when to when."""

    encounter = models.ForeignKey(
        Encounter, on_delete=models.PROTECT, related_name="location_history"
    )
    location = models.CharField(_("location"), max_length=1000)
    start = models.DateTimeField(_("from"), null=True)
    start_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    end = models.DateTimeField(_("to"), null=True)
    end_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )

    class Meta:
        verbose_name = _("location period")
        verbose_name_plural = _("location moves")
        ordering = ["start", "created", "id"]
        constraints = [in_order(precision=True), *PRECISIONS]

    def __str__(self) -> str:
        return self.location


class EncounterParticipant(ClinikModel):
    """FHIR Encounter.participant: who took part, as what, from when to when."""

    class Role(models.TextChoices):
        """v3-ParticipationType and participant-type, as far as they are offered or known."""

        ATTENDING = "ATND", _("attending")
        PRIMARY = "PPRF", _("primary performer")
        SECONDARY = "SPRF", _("secondary performer")
        CONSULTANT = "CON", _("consultant")
        REFERRER = "REF", _("referrer")
        ADMITTER = "ADM", _("admitter")
        DISCHARGER = "DIS", _("discharger")
        ESCORT = "ESC", _("escort")
        CALLBACK = "CALLBCK", _("callback contact")
        PARTICIPATION = "PART", _("participation")
        TRANSLATOR = "translator", _("translator")
        EMERGENCY = "emergency", _("emergency contact")

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="participants")
    practitioner = models.ForeignKey(
        Practitioner, null=True, blank=True, on_delete=models.PROTECT, related_name="participations"
    )
    # For a translator or an imported person who is no practitioner here.
    name = models.CharField(_("name"), max_length=300, blank=True, default="")
    role_system = codes.system_field()
    role_code = codes.code_field(_("role"))
    role_display = codes.display_field()
    start = models.DateTimeField(_("from"), null=True)
    start_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    end = models.DateTimeField(_("to"), null=True)
    end_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    # A participant taken off the visit by an edit: kept, not shown.
    removed = models.BooleanField(default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["created", "id"]
        constraints = [in_order(precision=True), *PRECISIONS]

    def __str__(self) -> str:
        return str(self.practitioner or self.name)

    @property
    def role_words(self) -> str:
        labels = dict(self.Role.choices)
        return str(labels.get(self.role_code, self.role_display or self.role_code))


class Hospitalization(ClinikModel):
    """FHIR Encounter.hospitalization: the admission's form; disposition also for emergencies."""

    class AdmitSource(models.TextChoices):
        """http://terminology.hl7.org/CodeSystem/admit-source"""

        TRANSFER = "hosp-trans", _("transferred from another hospital")
        EMERGENCY = "emd", _("from the emergency department")
        OUTPATIENT = "outp", _("from the outpatient department")
        BORN = "born", _("born in hospital")
        GP = "gp", _("general practitioner referral")
        PHYSICIAN = "mp", _("physician referral")
        NURSING = "nursing", _("from a nursing home")
        PSYCHIATRIC = "psych", _("from a psychiatric hospital")
        REHABILITATION = "rehab", _("from a rehabilitation facility")
        OTHER = "other", _("other")

    class Disposition(models.TextChoices):
        """http://terminology.hl7.org/CodeSystem/discharge-disposition"""

        HOME = "home", _("home")
        OTHER_HOME = "alt-home", _("alternative home")
        OTHER_FACILITY = "other-hcf", _("other health care facility")
        HOSPICE = "hosp", _("hospice")
        LONG_TERM = "long", _("long-term care")
        AGAINST_ADVICE = "aadvice", _("left against advice")
        DIED = "exp", _("died")
        PSYCHIATRIC = "psy", _("psychiatric hospital")
        REHABILITATION = "rehab", _("rehabilitation")
        NURSING = "snf", _("skilled nursing facility")
        OTHER = "oth", _("other")

    encounter = models.OneToOneField(
        Encounter, on_delete=models.PROTECT, related_name="hospitalization"
    )
    admit_source_system = codes.system_field()
    admit_source_code = codes.code_field(_("admitted from"))
    admit_source_text = codes.text_field()
    origin = models.CharField(_("came from"), max_length=300, blank=True, default="")
    re_admission = models.CharField(_("re-admission"), max_length=100, blank=True, default="")
    diet = models.CharField(_("diet"), max_length=500, blank=True, default="")
    special_arrangement = models.CharField(
        _("special arrangements"), max_length=500, blank=True, default=""
    )
    disposition_system = codes.system_field()
    disposition_code = codes.code_field(_("discharged to"))
    disposition_display = codes.display_field()
    disposition_text = codes.text_field()
    destination = models.CharField(_("destination"), max_length=300, blank=True, default="")

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("hospitalization")
        verbose_name_plural = _("hospitalizations")

    def __str__(self) -> str:
        return self.disposition_words

    @property
    def disposition_words(self) -> str:
        labels = dict(self.Disposition.choices)
        return str(
            labels.get(self.disposition_code)
            or self.disposition_text
            or self.disposition_display
            or self.disposition_code
        )
