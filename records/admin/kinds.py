"""Each kind of record with its parts, read-only; what is wrong is entered in error."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik.admin.base import link_to, links
from encounters.admin.shared import OfPatientReadOnlyAdmin, OfPractitionerAdmin, PartsInline
from records.models import (
    Assessment,
    Finding,
    Note,
    NoteSignature,
    NoteTemplate,
    Observation,
    ObservationComponent,
    ObservationMember,
    Prescription,
    Report,
    ReportResult,
)


class RecordAdmin(OfPatientReadOnlyAdmin):
    list_select_related = ["patient", "encounter", "author"]
    list_display: Any = ["__str__", "patient", "encounter", "effective", "author", "status"]

    def page_links(self, request: HttpRequest, row: Any) -> str:
        kind = self.opts.model_name
        visit = link_to("records:encounter_detail", row.encounter_id) if row.encounter_id else ""
        wrong = "" if row.is_in_error else link_to("records:record_error", kind, row.pk)
        return links([(visit, _("Visit's page")), (wrong, _("Enter in error"))])


class ComponentInline(PartsInline):
    model = ObservationComponent
    fields = ["__str__", "value", "value_unit", "value_text", "interpretation"]
    readonly_fields = ["__str__"]


class MemberInline(PartsInline):
    model = ObservationMember
    fk_name = "panel"
    related = ["observation"]
    fields = ["position", "observation"]


@admin.register(Observation)
class ObservationAdmin(RecordAdmin):
    list_display = ["__str__", "code_code", "value_shown", "patient", "encounter", "effective"]
    list_display += ["status"]
    list_filter = ["status"]
    inlines = [ComponentInline, MemberInline]

    @admin.display(description=_("value"))
    def value_shown(self, row: Observation) -> str:
        return f"{row.value_words} {row.value_unit}".strip()


class SignatureInline(PartsInline):
    model = NoteSignature
    related = ["practitioner", "by"]
    fields = ["practitioner", "by", "at", "digest"]


@admin.register(Note)
class NoteAdmin(RecordAdmin):
    """A signed note is closed for everybody, here too."""

    list_display = ["__str__", "type", "patient", "encounter", "author", "signed_at", "status"]
    list_filter = ["status", "type"]
    inlines = [SignatureInline]


@admin.register(NoteTemplate)
class NoteTemplateAdmin(OfPractitionerAdmin):
    """Written by its practitioner only."""

    view_permission = "records.view_note"
    list_display = ["name", "type", "practitioner", "removed"]
    list_select_related = ["practitioner"]
    list_filter = ["type", "removed"]


@admin.register(Prescription)
class PrescriptionAdmin(RecordAdmin):
    list_filter = ["status", "intent", "as_needed", "controlled"]


class FindingInline(PartsInline):
    model = Finding
    fields = ["finding_text", "finding_code", "basis"]


@admin.register(Assessment)
class AssessmentAdmin(RecordAdmin):
    list_filter = ["status"]
    inlines = [FindingInline]


class ResultInline(PartsInline):
    model = ReportResult
    related = ["observation"]
    fields = ["position", "observation"]


@admin.register(Report)
class ReportAdmin(RecordAdmin):
    """Only imports make one."""

    list_filter = ["status"]
    inlines = [ResultInline]


@admin.register(ObservationComponent)
class ObservationComponentAdmin(OfPatientReadOnlyAdmin):
    path = "observation__patient"
    view_permission = "records.view_observation"
    list_display = ["__str__", "observation", "patient", "value", "value_unit"]
    list_select_related = ["observation__patient"]

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.observation.patient.name


@admin.register(Finding)
class FindingAdmin(OfPatientReadOnlyAdmin):
    path = "assessment__patient"
    view_permission = "records.view_assessment"
    list_display = ["__str__", "assessment", "patient", "basis"]
    list_select_related = ["assessment__patient"]

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.assessment.patient.name


@admin.register(NoteSignature)
class NoteSignatureAdmin(OfPatientReadOnlyAdmin):
    path = "note__patient"
    view_permission = "records.view_note"
    list_display = ["note", "patient", "practitioner", "by", "at"]
    list_select_related = ["note__patient", "practitioner", "by"]

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.note.patient.name


@admin.register(ReportResult)
class ReportResultAdmin(OfPatientReadOnlyAdmin):
    path = "report__patient"
    view_permission = "records.view_report"
    list_display = ["position", "report", "observation", "patient"]
    list_select_related = ["report__patient", "observation"]

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.report.patient.name


@admin.register(ObservationMember)
class ObservationMemberAdmin(OfPatientReadOnlyAdmin):
    path = "panel__patient"
    view_permission = "records.view_observation"
    list_display = ["position", "panel", "observation", "patient"]
    list_select_related = ["panel__patient", "observation"]

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.panel.patient.name
