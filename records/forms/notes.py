"""Notes: writing, going on writing, adding to a signed one, signing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinik.forms import NewRowForm, PatientGuard, VersionedForm
from encounters.fields import PractitionerField
from records.models.note import Format, Relation, Type
from records.notes import CONTENT_LIMIT, TITLE_LIMIT


class NoteFields(forms.Form):
    """What both a new and an existing draft ask for."""

    type = forms.ChoiceField(label=_("Type"), choices=Type.choices, initial=Type.PROGRESS)
    title = forms.CharField(label=_("Title"), required=False, max_length=TITLE_LIMIT)
    content_type = forms.ChoiceField(
        label=_("Read as"), choices=Format.choices, initial=Format.PLAIN, required=False
    )
    content = forms.CharField(
        label=_("Note"),
        max_length=CONTENT_LIMIT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "note-area"}),
    )
    # Which autosaved text this page holds; empty = none yet.
    draft_version = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def written(self) -> dict[str, Any]:
        """What the verbs of a note take; only after is_valid()."""
        written = {name: self.cleaned_data[name] for name in ("type", "title", "content")}
        return written | _format_of(self.cleaned_data)


def _format_of(cleaned: dict[str, Any]) -> dict[str, str]:
    """Nothing where the form did not say: it stays as it is."""
    chosen = cleaned.get("content_type")
    return {"content_type": chosen} if chosen else {}


class NoteForm(NewRowForm, PatientGuard, NoteFields):
    """A new note of a visit."""


class NoteEditForm(PatientGuard, VersionedForm, NoteFields):
    """One's own draft, written on."""


class AddendumForm(NewRowForm, PatientGuard, forms.Form):
    """More about a signed note, which itself stays as it is."""

    relation = forms.ChoiceField(
        label=_("This is an"), choices=Relation.choices, initial=Relation.ADDENDUM
    )
    title = NoteFields.base_fields["title"]
    content_type = NoteFields.base_fields["content_type"]
    content = NoteFields.base_fields["content"]
    draft_version = NoteFields.base_fields["draft_version"]

    def written(self) -> dict[str, Any]:
        """What add_addendum() takes; only after is_valid()."""
        written = {name: self.cleaned_data[name] for name in ("relation", "title", "content")}
        return written | _format_of(self.cleaned_data)


class SignForm(PatientGuard, VersionedForm, forms.Form):
    """The note is bound as it is shown, in the version it is shown."""

    cosigner = PractitionerField(
        label=_("To be co-signed by"), required=False, help_text=_("If a second signature is due.")
    )


class CosignForm(PatientGuard, VersionedForm, forms.Form):
    """Nothing to type: the second signature binds the words that are shown."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class CosignerForm(PatientGuard, VersionedForm, forms.Form):
    """Whom the author of a signed note asks for the second signature."""

    cosigner = PractitionerField(label=_("To be co-signed by"), required=False)
