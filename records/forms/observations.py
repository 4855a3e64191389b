"""Any observation by code."""

import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import MomentField, NewRowForm, PatientGuard, VersionedForm
from records.loinc import NOTICE
from records.models.observation import Category, Status
from records.observations import OFFERED_STATUSES

CODE_LIST, UNIT_LIST = "observation-codes", "observation-units"

INTERPRETATION_WORDS = [
    ("", "–"),
    ("N", _("N: normal")),
    ("L", _("L: low")),
    ("H", _("H: high")),
    ("LL", _("LL: critically low")),
    ("HH", _("HH: critically high")),
    ("A", _("A: abnormal")),
    ("AA", _("AA: critically abnormal")),
]


class ObservationForm(NewRowForm, PatientGuard, forms.Form):
    """The template puts the lists of codes and of units beside it, under CODE_LIST, UNIT_LIST."""

    # LOINC's licence asks for it wherever its codes are offered.
    notice = NOTICE
    what = forms.CharField(
        label=_("What"),
        max_length=500,
        help_text=_("A code or a name from the list, or your own words."),
        widget=forms.TextInput(attrs={"list": CODE_LIST, "autocomplete": "off"}),
    )
    value = forms.CharField(label=_("Value"), max_length=2000, help_text=_("A number or words."))
    unit = forms.CharField(
        label=_("Unit"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"list": UNIT_LIST, "autocomplete": "off"}),
    )
    effective = MomentField(label=_("Taken at"))
    range_low = forms.CharField(label=_("Reference range from"), required=False, max_length=100)
    range_high = forms.CharField(label=_("to"), required=False, max_length=100)
    interpretation = forms.ChoiceField(
        label=_("Interpretation"), required=False, choices=INTERPRETATION_WORDS
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", "–"), *Category.choices]
    )
    status = forms.ChoiceField(
        label=_("Status"),
        choices=[(each.value, each.label) for each in OFFERED_STATUSES],
        initial=Status.FINAL,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective"].initial = clock.to_minute(clock.now())

    def values(self) -> dict[str, Any]:
        """What add_observation() takes; only after is_valid()."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("id", "patient")
        }


class SeenForm(PatientGuard, VersionedForm, forms.Form):
    """A critical result was seen, and what was done."""

    action = forms.CharField(label=_("What was done"), max_length=500)


class CorrectionForm(PatientGuard, VersionedForm, forms.Form):
    """The right value of one that was wrong."""

    value = forms.CharField(
        label=_("Right value"),
        max_length=2000,
        help_text=_("In the same unit; a blood pressure as 120/80."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    interpretation = forms.ChoiceField(
        label=_("Interpretation"),
        required=False,
        choices=INTERPRETATION_WORDS,
        help_text=_("Empty: from the reference range."),
    )
    reason = forms.CharField(label=_("What was wrong with it?"), max_length=500)

    def values(self) -> dict[str, str]:
        """What correct_observation() takes; only after is_valid()."""
        return {name: self.cleaned_data[name] for name in ("value", "interpretation", "reason")}


LAB_ROWS = 8
_LAB_PARTS = ("what", "value", "unit", "range_low", "range_high", "interpretation")


class LabsForm(NewRowForm, PatientGuard, forms.Form):
    """Several results of one time; a row without a name and a value is left out."""

    notice = NOTICE
    effective = MomentField(label=_("Taken at"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective"].initial = clock.to_minute(clock.now())
        self.fields["effective"].widget.attrs["class"] = "form-control"
        for number in range(1, LAB_ROWS + 1):
            for part in _LAB_PARTS:
                field = copy.deepcopy(ObservationForm.base_fields[part])
                field.required, field.help_text = False, ""
                # Eight rows of one table: each box says its row to who cannot see the column.
                kind = "form-select" if part == "interpretation" else "form-control"
                field.widget.attrs |= {"aria-label": f"{field.label}, {number}", "class": kind}
                self.fields[f"{part}_{number}"] = field

    @property
    def rows(self) -> list[list[Any]]:
        """The bound fields of each row, for the template."""
        return [
            [self[f"{part}_{number}"] for part in _LAB_PARTS] for number in range(1, LAB_ROWS + 1)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.results():
            raise ValidationError(_("Enter at least one result."))
        return cleaned

    def results(self) -> dict[int, dict[str, str]]:
        """What add_results() takes: the filled rows by their number."""
        rows = {
            number: {part: self.cleaned_data.get(f"{part}_{number}", "") for part in _LAB_PARTS}
            for number in range(1, LAB_ROWS + 1)
        }
        return {number: row for number, row in rows.items() if row["what"] or row["value"]}
