"""Which patient a visit really is of, why, and what goes with it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, OtherPatient
from encounters.forms.steps import StepForm
from encounters.models import Patient
from records.moving import Copyable, kind_words


class MoveForm(NewRowForm, StepForm):
    """`to` is in the form, too: what is confirmed is the name that was read."""

    to = forms.UUIDField(widget=forms.HiddenInput)
    copy = forms.MultipleChoiceField(
        label=_("Take along, marked as copied"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what is true of the right patient. What was signed arrives as a draft."),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        initial=_("Opened for the wrong patient"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(
        self, *args: Any, target: Patient, records: Sequence[Copyable], **kwargs: Any
    ) -> None:
        self.target = target
        super().__init__(*args, **kwargs)
        self.fields["to"].initial = target.pk
        choices: Any = self.fields["copy"]
        choices.choices = [
            (str(one.pk), f"{one.record} {_value(one.record)} ({kind_words(one)})")
            for one in records
        ]
        if not records:
            del self.fields["copy"]

    def clean_to(self) -> Any:
        if self.cleaned_data["to"] != self.target.pk:
            raise OtherPatient(self.cleaned_data["to"], self.target)
        return self.cleaned_data["to"]


def _value(record: Any) -> str:
    words = getattr(record, "value_words", "")
    if not words and hasattr(record, "components"):
        words = "/".join(part.value_words for part in record.components.all())
    return words
