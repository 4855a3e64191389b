"""Patients and practitioners: edited by the same verbs as on the clinic's pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik.admin.base import link_to, links, uuid_in
from clinik.admin.editing import AddForm, ChangeForm, EditingAdmin
from encounters import patients, practitioners
from encounters.access import is_closed_to
from encounters.admin.shared import (
    OfPatientAdmin,
    OfPatientReadOnlyAdmin,
    OfPractitionerAdmin,
    PartsInline,
)
from encounters.fields import PractitionerField
from encounters.models import (
    AmendmentRequest,
    Disclosure,
    EmergencyAccess,
    NotSamePerson,
    Patient,
    PatientAlert,
    PatientContact,
    PatientIdentifier,
    PatientMerge,
    Practitioner,
    PractitionerIdentifier,
)


class IdentifierInline(PartsInline):
    model = PatientIdentifier
    show_change_link = True
    fields = ["value", "type_text", "system"]


class ContactInline(PartsInline):
    model = PatientContact
    show_change_link = True
    fields = ["name", "relationship", "phone", "is_guardian", "active"]


class AlertInline(PartsInline):
    model = PatientAlert
    show_change_link = True
    related = ["author", "by"]
    fields = ["text", "start", "end", "author", "by"]


class PatientForm(ChangeForm):
    general_practitioner = PractitionerField(label=_("General practitioner"), required=False)


@admin.register(Patient)
class PatientAdmin(EditingAdmin):
    """Registering asks for likely duplicates, so it is done on the clinic's pages."""

    about_people = True
    view_permission = "encounters.change_patient"
    list_display = ["name", "number", "born", "gender", "phone", "city", "active"]
    list_filter = ["active", "gender", "deceased", "identity_unverified", "restricted"]
    search_fields = ["search_name"]
    search_help_text = _("Any part of the name, birth date, phone or number.")
    form = PatientForm
    inlines = [IdentifierInline, ContactInline, AlertInline]
    readonly_fields = ["number", "merged_into", "restricted", "created", "updated"]
    fieldsets = [
        (None, {"fields": ["number", "family", "given", "known_as", "prefix", "gender"]}),
        (
            _("Birth"),
            {
                "fields": [
                    "birth_date", "birth_date_precision", "birth_date_estimated",
                    "birth_date_unknown", "birth_time", "multiple_birth",
                ]
            },
        ),
        (_("Reach"), {"fields": ["phone", "email", "address_line", "city", "state",
                                 "postal_code", "country", "language", "interpreter_needed"]}),
        (_("More"), {"fields": ["marital_status", "general_practitioner", "identity_unverified",
                                "active", "deceased", "deceased_at", "deceased_at_precision",
                                "merged_into", "restricted", "created", "updated"]}),
    ]  # fmt: skip

    @admin.display(description=_("name"))
    def name(self, row: Patient) -> str:
        return row.name

    @admin.display(description=_("clinic number"))
    def number(self, row: Patient) -> str:
        return row.number

    @admin.display(description=_("born"))
    def born(self, row: Patient) -> str:
        return row.born_words

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if key := uuid_in(term):
            return queryset.filter(pk=key), False
        return (queryset.search(term) if term else queryset), False  # type: ignore[attr-defined]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """The list names everybody; the page of a closed chart is opened on the clinic's pages."""
        row = super().get_object(request, object_id, from_field)
        return None if row is not None and is_closed_to(row, request.user) else row

    def page_links(self, request: HttpRequest, row: Any) -> str:
        may = request.user.has_perm("encounters.restrict_patient")
        return links(
            [
                (link_to("records:patient_detail", row.pk), _("Patient's page")),
                (link_to("encounters:patient_edit", row.pk), _("Numbers and contacts")),
                (link_to("encounters:patient_restrict", row.pk) if may else "", _("Restrict")),
            ]
        )

    def change(self, row: Patient, *, by: Any, version: int, **fields: Any) -> Patient:
        return patients.change_patient(row, by=by, version=version, **fields)


class NpiFields(forms.Form):
    npi = forms.CharField(
        label=_("NPI"), required=False, max_length=10, help_text=_("National number, 10 digits.")
    )


class PractitionerChangeForm(NpiFields, ChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {})
        row = kwargs.get("instance")
        if row is not None:
            kwargs["initial"]["npi"] = practitioners.npi_of(row)
        super().__init__(*args, **kwargs)


class PractitionerAddForm(NpiFields, AddForm):
    pass


class NumberInline(PartsInline):
    model = PractitionerIdentifier
    fields = ["value", "system"]


