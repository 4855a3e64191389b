"""Restricting a chart, opening it all the same, and looking at who did."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, PatientGuard, PlainForm
from encounters.models import Patient

MOST_TEXT = 500


def why(label: Any, help_text: Any = "", *, focus: bool = True) -> forms.CharField:
    """A reason, in a person's own words. `focus`: the page begins with it."""
    attrs = {"rows": 3, "autocomplete": "off", "autofocus": focus}
    return forms.CharField(
        label=label,
        max_length=MOST_TEXT,
        help_text=help_text,
        widget=forms.Textarea(attrs),
    )


class OpenChartForm(NewRowForm, PatientGuard, forms.Form):
    """Why somebody outside the team needs the chart now."""

    reason = why(
        _("Reason"),
        _("It is kept, and somebody who reads no chart reviews it: say why you need it."),
    )


class SeenVersionForm(PlainForm, forms.Form):
    """Carries the version of the row that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = row.version


class PatientsRowForm(PatientGuard, SeenVersionForm):
    """Of a row that is a patient's: carries whose it was."""

    def __init__(self, *args: Any, row: Any, **kwargs: Any) -> None:
        super().__init__(*args, patient=row.patient, row=row, **kwargs)


class RestrictForm(PatientGuard, SeenVersionForm):
    """`wanted` is what pressing does to the patient as the page showed it."""

    wanted = forms.ChoiceField(choices=[("on", ""), ("off", "")], widget=forms.HiddenInput)
    reason = why(_("Reason"))

    def __init__(self, *args: Any, row: Patient, **kwargs: Any) -> None:
        super().__init__(*args, patient=row, row=row, **kwargs)
        self.fields["wanted"].initial = "off" if row.restricted else "on"


class ReviewForm(PatientsRowForm):
    review = why(_("What came of it"), _("For example: treated in the emergency room, justified."))
