"""What tables about patients share in the admin."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldError
from django.db import models
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik.admin.base import ClinikAdmin, ReadOnlyAdmin, ReadOnlyInline, uuid_in
from clinik.admin.imports import sent_asking
from encounters.models import Patient, Practitioner
from encounters.models.closed import CHART, closed_to, without_closed


class OfPatientAdmin(ClinikAdmin):
    """Rows of a person: found as the person is found, or by the row's own number.

    `path` leads from the row to the patient.
    """

    path = "patient"
    about_people = True
    ordering = ["-id"]
    search_fields = ["id"]
    search_help_text = _("The patient: any part of the name, birth date, phone or number.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return without_closed(super().get_queryset(request), request.user, self.path)

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        if key := uuid_in(term):
            return queryset.filter(models.Q(pk=key) | models.Q(**{self.path: key})), False
        people = Patient.objects.search(term).order_by().values("pk")
        return queryset.filter(**{f"{self.path}__in": people}), False


@receiver(sent_asking)
def is_of_a_closed_chart(row: Any, user: Any, **kwargs: Any) -> bool:
    """Whether an imported resource belongs to a chart that is closed to the user."""
    if not user.has_perm(CHART):
        return False
    key = row.patient_id
    if row.row_model == Patient._meta.label_lower:
        key = row.row_id
    elif row.row_model and row.row_id:
        try:
            model = apps.get_model(row.row_model)
            path = "patient" if hasattr(model, "patient") else "encounter__patient"
            key = model._default_manager.filter(pk=row.row_id).values_list(path, flat=True).first()
        except (LookupError, ValueError, FieldError):
            key = row.patient_id
    return key is not None and closed_to(user).filter(pk=key).exists()


class OfPatientReadOnlyAdmin(ReadOnlyAdmin, OfPatientAdmin):
    """Rows of a person that are written on the clinic's pages."""


class OfPractitionerAdmin(ReadOnlyAdmin):
    """Rows of a practitioner, found by name."""

    ordering = ["-id"]
    search_fields = ["practitioner__search_name"]
    search_help_text = _("Any part of the practitioner's name.")

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if not term:
            return queryset, False
        people = Practitioner.objects.search(term).order_by().values("pk")
        return queryset.filter(practitioner__in=people), False


class PartsInline(ReadOnlyInline):
    """Parts with what they name, in one query."""

    related: Sequence[str] = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        found = super().get_queryset(request)
        return found.select_related(*self.related) if self.related else found


@admin.display(description=_("number"))
def number_of(row: Any) -> str:
    """The clinic number of a row's patient."""
    return row.patient.number
