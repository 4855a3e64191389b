"""Merging two entries of a person, and taking it back."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, OtherPatient, PatientGuard
from encounters.forms.access import SeenVersionForm, why
from encounters.models import Patient, PatientMerge


class MergeForm(NewRowForm, PatientGuard, SeenVersionForm):
    """Carries both entries and their versions as the page compared them."""

    other = forms.UUIDField(widget=forms.HiddenInput)
    other_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = why(_("How you know that this is one person"), focus=False)

    def __init__(self, *args: Any, row: Patient, other: Patient, **kwargs: Any) -> None:
        super().__init__(*args, patient=row, row=row, **kwargs)
        self.gone = other
        self.fields["other"].initial = other.pk
        self.fields["other_version"].initial = other.version

    def clean_other(self) -> UUID:
        sent: UUID = self.cleaned_data["other"]
        if sent != self.gone.pk:
            raise OtherPatient(sent, self.gone)
        return sent


class UnmergeForm(PatientGuard, SeenVersionForm):
    reason = why(_("Reason"), focus=False)

    def __init__(self, *args: Any, row: PatientMerge, **kwargs: Any) -> None:
        super().__init__(*args, patient=row.kept, row=row, **kwargs)
