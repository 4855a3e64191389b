"""Diagnoses, edited by their verb; allergies, to look at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik.admin.base import link_to, links
from clinik.admin.editing import ChangeForm, EditingAdmin
from encounters import allergies, diagnoses
from encounters.admin.errors import ErrorPage
from encounters.admin.shared import OfPatientAdmin, OfPatientReadOnlyAdmin
from encounters.models import Allergy, Diagnosis, NoKnownAllergies
from encounters.models.diagnosis import Verification
from encounters.models.encounter import Status


class DiagnosisForm(ChangeForm):
    class Meta:
        widgets = {
            "condition_text": forms.TextInput({"class": "vLargeTextField"}),
            "condition_display": forms.TextInput({"class": "vLargeTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("verification")
        if field is not None:
            # "Entered in error" asks for a reason and has a page of its own.
            wrong = Verification.ENTERED_IN_ERROR
            field.choices = [choice for choice in field.choices if choice[0] != wrong]


@admin.register(Diagnosis)
class DiagnosisAdmin(ErrorPage, OfPatientAdmin, EditingAdmin):
    form = DiagnosisForm
    list_display = ["__str__", "condition_code", "use", "rank", "patient", "encounter"]
    list_display += ["clinical_status", "verification"]
    list_select_related = ["patient", "encounter"]
    list_filter = ["category", "use", "clinical_status", "verification"]
    readonly_fields = ["patient", "encounter", "category", "author", "recorded", "error_reason"]
    fieldsets = [
        (None, {"fields": ["patient", "encounter", "category", "author", "recorded",
                           "error_reason"]}),
        (_("Condition"), {"fields": ["condition_text", "condition_code", "condition_system",
                                     "condition_display", "use", "rank"]}),
        (_("Course"), {"fields": ["clinical_status", "verification", "onset", "onset_precision",
                                  "onset_text", "abatement", "abatement_precision",
                                  "abatement_text", "note"]}),
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_closed(obj) and super().has_change_permission(request, obj)

    def page_links(self, request: HttpRequest, row: Any) -> str:
        return links([_visit_page(row), (self.error_url(row), _("Enter in error"))])

    def is_in_error(self, row: Any) -> bool:
        return _is_closed(row)

    def enter_in_error(self, row: Any, **kwargs: Any) -> Any:
        return diagnoses.enter_diagnosis_in_error(row, **kwargs)

    def change(self, row: Diagnosis, *, by: Any, version: int, **fields: Any) -> Diagnosis:
        return diagnoses.change_diagnosis(row, by=by, version=version, **fields)


def _is_closed(row: Any) -> bool:
    """In error itself, or in a visit that is."""
    if row is None:
        return False
    visit = row.encounter
    return row.verification == Verification.ENTERED_IN_ERROR or (
        visit is not None and visit.status == Status.ENTERED_IN_ERROR
    )


def _visit_page(row: Any) -> tuple[str, Any]:
    url = link_to("records:encounter_detail", row.encounter_id) if row.encounter_id else ""
    return url, _("Visit's page")


@admin.register(Allergy)
class AllergyAdmin(ErrorPage, OfPatientReadOnlyAdmin):
    list_display = ["__str__", "patient", "type", "reaction", "clinical_status", "verification"]
    list_select_related = ["patient"]
    list_filter = ["clinical_status", "verification", "category", "criticality"]

    def page_links(self, request: HttpRequest, row: Any) -> str:
        page = link_to("records:patient_detail", row.patient_id)
        return links([(page, _("Patient's page")), (self.error_url(row), _("Enter in error"))])

    def is_in_error(self, row: Any) -> bool:
        return row.verification == Allergy.Verification.ENTERED_IN_ERROR

    def enter_in_error(self, row: Any, **kwargs: Any) -> Any:
        return allergies.enter_allergy_in_error(row, **kwargs)


@admin.register(NoKnownAllergies)
class NoKnownAllergiesAdmin(OfPatientReadOnlyAdmin):
    list_display = ["patient", "stated_at", "by", "ended_at"]
    list_select_related = ["patient", "by"]
    view_permission = "encounters.view_allergy"
