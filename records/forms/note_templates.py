"""An own template: made, perhaps from the note being written, and changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, VersionedForm
from records.models.note import Type
from records.note_templates import NAME_LIMIT
from records.notes import CONTENT_LIMIT


class TemplateFields(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=NAME_LIMIT)
    type = forms.ChoiceField(label=_("For notes of type"), choices=Type.choices)
    body = forms.CharField(
        label=_("Text"),
        max_length=CONTENT_LIMIT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_(
            "{vitals}, {problems} and {medication} are filled in from the chart when you choose it."
        ),
    )

    def written(self) -> dict[str, Any]:
        """What the verbs of a template take; only after is_valid()."""
        return {name: self.cleaned_data[name] for name in ("name", "type", "body")}


class NewTemplateForm(NewRowForm, TemplateFields):
    """A new own template."""


class TemplateForm(VersionedForm, TemplateFields):
    """One's own template, changed."""
