"""An allergy as staff write it down: the substance first, the rest if it is known."""

from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from clinik import clock
from clinik.forms import NewRowForm, PatientGuard, VersionedForm
from encounters.fields import PartialDate, PartialDateField
from encounters.models import Allergy

NAMES = ("substance_text", "reaction", "severity", "type", "category", "criticality")
STATUS = ("clinical_status", "verification")


class AllergyFields(forms.Form):
    """What adding and editing ask alike."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = fields_for_model(Allergy, fields=NAMES)
        made["substance_text"] = forms.CharField(
            label=_("Substance"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True})
        )
        made["onset"] = PartialDateField(
            label=_("Since"), required=False, help_text=_("A day, a month or a year.")
        )
        made["note"] = forms.CharField(
            label=_("Note"),
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        self.fields.update(made)

    def verb_fields(self) -> dict[str, Any]:
        """The cleaned values under the names that the verbs take."""
        fields = {name: self.cleaned_data[name] for name in (*NAMES, "note")}
        onset: PartialDate | None = self.cleaned_data["onset"]
        fields["onset"] = clock.day_start(onset.day) if onset and onset.day else None
        fields["onset_precision"] = onset.precision if onset else clock.Precision.DAY
        return fields


class AllergyForm(NewRowForm, PatientGuard, AllergyFields):
    """A new allergy of the page's patient."""


class AllergyEditForm(VersionedForm, PatientGuard, AllergyFields):
    """An existing allergy, with what became of it."""

    def __init__(self, *args: Any, instance: Allergy, **kwargs: Any) -> None:
        initial = {name: getattr(instance, name) for name in (*NAMES, *STATUS, "note")}
        initial["onset"] = onset_of(instance)
        super().__init__(
            *args, instance=instance, patient=instance.patient, initial=initial, **kwargs
        )
        made = fields_for_model(Allergy, fields=STATUS)
        wrong = Allergy.Verification.ENTERED_IN_ERROR
        made["verification"].choices = [
            choice for choice in made["verification"].choices if choice[0] != wrong
        ]
        self.fields.update(made)

    def _row_fields(self) -> list[str]:
        # The guard's hidden patient is no content.
        return [*NAMES, *STATUS, "onset", "note"]

    def value_of(self, row: Any, name: str) -> Any:
        return onset_of(row) if name == "onset" else super().value_of(row, name)

    def verb_fields(self) -> dict[str, Any]:
        fields = super().verb_fields()
        fields.update({name: self.cleaned_data[name] for name in STATUS})
        if "onset" not in self.changed_data:
            fields["onset"], fields["onset_precision"] = self.row.onset, self.row.onset_precision
        return fields


class ErrorReasonForm(PatientGuard, forms.Form):
    """Why an allergy is wrong. Stands beside the form that edits it."""

    reason = forms.CharField(label=_("Why is it wrong?"), max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, instance: Allergy, **kwargs: Any) -> None:
        super().__init__(*args, patient=instance.patient, auto_id="error_%s", **kwargs)
        self.fields["version"].initial = instance.version


def onset_of(row: Any) -> PartialDate | None:
    """When an allergy, or a row of its history, began."""
    if row.onset is None:
        return None
    precision = clock.Precision.DAY if row.onset_precision == "instant" else row.onset_precision
    return PartialDate(clock.timezone.localdate(row.onset), precision)
