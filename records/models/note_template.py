"""A practitioner's own template: text that a new note of its type may begin with."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinik.constraints import one_of
from clinik.models import ClinikModel
from encounters.models import Practitioner
from records.models.note import Type


class NoteTemplateQuerySet(models.QuerySet["NoteTemplate"]):
    def of(self, practitioner: Practitioner) -> Self:
        """What this practitioner made and did not remove, by name."""
        return self.filter(practitioner=practitioner, removed=False).order_by("name", "id")


class NoteTemplate(ClinikModel):
    """Holds no patient's facts: whoever makes one from a note being written reads it over first."""

    practitioner = models.ForeignKey(
        Practitioner, verbose_name=_("practitioner"), on_delete=models.PROTECT, related_name="+"
    )
    type = models.CharField(_("type"), max_length=30, choices=Type, default=Type.PROGRESS)
    name = models.CharField(_("name"), max_length=100)
    body = models.TextField(_("text"))
    # Taken off the list; the row stays, so that removing can be undone.
    removed = models.BooleanField(_("removed"), default=False)

    objects = NoteTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("note template")
        verbose_name_plural = _("note templates")
        constraints = [
            one_of("type", Type.values),
            models.UniqueConstraint(
                fields=["practitioner", "type", "name"],
                condition=Q(removed=False),
                name="note_template_named_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
