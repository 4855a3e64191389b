"""Merging two entries of a person, and taking it back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm
from encounters.forms.access import SeenVersionForm, why
from encounters.models import Patient


class MergeForm(NewRowForm, SeenVersionForm):
    """Carries the versions of both entries as the page compared them."""

    other_version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = why(_("How you know that this is one person"), focus=False)

    def __init__(self, *args: Any, row: Patient, other: Patient, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["other_version"].initial = other.version


class UnmergeForm(SeenVersionForm):
    reason = why(_("Reason"), focus=False)
