"""Entering a record in error."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import PatientGuard, VersionedForm


class RecordErrorForm(PatientGuard, VersionedForm, forms.Form):
    reason = forms.CharField(
        label=_("What is wrong with it?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
