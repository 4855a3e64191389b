"""Pages of the admin that change a row, under the same rules as the clinic's pages.

A form carries the version it was filled from; a stale save is refused with before, theirs and mine.
Saving calls a verb, never save(); what the verb refuses comes back at the fields it names.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from clinik import rows
from clinik.admin.base import ClinikAdmin
from clinik.forms import DateInput, NewRowForm, VersionedForm
from clinik.pages import add_errors
from clinik.transitions import StaleVersion, TransitionError


class SecondsInput(forms.DateTimeInput):
    """The browser's own picker, to the second: a save rounds no time that an import brought."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%H:%M:%S")


class RefusedForm(forms.ModelForm):
    """Shows what the verb refused when the same form was saved a moment ago."""

    refusal: Exception | None = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.refusal is not None:
            add_errors(self, self.refusal)


class ChangeForm(VersionedForm, RefusedForm):
    """The form of an existing row."""


class AddForm(NewRowForm, RefusedForm):
    """The form of a new row: sent twice it makes one row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("instance", None)
        super().__init__(*args, **kwargs)

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.cleaned_data.get("id"):
            self.instance.pk = self.row_id


class EditingAdmin(ClinikAdmin):
    """A table whose rows are changed here. `change()` and `add()` name the verbs."""

    form: type[Any] = ChangeForm
    add_form: type[Any] = AddForm
    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": SecondsInput},
        models.DateField: {"widget": DateInput},
        models.TimeField: {"widget": TimeInput},
    }

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Rows that are named are searched for, not made, changed or removed in a pop-up."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if not change:
            kwargs.setdefault("form", self.add_form)
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if object_id is None and request.method == "POST" and (made := self._made(request)):
            # Sent twice: the answer is what the first sending made.
            return HttpResponseRedirect(
                reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(made,))
            )
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except (ValidationError, TransitionError, StaleVersion) as refusal:
            # Nothing was written; the form is shown again with the reason. A stale one finds the
            # newer version by itself.
            if not isinstance(refusal, StaleVersion):
                request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, *args, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Parts are looked at; nothing of them is read from what is sent."""
        return [] if request.method == "POST" else super().get_inlines(request, obj)

    def _made(self, request: HttpRequest) -> Any:
        """The key of the row that an earlier sending of the same form made, or None."""
        try:
            key = UUID(request.POST.get("id", ""))
        except ValueError:
            return None
        if not isinstance(self.opts.pk, models.UUIDField):
            return None
        return key if self.model._default_manager.filter(pk=key).exists() else None

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in form.changed_data}
        fields = {name: value for name, value in fields.items() if name not in ("id", "version")}
        if change:
            self.change(obj, by=request.user, version=form.base_version, **fields)
        else:
            self.add(obj, by=request.user, **fields)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Parts of a row are written by the row's own verb."""

    def change(self, row: Any, *, by: Any, version: int, **fields: Any) -> Any:
        return rows.change_row(row, by=by, version=version, **fields)

    def add(self, row: Any, *, by: Any, **fields: Any) -> Any:
        return rows.add_row(row, by=by, fields=fields)