@admin.register(Practitioner)
class PractitionerAdmin(EditingAdmin):
    """Who treats. A login is given to a practitioner on the user's page."""

    form = PractitionerChangeForm
    add_form = PractitionerAddForm
    view_permission = "encounters.change_practitioner"
    list_display = ["full_name", "specialty", "phone", "user", "active"]
    list_select_related = ["user"]
    list_filter = ["active"]
    search_fields = ["search_name"]
    search_help_text = _("Any part of the name.")
    inlines = [NumberInline]
    fields = ["prefix", "given", "family", "npi", "specialty", "gender", "phone", "email"]
    fields += ["active", "user"]
    readonly_fields = ["user"]

    @admin.display(description=_("name"))
    def full_name(self, row: Practitioner) -> str:
        return str(row)

    def search(
        self, request: HttpRequest, queryset: models.QuerySet[Any], term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        if key := uuid_in(term):
            return queryset.filter(pk=key), False
        return (queryset.search(term) if term else queryset), False  # type: ignore[attr-defined]

    def add(self, row: Practitioner, *, by: Any, **fields: Any) -> Practitioner:
        return practitioners.add_practitioner(id=row.pk, by=by, **fields)

    def change(self, row: Practitioner, *, by: Any, version: int, **fields: Any) -> Practitioner:
        return practitioners.change_practitioner(row, by=by, version=version, **fields)


@admin.register(PractitionerIdentifier)
class PractitionerIdentifierAdmin(OfPractitionerAdmin):
    list_display = ["value", "system", "practitioner"]
    list_select_related = ["practitioner"]
    view_permission = "encounters.change_practitioner"


class PatientLineAdmin(OfPatientAdmin, EditingAdmin):
    """Numbers, contacts and alerts: corrected here one by one, added on the patient's pages."""

    list_select_related = ["patient"]
    readonly_fields = ["patient"]
    view_permission = "encounters.change_patient"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("encounters.change_patient")

    def page_links(self, request: HttpRequest, row: Any) -> str:
        return links([(link_to("records:patient_detail", row.patient_id), _("Patient's page"))])

    def change(self, row: Any, *, by: Any, version: int, **fields: Any) -> Any:
        return patients.change_line(row, by=by, version=version, **fields)


@admin.register(PatientIdentifier)
class PatientIdentifierAdmin(PatientLineAdmin):
    list_display = ["value", "type_text", "system", "patient"]
    fields = ["patient", "value", "type_text", "system"]


@admin.register(PatientContact)
class PatientContactAdmin(PatientLineAdmin):
    list_display = ["name", "relationship", "phone", "is_guardian", "patient"]
    list_filter = ["is_guardian", "active"]
    fields = ["patient", "name", "relationship", "phone", "is_guardian", "active"]


@admin.register(PatientAlert)
class PatientAlertAdmin(PatientLineAdmin):
    list_display = ["text", "patient", "start", "end", "author", "by"]
    list_select_related = ["patient", "author", "by"]
    fields = ["patient", "encounter", "text", "start", "end", "author", "by"]
    readonly_fields = ["patient", "encounter", "author", "by"]


@admin.register(EmergencyAccess)
class EmergencyAccessAdmin(OfPatientReadOnlyAdmin):
    """Administrators look; auditors, who have no tables here but the trail, review on its page."""

    list_display = ["start", "user", "patient", "reason", "reviewed_by", "reviewed_at"]
    list_select_related = ["user", "patient", "reviewed_by"]
    view_permission = "clinik.view_user"


@admin.register(AmendmentRequest)
class AmendmentRequestAdmin(OfPatientReadOnlyAdmin):
    list_display = ["asked_on", "patient", "kind", "by", "decision", "decided_by", "decided_at"]
    list_select_related = ["patient", "by", "decided_by"]
    list_filter = ["decision", "kind"]
    view_permission = "encounters.decide_amendmentrequest"

    def page_links(self, request: HttpRequest, row: Any) -> str:
        return links([(link_to("encounters:amendment_detail", row.pk), _("Request's page"))])


@admin.register(Disclosure)
class DisclosureAdmin(OfPatientReadOnlyAdmin):
    list_display = ["at", "patient", "recipient", "purpose", "means", "by", "error_at"]
    list_select_related = ["patient", "by"]
    list_filter = ["purpose", "means"]
    view_permission = "encounters.add_disclosure"

    def page_links(self, request: HttpRequest, row: Any) -> str:
        url = link_to("encounters:patient_disclosures", row.patient_id)
        return links([(url, _("Patient's disclosures"))])


@admin.register(PatientMerge)
class PatientMergeAdmin(OfPatientReadOnlyAdmin):
    path = "kept"
    list_display = ["gone", "kept", "by", "at", "undone_at"]
    list_select_related = ["gone", "kept", "by"]
    view_permission = "encounters.merge_patient"

    def page_links(self, request: HttpRequest, row: Any) -> str:
        return links([(link_to("encounters:merge_undo", row.pk), _("Take back"))])


@admin.register(NotSamePerson)
class NotSamePersonAdmin(OfPatientReadOnlyAdmin):
    path = "first"
    list_display = ["first", "second", "by", "at"]
    list_select_related = ["first", "second", "by"]
    view_permission = "encounters.change_patient"
