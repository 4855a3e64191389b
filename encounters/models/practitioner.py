"""Practitioner (FHIR R4): who treats; may have a login."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinik.models import ClinikModel
from clinik.names import normalise_name
from encounters.models.patient_search import LONGEST_TEXT


class PractitionerQuerySet(models.QuerySet["Practitioner"]):
    def visible_to(self, user: Any) -> Self:
        return self if user.has_perm("encounters.view_practitioner") else self.none()

    def active(self) -> Self:
        return self.filter(active=True)

    def search(self, text: str) -> Self:
        """Every word somewhere in the name, in any order, accents and case ignored.

        Of a text longer than any name its beginning: SQLite takes 1,000 conditions, and a box less.
        """
        found = self
        for word in normalise_name(text[:LONGEST_TEXT]).split():
            found = found.filter(search_name__contains=word)
        return found


def short_name(prefix: str, given: str, family: str) -> str:
    """ "Dr Example", also for lists that read columns instead of practitioners."""
    parts = (prefix or given, family)
    return " ".join(part for part in parts if part) or str(_("unnamed practitioner"))


class Practitioner(ClinikModel):
    prefix = models.CharField(_("title"), max_length=100, blank=True, default="")
    given = models.CharField(_("given names"), max_length=200, blank=True, default="")
    family = models.CharField(_("family name"), max_length=200, blank=True, default="")
    gender = models.CharField(_("gender"), max_length=20, blank=True, default="")
    specialty = models.CharField(_("specialty"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    active = models.BooleanField(_("active"), default=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("login"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="practitioner",
    )
    search_name = models.TextField(editable=False, default="")

    objects = PractitionerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("practitioner")
        verbose_name_plural = _("practitioners")
        ordering = ["family", "given", "id"]
        constraints = [
            models.CheckConstraint(
                name="practitioner_has_a_name",
                condition=~models.Q(family="") | ~models.Q(given="") | ~models.Q(source=""),
            )
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.prefix, self.given, self.family) if part) or str(
            _("unnamed practitioner")
        )

    @property
    def short_name(self) -> str:
        """ "Dr Example": how the board and the timeline name them."""
        return short_name(self.prefix, self.given, self.family)

    # What prepare() works out.
    PREPARED = ("search_name",)

    def prepare(self) -> None:
        self.search_name = normalise_name(f"{self.family} {self.given} {self.prefix}")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.prepare()
        super().save(*args, **kwargs)


class PractitionerIdentifier(ClinikModel):
    """NPI or another number; an NPI names one practitioner only."""

    practitioner = models.ForeignKey(
        Practitioner, on_delete=models.PROTECT, related_name="identifiers"
    )
    system = models.CharField(_("system"), max_length=300, blank=True, default="")
    value = models.CharField(_("number"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "system", "value"], name="practitioner_identifier_once"
            )
        ]
        indexes = [models.Index(fields=["system", "value"], name="practitioner_identifier")]

    def __str__(self) -> str:
        return self.value
