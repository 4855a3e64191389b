"""A visit that is over, written down afterwards: visit, diagnosis, vitals and note on one form."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik.forms import DateInput, NewRowForm, PatientGuard
from encounters.condition_field import ConditionField
from encounters.forms.diagnoses import read_condition
from encounters.forms.visits import VisitFields
from records.forms.vitals import VitalsForm
from records.notes import CONTENT_LIMIT

VITALS = ("systolic", "diastolic", "pulse", "temperature", "spo2", "respiration", "weight")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class PastForm(NewRowForm, PatientGuard, VisitFields):
    """What "Save and next" keeps (day, practitioner, room) comes as `initial`."""

    TIMES = ("day", "begins", "ends")
    DIAGNOSIS = ("condition_text",)
    KEPT = ("day", "practitioner", "location")

    day = forms.DateField(label=gettext_lazy("Day"), widget=DateInput())
    begins = forms.TimeField(label=gettext_lazy("Start"), widget=TimeInput())
    ends = forms.TimeField(label=gettext_lazy("End"), widget=TimeInput())
    next_day = forms.BooleanField(label=gettext_lazy("It ended the day after"), required=False)
    condition_text = ConditionField(label=gettext_lazy("Diagnosis"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=CONTENT_LIMIT,
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("Saved as your draft; sign it on the visit's page."),
    )
    confirmed = forms.BooleanField(
        label=gettext_lazy("The values are right as typed"),
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        signs = VitalsForm.base_fields
        for name in VITALS:
            self.fields[name] = signs[name]
        for name in ("temperature", "weight"):
            self.fields[f"{name}_unit"] = signs[f"{name}_unit"]
        if not user.has_perm("encounters.add_diagnosis"):
            for name in self.DIAGNOSIS:
                del self.fields[name]
        if not user.has_perm("records.add_note"):
            del self.fields["note"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, begins, ends = (cleaned.get(name) for name in self.TIMES)
        if day and not dt.MINYEAR < day.year < dt.MAXYEAR:
            self.add_error("day", _("Enter a valid date."))
        elif day and begins and ends:
            after = day + dt.timedelta(days=1) if cleaned.get("next_day") else day
            cleaned["start"] = self._moment(day, begins, "begins")
            cleaned["end"] = self._moment(after, ends, "ends")
        return cleaned

    def _moment(self, day: dt.date, time: dt.time, field: str) -> dt.datetime | None:
        """In the clinic's zone; an hour that the clocks skipped is refused."""
        moment = timezone.make_aware(dt.datetime.combine(day, time))
        if timezone.localtime(moment.astimezone(dt.UTC)).time() != time:
            self.add_error(field, _("The clocks were put forward: this time did not exist."))
            return None
        return moment

    def visit(self) -> dict[str, Any]:
        """What record_past_encounter() takes."""
        values = self.cleaned_data
        return {**self.verb_fields(), "start": values["start"], "end": values["end"]}

    def condition(self) -> dict[str, Any] | None:
        """What add_diagnosis() takes as the condition; None where nothing was typed."""
        text = self.cleaned_data.get("condition_text", "")
        if not text:
            return None
        read = read_condition(text)
        return {name.removeprefix("condition_"): value for name, value in read.items()}

    def vitals(self) -> dict[str, str] | None:
        """What record_vitals() takes; None where nothing was typed."""
        typed = {name: self.cleaned_data[name] for name in VITALS}
        if not any(typed.values()):
            return None
        units = {name: self.cleaned_data[name] for name in ("temperature_unit", "weight_unit")}
        return {**typed, **units}

    def offer_confirming(self, error: ValidationError) -> None:
        """Show the box that answers a question about a surprising value."""
        found = error.error_dict.values() if hasattr(error, "error_dict") else [[error]]
        if all(each.code == "confirm" for errors in found for each in errors):
            self.fields["confirmed"].widget = forms.CheckboxInput()

    def kept(self) -> dict[str, str]:
        """What the next form begins with, for its URL."""
        values = self.cleaned_data
        practitioner = values["practitioner"]
        return {
            "day": values["day"].isoformat(),
            "practitioner": str(practitioner.pk) if practitioner else "",
            "location": values["location"],
        }

    def time_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.TIMES]

    def diagnosis_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.DIAGNOSIS if name in self.fields]

    def vital_fields(self) -> list[forms.BoundField]:
        names = [*VITALS[:4], "temperature_unit", *VITALS[4:], "weight_unit"]
        return [self[name] for name in names]
