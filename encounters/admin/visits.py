"""Visits: what describes them is edited here, their status by the verbs on the clinic's pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinik import codes
from clinik.admin.base import link_to, links
from clinik.admin.editing import ChangeForm, EditingAdmin
from encounters import lifecycle
from encounters.admin.shared import (
    OfPatientAdmin,
    OfPatientReadOnlyAdmin,
    PartsInline,
    number_of,
)
from encounters.fields import PractitionerField
from encounters.forms.visits import CODED, possible_parents
from encounters.models import (
    ClassPeriod,
    Encounter,
    EncounterParticipant,
    Hospitalization,
    LocationPeriod,
    StatusPeriod,
)
from encounters.models.encounter import EncounterClass, Priority, Status

# The page of each verb; the steps that are one press stand on the visit's page.
PAGES = {
    "leave": "encounter_leave",
    "finish": "encounter_close",
    "admit": "encounter_admit",
    "move_room": "encounter_room",
    "hand_over": "encounter_hand_over",
    "cancel": "encounter_cancel",
    "reopen": "encounter_reopen",
    "correct_time": "encounter_times",
    "enter_in_error": "encounter_error",
    "restore": "encounter_restore",
    "step_back": "encounter_step_back",
}


class ClassFilter(admin.SimpleListFilter):
    """The classes that are offered; asking the table for others would read all of it."""

    title = _("class")
    parameter_name = "class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(EncounterClass.choices)

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        return queryset.filter(class_code=self.value()) if self.value() else queryset


class EncounterForm(ChangeForm):
    """Words for coded values; what an import brought stays on offer."""

    class_code = forms.ChoiceField(label=_("Class"), choices=EncounterClass.choices)
    priority = forms.ChoiceField(
        label=_("Priority"), choices=[("", "–"), *Priority.choices], required=False
    )
    practitioner = PractitionerField(label=_("Practitioner"), required=False)
    part_of = forms.ModelChoiceField(
        Encounter.objects.none(),
        label=_("Part of"),
        required=False,
        blank=True,
        empty_label=_("no other visit"),
        widget=forms.RadioSelect,
    )

    class Meta:
        widgets = {
            name: forms.TextInput({"class": "vLargeTextField"})
            for name in (*CODED, "location", "service_provider")
        }

    def __init__(self, *args: Any, instance: Encounter, **kwargs: Any) -> None:
        initial = {field: str(codes.read(instance, name)) for field, name in CODED.items()}
        super().__init__(*args, instance=instance, initial=initial, **kwargs)
        if "part_of" in self.fields:
            # A handful of the same person's visits, and the one it is part of now.
            keys = [visit.pk for visit in possible_parents(instance.patient, instance)]
            parent: Any = self.fields["part_of"]
            parent.queryset = Encounter.objects.filter(pk__in=[*keys, instance.part_of_id])
        for name in ("class_code", "priority"):
            field: Any = self.fields.get(name)
            present = getattr(instance, name)
            if field is not None and present not in dict(field.choices):
                field.choices = [*field.choices, (present, present or "–")]

    def value_of(self, row: Any, name: str) -> Any:
        return str(codes.read(row, CODED[name])) if name in CODED else super().value_of(row, name)


class StatusInline(PartsInline):
    model = StatusPeriod
    related = ["by"]
    fields = ["status", "start", "end", "by", "reason", "withdrawn_at"]
    readonly_fields = ["withdrawn_at"]


class LocationInline(PartsInline):
    model = LocationPeriod
    fields = ["location", "start", "end"]


class ClassInline(PartsInline):
    model = ClassPeriod
    fields = ["class_code", "start", "end"]


class ParticipantInline(PartsInline):
    model = EncounterParticipant
    related = ["practitioner"]
    fields = ["practitioner", "name", "role_words", "start", "end", "removed"]
    readonly_fields = ["role_words"]


@admin.register(Encounter)
class EncounterAdmin(OfPatientAdmin, EditingAdmin):
    form = EncounterForm
    ordering = ["-date", "-id"]
    list_display = ["when", "patient", number_of, "status", "class_words", "title"]
    list_display += ["practitioner", "location"]
    list_display_links = ["when", "patient"]
    list_select_related = ["patient", "practitioner"]
    list_filter = ["status", ClassFilter, "entered_late"]
    inlines = [StatusInline, LocationInline, ClassInline, ParticipantInline]
    readonly_fields = ["patient", "status", "why", "start", "end", "length_minutes", "created"]
    readonly_fields += ["updated"]
    fieldsets = [
        (None, {"fields": ["patient", "status", "why", "start", "end", "length_minutes"]}),
        (
            _("What describes it"),
            {
                "fields": [
                    "class_code", "practitioner", "type_text", "service_type_text",
                    "reason_text", "priority", "location", "service_provider", "part_of",
                    "planned_start", "planned_minutes", "created", "updated",
                ]
            },
        ),
    ]  # fmt: skip

    @admin.display(description=_("date"))
    def when(self, row: Encounter) -> str:
        return row.date_words

    @admin.display(description=_("class"))
    def class_words(self, row: Encounter) -> str:
        return row.class_words

    @admin.display(description=_("type"))
    def title(self, row: Encounter) -> str:
        return row.title

    @admin.display(description=_("why"))
    def why(self, row: Encounter) -> str:
        """Why it was cancelled or entered in error."""
        said = [row.get_cancel_reason_display(), row.cancel_text]
        said += [row.get_error_about_display(), row.error_reason]
        return ", ".join(str(word) for word in said if word) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        closed = obj is not None and obj.status == Status.ENTERED_IN_ERROR
        return not closed and super().has_change_permission(request, obj)

    def page_links(self, request: HttpRequest, row: Any) -> str:
        offered = [verb for verb in lifecycle.allowed_verbs(row, request.user) if verb in PAGES]
        pages = [
            (link_to(f"encounters:{PAGES[verb]}", row.pk), lifecycle.VERBS[verb].label)
            for verb in offered
        ]
        return links([(link_to("records:encounter_detail", row.pk), _("Visit's page")), *pages])

    def change(self, row: Encounter, *, by: Any, version: int, **fields: Any) -> Encounter:
        for field, name in CODED.items():
            if field in fields:
                # New words for a coded value take the place of its code.
                fields |= {f"{name}_{part}": "" for part in ("system", "code", "display")}
        return lifecycle.change_encounter(row, by=by, version=version, **fields)


class OfEncounterAdmin(OfPatientReadOnlyAdmin):
    """Rows of a visit."""

    path = "encounter__patient"
    list_select_related = ["encounter__patient"]
    view_permission = "encounters.change_practitioner"

    @admin.display(description=_("patient"))
    def patient(self, row: Any) -> str:
        return row.encounter.patient.name


@admin.register(StatusPeriod)
class StatusPeriodAdmin(OfEncounterAdmin):
    list_display = ["encounter", "patient", "status", "start", "end", "by"]
    list_select_related = ["encounter__patient", "by"]
    list_filter = ["status"]


@admin.register(ClassPeriod)
class ClassPeriodAdmin(OfEncounterAdmin):
    list_display = ["encounter", "patient", "class_code", "start", "end"]


@admin.register(LocationPeriod)
class LocationPeriodAdmin(OfEncounterAdmin):
    list_display = ["location", "encounter", "patient", "start", "end"]


@admin.register(EncounterParticipant)
class EncounterParticipantAdmin(OfEncounterAdmin):
    list_display = ["encounter", "patient", "practitioner", "name", "role_words", "removed"]
    list_select_related = ["encounter__patient", "practitioner"]
    list_filter = ["removed"]


@admin.register(Hospitalization)
class HospitalizationAdmin(OfEncounterAdmin):
    list_display = ["encounter", "patient", "admit_source_code", "disposition_words"]
