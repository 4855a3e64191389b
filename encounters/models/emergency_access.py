"""Who opened the chart of a restricted patient without belonging to the team, why, until when."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.constraints import in_order
from clinik.guards import Fixed
from clinik.models import ClinikModel
from encounters.models.patient import OfPatientQuerySet, Patient


class EmergencyAccessQuerySet(OfPatientQuerySet["EmergencyAccess"]):
    def standing(self) -> Self:
        """Not over yet."""
        return self.filter(until__gt=clock.now())

    def unreviewed(self) -> Self:
        return self.filter(reviewed_at=None)

    def reviewed(self) -> Self:
        return self.filter(reviewed_at__isnull=False)


class EmergencyAccess(ClinikModel):
    """One user, one patient, one hour. Its verbs: encounters.access. A review is said once."""

    guards = (
        Fixed("user_id", "patient_id", "reason", "start", "until"),
        Fixed("review", "reviewed_by_id", "reviewed_at", when="review"),
    )

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, related_name="+"
    )
    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=500)
    start = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    review = models.CharField(_("review"), max_length=500, blank=True, default="")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reviewed by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        default_permissions = ("view",)
        permissions = [("review_access", "Can review emergency accesses")]
        constraints = [
            in_order("start", "until"),
            models.CheckConstraint(
                name="emergency_access_reviewed_by_another",
                condition=models.Q(reviewed_by=None) | ~models.Q(reviewed_by=models.F("user")),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "until"], name="emergency_access_standing"),
            models.Index(
                fields=["start"],
                name="emergency_access_unreviewed",
                condition=models.Q(reviewed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.start:%Y-%m-%d %H:%M}"
