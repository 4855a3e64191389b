"""A questionnaire: one row of answers for each question."""

from typing import Any

from django import forms

from clinik.forms import NewRowForm, PatientGuard
from records.instruments import Instrument


class InstrumentForm(NewRowForm, PatientGuard, forms.Form):
    """`asked` is the questionnaire; no answer is chosen beforehand."""

    def __init__(self, *args: Any, asked: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = asked
        choices = [(str(points), text) for points, text in enumerate(asked.answers)]
        for place, item in enumerate(asked.items):
            self.fields[f"item_{place}"] = forms.ChoiceField(
                label=f"{place + 1}. {item.text}", choices=choices, widget=forms.RadioSelect
            )

    def answers(self) -> list[int]:
        """Points in the order of the questions; only after is_valid()."""
        return [int(self.cleaned_data[f"item_{n}"]) for n in range(len(self.asked.items))]
