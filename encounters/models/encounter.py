"""Encounter (FHIR R4): one visit, from booking to end. Its verbs: encounters.lifecycle."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik import clock, codes
from clinik.constraints import in_order, made_here, one_of
from clinik.guards import Fixed
from clinik.models import ClinikModel
from encounters.models.closed import without_closed
from encounters.models.patient import OfPatientQuerySet, Patient
from encounters.models.practitioner import Practitioner

# Stands for "date unknown" in Encounter.date: sorts last, matches no date filter. Not year 1 day 1,
# which has no local time west of Greenwich.
DATE_UNKNOWN = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


class Status(models.TextChoices):
    """FHIR R4 EncounterStatus; `unknown` is created by imports only."""

    PLANNED = "planned", _("planned")
    ARRIVED = "arrived", _("arrived")
    TRIAGED = "triaged", _("triaged")
    IN_PROGRESS = "in-progress", _("in progress")
    ONLEAVE = "onleave", _("on leave")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")
    ENTERED_IN_ERROR = "entered-in-error", _("entered in error")
    UNKNOWN = "unknown", _("unknown")


OPEN = (Status.ARRIVED, Status.TRIAGED, Status.IN_PROGRESS, Status.ONLEAVE)


# Acts that add no interval: an undo withdraws one, an imported history is kept as sent.
NOT_IN_HISTORY = ("encounter.step_back", "encounter.restore", "encounter.update_imported")


class EncounterClass(models.TextChoices):
    """v3-ActCode: the five that are offered; imports bring others, kept as sent."""

    AMB = "AMB", _("ambulatory")
    IMP = "IMP", _("inpatient")
    EMER = "EMER", _("emergency")
    HH = "HH", _("home health")
    VR = "VR", _("virtual")


class Priority(models.TextChoices):
    """v3-ActPriority, the ones offered at triage, most pressing first."""

    EMERGENCY = "EM", _("emergency")
    URGENT = "UR", _("urgent")
    ASAP = "A", _("as soon as possible")
    ROUTINE = "R", _("routine")
    ELECTIVE = "EL", _("elective")
    STAT = "S", _("stat")


class CancelReason(models.TextChoices):
    DID_NOT_ATTEND = "did-not-attend", _("did not attend")
    PATIENT = "patient", _("patient cancelled")
    CLINIC = "clinic", _("clinic cancelled")
    LEFT = "left-before-seen", _("left before being seen")
    OTHER = "other", _("other")


class ErrorAbout(models.TextChoices):
    """Why a visit was entered in error: whose truth is in it?"""

    SOMEBODY_ELSE = "somebody-else", _("about somebody else")
    OPENED_TWICE = "opened-twice", _("true of this patient, opened twice")


class EncounterQuerySet(OfPatientQuerySet["Encounter"]):
    def visible_to(self, user: Any) -> Self:
        """Which visits the user may open: not those of a chart that is closed to them."""
        return without_closed(self.named_to(user), user)

    def named_to(self, user: Any) -> Self:
        """Which visits a list may name to the user, as the front desk sees them."""
        return self if user.has_perm("encounters.view_encounter") else self.none()

    def listed(self) -> Self:
        """What lists, searches and the board show: not entered in error."""
        return self.exclude(status=Status.ENTERED_IN_ERROR)

    def open(self) -> Self:
        """Begun and not ended."""
        return self.filter(status__in=OPEN)

    def newest_first(self) -> Self:
        return self.order_by("-date", "-id")

    def dated_within(self, first: dt.date | None, last: dt.date | None) -> Self:
        """`date` on or after `first` and on or before `last`, days of the clinic's zone.

        A visit without a date matches no date filter.
        """
        found = self.filter(date__gt=DATE_UNKNOWN) if first or last else self
        if first:
            found = found.filter(date__gte=clock.day_bounds(first)[0])
        if last:
            found = found.filter(date__lt=clock.day_bounds(last)[1])
        return found

    def in_building_on(self, day: dt.date) -> Self:
        """Begun before the day ended and not ended before it began (overlap)."""
        begin, after = clock.day_bounds(day)
        return self.filter(Q(end=None) | Q(end__gte=begin), start__lt=after)


class Encounter(ClinikModel):
    """A visit. `status` is written by clinik.transitions.move() only; the patient never changes."""

    guards = (Fixed("patient_id"),)

    status = models.CharField(_("status"), max_length=16, choices=Status)
    class_system = codes.system_field()
    class_code = codes.code_field(_("class"))
    class_display = codes.display_field()
    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="encounters"
    )
    practitioner = models.ForeignKey(
        Practitioner,
        verbose_name=_("practitioner"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="encounters",
    )
    type_system = codes.system_field()
    type_code = codes.code_field(_("type code"))
    type_display = codes.display_field()
    type_text = codes.text_field(_("type"))
    type_more = codes.more_field()
    service_type_system = codes.system_field()
    service_type_code = codes.code_field(_("service code"))
    service_type_display = codes.display_field()
    service_type_text = codes.text_field(_("service"))
    service_type_more = codes.more_field()
    priority = models.CharField(_("priority"), max_length=50, blank=True, default="")
    reason_system = codes.system_field()
    reason_code = codes.code_field(_("reason code"))
    reason_display = codes.display_field()
    reason_text = codes.text_field(_("reason"))
    reason_more = codes.more_field()
    planned_start = models.DateTimeField(_("planned for"), null=True, blank=True)
    planned_minutes = models.PositiveIntegerField(_("planned minutes"), null=True, blank=True)
    start = models.DateTimeField(_("start"), null=True, blank=True)
    start_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    end = models.DateTimeField(_("end"), null=True, blank=True)
    end_precision = models.CharField(
        max_length=7, choices=clock.Precision, default=clock.Precision.INSTANT
    )
    date = models.GeneratedField(
        expression=Coalesce(F("start"), F("planned_start"), F("end"), Value(DATE_UNKNOWN)),
        output_field=models.DateTimeField(_("date")),
        db_persist=True,
    )
    length_minutes = models.PositiveIntegerField(_("length in minutes"), null=True, blank=True)
    length_corrected = models.BooleanField(_("length corrected by hand"), default=False)
    location = models.CharField(_("location"), max_length=1000, blank=True, default="")
    service_provider = models.CharField(_("organisation"), max_length=1000, blank=True, default="")
    part_of = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
    )
    leave_to = models.CharField(_("on leave to"), max_length=200, blank=True, default="")
    expected_back = models.DateTimeField(_("expected back"), null=True, blank=True)
    cancel_reason = models.CharField(
        _("reason for cancelling"), max_length=20, choices=CancelReason, blank=True, default=""
    )
    cancel_text = models.CharField(_("more about it"), max_length=500, blank=True, default="")
    error_about = models.CharField(
        _("entered in error"), max_length=20, choices=ErrorAbout, blank=True, default=""
    )
    error_reason = models.CharField(_("why"), max_length=500, blank=True, default="")
    entered_late = models.BooleanField(_("recorded afterwards"), default=False)

    objects = EncounterQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["date"])

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-date", "-id"]
        permissions = [
            ("view_chart", "Can see the chart"),
            ("arrive_encounter", "Can check in"),
            ("triage_encounter", "Can triage"),
            ("start_encounter", "Can start a visit"),
            ("leave_encounter", "Can send on leave and take back"),
            ("finish_encounter", "Can close a visit"),
            ("cancel_encounter", "Can cancel and undo a cancel"),
            ("reopen_encounter", "Can reopen"),
            ("step_back_encounter", "Can step back another's or an older step"),
            ("correct_time_encounter", "Can correct times"),
            ("admit_encounter", "Can admit"),
            ("move_room_encounter", "Can move to another room"),
            ("hand_over_encounter", "Can hand over"),
            ("override_close_encounter", "Can close although something is missing"),
            ("record_past_encounter", "Can record a past visit"),
            ("enter_in_error_empty_encounter", "Can enter in error a visit without records"),
            ("enter_in_error_encounter", "Can enter any visit in error"),
            ("restore_encounter", "Can restore a visit entered in error"),
            ("export_encounter", "Can export a list of visits"),
        ]
        constraints = [
            one_of("status", Status.values),
            one_of("cancel_reason", CancelReason.values, blank=True),
            one_of("error_about", ErrorAbout.values, blank=True),
            one_of("start_precision", clock.Precision.values),
            one_of("end_precision", clock.Precision.values),
            made_here("class_offered", Q(class_code__in=EncounterClass.values)),
            made_here("known_status", ~Q(status=Status.UNKNOWN)),
            in_order(precision=True),
            made_here("planned_has_no_start", ~Q(status=Status.PLANNED) | Q(start=None, end=None)),
            made_here(
                "begun_has_a_start", ~Q(status__in=[*OPEN, Status.FINISHED]) | ~Q(start=None)
            ),
            made_here("open_has_no_end", ~Q(status__in=OPEN) | Q(end=None)),
            made_here("finished_has_an_end", ~Q(status=Status.FINISHED) | ~Q(end=None)),
            made_here("cancelled_has_a_reason", ~Q(status=Status.CANCELLED) | ~Q(cancel_reason="")),
            made_here(
                "cancelled_after_arrival_has_an_end",
                ~Q(status=Status.CANCELLED) | Q(start=None) | ~Q(end=None),
            ),
            made_here(
                "in_error_says_about_whom",
                ~Q(status=Status.ENTERED_IN_ERROR) | ~Q(error_about=""),
            ),
            models.CheckConstraint(
                name="encounter_not_part_of_itself",
                condition=Q(part_of=None) | ~Q(part_of=F("id")),
            ),
        ]
        indexes = [
            models.Index(fields=["-date", "-id"], name="encounter_date"),
            models.Index(fields=["patient", "-date", "-id"], name="encounter_patient_date"),
            models.Index(fields=["status", "-date", "-id"], name="encounter_status_date"),
            models.Index(fields=["class_code", "-date", "-id"], name="encounter_class_date"),
            models.Index(
                fields=["practitioner", "-date", "-id"], name="encounter_practitioner_date"
            ),
            models.Index(
                fields=["-date", "-id"],
                name="encounter_open",
                condition=Q(status__in=[*OPEN, Status.PLANNED]),
            ),
            models.Index(
                fields=["-end"], name="encounter_finished_end", condition=Q(status=Status.FINISHED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.date_words}"

    @property
    def title(self) -> str:
        """What the visit is about, in few words: its type, else its class."""
        return str(codes.read(self, "type")) or self.class_words or str(_("Visit"))

    @property
    def class_words(self) -> str:
        labels = dict(EncounterClass.choices)
        return str(labels.get(self.class_code, self.class_display or self.class_code))

    @property
    def date_known(self) -> bool:
        """False where neither start, plan nor end was sent."""
        return (self.start or self.planned_start or self.end) is not None

    @property
    def date_words(self) -> str:
        """The day as staff read it, or "date unknown"."""
        from django.utils.formats import date_format

        moment = self.start or self.planned_start or self.end
        if moment is None:
            return str(_("date unknown"))
        return date_format(clock.timezone.localtime(moment), "DATE_FORMAT")

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_in_error(self) -> bool:
        return self.status == Status.ENTERED_IN_ERROR

    def moved(
        self,
        *,
        act: str,
        before: str,
        changed: dict[str, Any],
        at: dt.datetime | None,
        by: Any,
        reason: str,
    ) -> None:
        """Called by move() inside its transaction: the status history follows the status."""
        from encounters.models.periods import StatusPeriod

        if act in NOT_IN_HISTORY:
            return
        StatusPeriod.follow(
            self,
            verb=act.rpartition(".")[2],
            before=before,
            changed=changed,
            at=at or clock.now(),
            by=by,
            reason=reason,
        )
