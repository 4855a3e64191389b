"""Assessments with their findings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, PatientGuard
from clinik.pages import number_in
from encounters.condition_field import ConditionField
from encounters.forms.diagnoses import read_condition
from records.assessments import MOST_FINDINGS, SUMMARY_LIMIT, TEXT_LIMIT, FindingText

EMPTY_ROWS = 3


class AssessmentForm(NewRowForm, PatientGuard, forms.Form):
    """`rows` empty lines for findings; a form that was sent brings as many as it had."""

    summary = forms.CharField(
        label=_("Summary"),
        max_length=SUMMARY_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    rows = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: int = EMPTY_ROWS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_count = self._rows_sent() if self.is_bound else rows
        self.row_count = min(max(self.row_count, EMPTY_ROWS), MOST_FINDINGS)
        self.fields["rows"].initial = self.row_count
        for place in range(self.row_count):
            self.fields[f"finding_{place}"] = ConditionField(
                label=_("Finding %(number)d") % {"number": place + 1}, help_text=""
            )
            self.fields[f"basis_{place}"] = forms.CharField(
                label=_("Based on"), required=False, max_length=1000
            )

    def _rows_sent(self) -> int:
        return number_in(str(self.data.get("rows", ""))) or EMPTY_ROWS

    @property
    def finding_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [
            (self[f"finding_{place}"], self[f"basis_{place}"]) for place in range(self.row_count)
        ]

    def findings(self) -> list[FindingText]:
        """Those that say something; only after is_valid()."""
        found = [
            _finding(self.cleaned_data[f"finding_{place}"], self.cleaned_data[f"basis_{place}"])
            for place in range(self.row_count)
        ]
        return [finding for finding in found if finding.text or finding.basis]


def _finding(typed: str, basis: str) -> FindingText:
    """Words, a code, or a code before words: taken apart as a diagnosis is."""
    if not typed:
        return FindingText("", basis)
    read = read_condition(typed)
    return FindingText(
        read["condition_text"],
        basis,
        read["condition_system"],
        read["condition_code"],
        read["condition_display"],
    )
