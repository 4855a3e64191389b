"""Vital signs by fields, and in one line."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import DateInput, MomentField, NewRowForm, PatientGuard
from records.vitals import SCALE_2_TARGET, USUAL_TARGET
from records.vitals_entry import NAMES
from records.vitals_line import MOST, read_line


def _digits(label: Any, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, required=False, max_length=20, widget=widget)


def _units(label: Any, *choices: tuple[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices)


class VitalsForm(NewRowForm, PatientGuard, forms.Form):
    """`last` holds the words about the last value of each sign, shown under its field; `may_aim`
    offers the saturation target, which a clinician sets."""

    systolic = _digits(_("Systolic, mmHg"))
    diastolic = _digits(_("Diastolic, mmHg"))
    pulse = _digits(_("Pulse, /min"))
    temperature = _digits(_("Temperature"))
    temperature_unit = _units(_("Temperature unit"), ("Cel", "°C"), ("[degF]", "°F"))
    spo2 = _digits(_("SpO₂, %"))
    respiration = _digits(_("Respiration, /min"))
    oxygen = _digits(_("Oxygen, L/min or “air”"), inputmode="text")
    consciousness = forms.ChoiceField(
        label=_("Consciousness"),
        required=False,
        choices=[
            ("", "–"),
            ("A", _("A: alert")),
            ("C", _("C: newly confused")),
            ("V", _("V: answers to voice")),
            ("P", _("P: answers to pain")),
            ("U", _("U: unresponsive")),
        ],
    )
    weight = _digits(_("Weight"))
    weight_unit = _units(_("Weight unit"), ("kg", "kg"), ("[lb_av]", "lb"))
    pain = _digits(_("Pain, 0 to 10"), inputmode="numeric")
    height = _digits(_("Height"))
    height_unit = _units(_("Height unit"), ("cm", "cm"), ("[in_i]", "in"))
    head = _digits(_("Head circumference, cm"))
    pregnancy = forms.ChoiceField(
        label=_("Pregnant"),
        required=False,
        choices=[("", "–"), ("yes", _("yes")), ("no", _("no"))],
        help_text=_("In pregnancy there is no NEWS2, and blood pressure has its own limits."),
    )
    due = forms.DateField(label=_("Due date"), required=False, widget=DateInput)
    target = forms.ChoiceField(
        label=_("SpO₂ target"),
        required=False,
        choices=[("", "–"), (SCALE_2_TARGET, _("88-92 %, scale 2")), (USUAL_TARGET, _("94-98 %"))],
        help_text=_("With a target of 88-92 %, NEWS2 counts by scale 2 from now on."),
    )
    effective = MomentField(label=_("Taken at"))
    confirmed = forms.BooleanField(
        label=_("The values are right as typed"), required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        *args: Any,
        last: Mapping[str, str] | None = None,
        may_aim: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not may_aim:
            del self.fields["target"]
        self.fields["effective"].initial = clock.to_minute(clock.now())
        if self.patient.gender == "male":
            del self.fields["pregnancy"], self.fields["due"]
        for name, words in (last or {}).items():
            if name in self.fields:
                self.fields[name].help_text = words

    def values(self) -> dict[str, str]:
        """What record_vitals() takes; only after is_valid()."""
        names = [*NAMES, "temperature_unit", "height_unit", "weight_unit"]
        due = self.cleaned_data.get("due")
        texts = {name: self.cleaned_data.get(name) or "" for name in names}
        return texts | {"due": due.isoformat() if due else ""}

    def after_refusal(self) -> None:
        """Show the box that answers a question, where there is nothing but questions."""
        errors = [error for found in self.errors.as_data().values() for error in found]
        if errors and all(error.code == "confirm" for error in errors):
            self.fields["confirmed"].widget = forms.CheckboxInput()


class VitalsLineForm(NewRowForm, PatientGuard, forms.Form):
    """One line of signs. It is saved once its reading was shown: `read` is the line it was of."""

    line = forms.CharField(
        label=_("Vitals in one line"),
        max_length=MOST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    read = forms.CharField(required=False, max_length=MOST, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        line = read_line(cleaned.get("line", ""))
        for words in line.problems:
            self.add_error("line", words)
        if not self.errors and cleaned["line"] != cleaned["read"]:
            self.add_error(None, ValidationError(_("Read this over, then save."), code="unread"))
        return cleaned

    def values(self) -> dict[str, str]:
        """What record_vitals() takes; only after is_valid()."""
        return read_line(self.cleaned_data["line"]).values
