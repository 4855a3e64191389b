"""The form that says a patient died, and which planned visits are cancelled with it."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import DateTimeInput, MomentField, PatientGuard, VersionedForm
from encounters.deceased import planned_visits, time_of_death
from encounters.models import Encounter, Patient


class PlannedField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        when = date_format(timezone.localtime(obj.date), "DATETIME_FORMAT")
        who = obj.practitioner.short_name if obj.practitioner else ""
        return " · ".join(part for part in (when, obj.reason_text or obj.title, who) if part)


class DeceasedForm(PatientGuard, VersionedForm, forms.Form):
    deceased_at = MomentField(
        label=_("Died"),
        required=False,
        widget=DateTimeInput({"autofocus": True}),
        help_text=_("Empty: the time is not known."),
    )
    cancelled = PlannedField(
        label=_("Planned visits to cancel"),
        queryset=Encounter.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, instance: Patient, **kwargs: Any) -> None:
        super().__init__(*args, patient=instance, instance=instance, **kwargs)
        died = time_of_death(instance)
        self.fields["deceased_at"].initial = clock.to_minute(died) if died else None
        field: Any = self.fields["cancelled"]
        field.queryset = planned_visits(instance)
        field.initial = [visit.pk for visit in field.queryset]
        if not field.initial:
            del self.fields["cancelled"]
