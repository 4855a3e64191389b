"""A merge of two entries of one person, and all that is needed to take it back exactly."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinik.guards import Fixed
from clinik.models import ClinikModel
from encounters.models.patient import Patient


class PatientMergeQuerySet(models.QuerySet["PatientMerge"]):
    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(undone_at=None)


class PatientMerge(ClinikModel):
    """`gone` was merged into `kept`. Its verbs: encounters.merging.

    `moved` are the keys of entries that had been merged into `gone` before and follow it;
    `restricted` those whose chart the merge restricted, because the other's was.
    """

    guards = (
        Fixed("gone_id", "kept_id", "by_id", "at", "reason", "moved", "restricted"),
        Fixed("undone_at", "undone_by_id", "undone_reason", when="undone_reason"),
    )

    gone = models.ForeignKey(
        Patient, verbose_name=_("merged"), on_delete=models.PROTECT, related_name="merges"
    )
    kept = models.ForeignKey(
        Patient, verbose_name=_("into"), on_delete=models.PROTECT, related_name="merges_into"
    )
    # None where the source of an import has merged them, and nobody here asked for that import.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=500)
    moved = models.JSONField(default=list)
    restricted = models.JSONField(default=list)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken back by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undone_reason = models.CharField(_("why taken back"), max_length=500, blank=True, default="")

    objects = PatientMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge of patients")
        verbose_name_plural = _("merges of patients")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="patient_merge_of_two", condition=~Q(gone=models.F("kept"))
            ),
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="patient_merge_stands_once"
            ),
        ]

    @property
    def patient_id(self) -> Any:
        """Whose it is, to the trail: the survivor's."""
        return self.kept_id

    @property
    def who(self) -> str:
        """Who merged them, in words."""
        return str(self.by or _("an import"))

    def __str__(self) -> str:
        return f"{self.gone_id} {self.kept_id}"
