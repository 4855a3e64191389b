"""What a patient asks to have amended in the record, and what the clinic answered."""

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _say
from django.utils.translation import gettext_lazy as _

from clinik.constraints import one_of
from clinik.guards import Fixed
from clinik.models import ClinikModel
from encounters.models.closed import CHART, without_closed
from encounters.models.encounter import Encounter
from encounters.models.patient import OfPatientQuerySet, Patient

MOST_TEXT = 2_000
ANSWER_WITHIN = dt.timedelta(days=60)


class Kind(models.TextChoices):
    """Of which table the row is (encounters.amendments.TABLES)."""

    PATIENT = "patient", _("details of the patient")
    VISIT = "visit", _("visit")
    DIAGNOSIS = "diagnosis", _("diagnosis or problem")
    ALLERGY = "allergy", _("allergy")
    OBSERVATION = "observation", _("observation")
    NOTE = "note", _("note")
    PRESCRIPTION = "prescription", _("prescription")
    ASSESSMENT = "assessment", _("assessment")
    REPORT = "report", _("report")


class Decision(models.TextChoices):
    ACCEPTED = "accepted", _("accepted")
    DENIED = "denied", _("denied")
    MISTAKEN = "mistaken", _("written down by mistake")


class AmendmentRequestQuerySet(OfPatientQuerySet["AmendmentRequest"]):
    def visible_to(self, user: Any) -> Self:
        found = self if user.has_perm(CHART) else self.none()
        return without_closed(found, user)

    def open(self) -> Self:
        """Not answered yet."""
        return self.filter(decided_at=None)

    def listed(self) -> Self:
        """Those that are no mistake of whoever wrote them down."""
        return self.exclude(decision=Decision.MISTAKEN)


class AmendmentRequest(ClinikModel):
    """A request concerns one row, which it names and does not change: `kind` and `row_id`, as it
    stood at `row_version`. Accepted, it names the row where the amendment stands (`amended_kind`,
    `amended_id`), which may be the same one. Its verbs: encounters.amendments. Answered once.
    """

    guards = (
        Fixed("encounter_id", "kind", "row_id", "row_version", "asked_on", "text", "by_id"),
        Fixed("decision", "decided_by_id", "decided_at", "reason", when="decision"),
        Fixed("amended_kind", "amended_id", when="decision"),
    )

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="+"
    )
    # The visit of the row, where it has one.
    encounter = models.ForeignKey(
        Encounter,
        verbose_name=_("visit"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    row_id = models.UUIDField(_("row"))
    row_version = models.PositiveIntegerField(_("version of the row"))
    asked_on = models.DateField(_("asked on"))
    text = models.TextField(_("what is asked"), max_length=MOST_TEXT)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("written down by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision, blank=True, default=""
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    amended_kind = models.CharField(
        _("kind of the amendment"), max_length=20, choices=Kind, blank=True, default=""
    )
    amended_id = models.UUIDField(_("row of the amendment"), null=True, blank=True)

    objects = AmendmentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for an amendment")
        verbose_name_plural = _("requests for amendments")
        default_permissions = ("add",)
        permissions = [("decide_amendmentrequest", "Can decide on a request for an amendment")]
        constraints = [
            one_of("kind", Kind.values),
            one_of("amended_kind", Kind.values, blank=True),
            one_of("decision", Decision.values, blank=True),
            models.CheckConstraint(
                name="amendment_decided_whole",
                condition=Q(decision="", decided_at=None, decided_by=None)
                | (~Q(decision="") & Q(decided_at__isnull=False, decided_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="amendment_accepted_names_where",
                condition=(Q(decision="accepted", amended_id__isnull=False) & ~Q(amended_kind=""))
                | (~Q(decision="accepted") & Q(amended_id=None, amended_kind="")),
            ),
            models.CheckConstraint(
                name="amendment_refused_says_why",
                condition=~Q(decision__in=["denied", "mistaken"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_on", "id"], name="amendment_open", condition=Q(decided_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.asked_on:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.decided_at is None

    @property
    def answer_by(self) -> dt.date:
        """The day by which 45 CFR 164.526(b)(2) wants an answer."""
        return self.asked_on + ANSWER_WITHIN

    @property
    def said(self) -> str:
        """In few words, for beside the record."""
        if self.is_open:
            day = date_format(self.asked_on, "DATE_FORMAT")
            return _say("amendment asked for on %(day)s") % {"day": day}
        if self.decision == Decision.DENIED:
            return _say("amendment denied: %(why)s") % {"why": self.reason}
        return _say("amendment accepted")
