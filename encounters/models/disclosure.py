"""What of a patient's record went to somebody outside the clinic, however it went."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinik.constraints import one_of
from clinik.guards import Fixed
from clinik.models import ClinikModel
from encounters.models.closed import CHART, without_closed
from encounters.models.patient import OfPatientQuerySet, Patient


class Purpose(models.TextChoices):
    TREATMENT = "treatment", _("treatment")
    PAYMENT = "payment", _("payment")
    OPERATIONS = "operations", _("running the clinic")
    PATIENT = "patient", _("asked for by the patient")
    CONSENT = "consent", _("with the patient's written consent")
    LAW = "law", _("required by law or a court")
    PUBLIC_HEALTH = "public-health", _("public health")
    OVERSIGHT = "oversight", _("oversight of health care")
    RESEARCH = "research", _("research")
    OTHER = "other", _("another")


class Means(models.TextChoices):
    PAPER = "paper", _("on paper")
    TELEPHONE = "telephone", _("by telephone")
    SPOKEN = "spoken", _("face to face")
    FAX = "fax", _("by fax")
    EMAIL = "email", _("by e-mail")
    FILE = "file", _("as a file")


class DisclosureQuerySet(OfPatientQuerySet["Disclosure"]):
    def visible_to(self, user: Any) -> Self:
        found = self if user.has_perm(CHART) else self.none()
        return without_closed(found, user)

    def newest_first(self) -> Self:
        return self.order_by("-at", "-id")


class Disclosure(ClinikModel):
    """To whom, when, what, what for and how; said once, and taken back by entering it in error.

    `event` is the id of the event in the audit trail by which it was printed or exported here,
    where it was. Its verbs: encounters.disclosures.
    """

    guards = (
        Fixed("patient_id", "at", "recipient", "recipient_address", "what", "purpose", "why"),
        Fixed("means", "event", "by_id"),
        Fixed("error_reason", "error_by_id", "error_at", when="error_reason"),
    )

    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("when"))
    recipient = models.CharField(_("to whom"), max_length=200)
    recipient_address = models.CharField(_("address"), max_length=300, blank=True, default="")
    what = models.CharField(_("what"), max_length=500)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    why = models.CharField(_("purpose in words"), max_length=500, blank=True, default="")
    means = models.CharField(_("how"), max_length=20, choices=Means)
    event = models.BigIntegerField(_("print or export"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("written down by"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    error_reason = models.CharField(_("why in error"), max_length=500, blank=True, default="")
    error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered in error by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    error_at = models.DateTimeField(_("entered in error"), null=True, blank=True)

    objects = DisclosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        default_permissions = ("add",)
        constraints = [
            one_of("purpose", Purpose.values),
            one_of("means", Means.values),
            models.CheckConstraint(
                name="disclosure_other_purpose_in_words",
                condition=~Q(purpose="other") | ~Q(why=""),
            ),
            models.CheckConstraint(
                name="disclosure_in_error_whole",
                condition=Q(error_reason="", error_at=None, error_by=None)
                | (~Q(error_reason="") & Q(error_at__isnull=False, error_by__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-at"], name="disclosure_patient")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.recipient}"

    @property
    def is_in_error(self) -> bool:
        return self.error_at is not None
