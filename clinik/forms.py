"""What every form here has: it acts once, never overwrites unseen work, and knows its patient.

Mix in what a form needs, before forms.Form or forms.ModelForm:
- NewRowForm: carries the new row's key from the start (rule: a form sent twice acts once)
- VersionedForm: carries the version it was filled from (rule: no lost update)
- PatientGuard: carries the patient it was filled for (rule: no patient in the session)
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import Http404
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import clock
from clinik.ids import uuid7

T = TypeVar("T", bound=models.Model)


class DateInput(forms.DateInput):
    """The browser's own date picker; it stays empty unless the value is ISO."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own date and time picker, in the clinic's zone, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """A time in the clinic's zone, also on the two days on which the clocks change.

    Of an hour that comes twice the later one is taken, unless that is still to come; an hour that
    was skipped is refused.
    """

    widget = DateTimeInput

    default_error_messages = {
        "skipped": gettext_lazy("The clocks were put forward: this time did not exist."),
    }

    def to_python(self, value: Any) -> dt.datetime | None:
        if isinstance(value, dt.datetime):
            return super().to_python(value)
        with timezone.override(dt.UTC):
            read = super().to_python(value)
        return self._in_zone(read.replace(tzinfo=None)) if read else None

    def _in_zone(self, wall: dt.datetime) -> dt.datetime:
        if not dt.MINYEAR < wall.year < dt.MAXYEAR:
            # No zone can be asked about the first and the last day of all.
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        zone = timezone.get_current_timezone()
        first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        taken = first if second.astimezone(dt.UTC) > clock.now() else second
        if timezone.localtime(taken.astimezone(dt.UTC)).replace(tzinfo=None) != wall:
            raise ValidationError(self.error_messages["skipped"], code="skipped")
        return taken

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By what the box says: 02:30 shown and sent back is no change, whichever of the two."""
        shown = self.prepare_value(initial)
        if isinstance(shown, dt.datetime) and DateTimeInput().format_value(shown) == data:
            return False
        return super().has_changed(initial, data)


class PlainForm:
    """Crispy without a <form> tag of its own: the template writes form, buttons and csrf."""

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class NewRowForm(PlainForm):
    """A form that makes a row: the row's key is drawn when the form is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["id"] = forms.UUIDField(  # type: ignore[attr-defined]
            widget=forms.HiddenInput, initial=uuid7, required=True
        )

    @property
    def row_id(self) -> uuid.UUID:
        """The key of the row this form makes; only after is_valid()."""
        return self.cleaned_data["id"]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Difference:
    """One field of a refused save: what it was, what the other wrote, what this form says."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str


class VersionedForm(PlainForm):
    """A form that changes a row. Needs `instance`; a stale save is refused, nothing is lost.

    After is_valid() was False through a conflict, `conflict` lists the fields that differ, and the
    form carries the new version: saving it again is a decision made with both texts in view.
    """

    conflict: tuple[Difference, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.row = kwargs["instance"]
        if not isinstance(self, forms.BaseModelForm):
            kwargs.pop("instance")
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(  # type: ignore[attr-defined]
            widget=forms.HiddenInput, initial=self.row.version, min_value=1
        )
        # What is in the database now, before the form writes its values onto the instance.
        self._stored = {name: self.value_of(self.row, name) for name in self._row_fields()}
        self._stored_version = self.row.version

    def _row_fields(self) -> list[str]:
        return [name for name in self.fields if hasattr(self.row, name) and name != "version"]  # type: ignore[attr-defined]

    def value_of(self, row: Any, name: str) -> Any:
        """What the field says of a row, or of a row of its history."""
        return getattr(row, name, None)

    @property
    def base_version(self) -> int:
        """The version the person saw; only after is_valid()."""
        return self.cleaned_data["version"]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()  # type: ignore[misc]
        cleaned = self.cleaned_data if cleaned is None else cleaned  # type: ignore[attr-defined]
        seen = cleaned.get("version")
        if seen is not None and seen != self._stored_version:
            self.conflict = self._differences(seen, cleaned)
            self._show_new_version()
            raise ValidationError(
                _(
                    "Somebody else changed this while you were writing. Nothing was saved yet. "
                    "Compare below; saving again keeps what this form says."
                ),
                code="stale",
            )
        return cleaned

    def _differences(self, seen: int, cleaned: Mapping[str, Any]) -> tuple[Difference, ...]:
        history = getattr(self.row, "history", None)
        old = history.filter(version=seen).first() if history is not None else None
        found = []
        for name, theirs in self._stored.items():
            before = self.value_of(old, name) if old is not None else None
            mine = cleaned.get(name)
            if theirs != mine or before != theirs:
                label = str(self.fields[name].label or name)  # type: ignore[attr-defined]
                found.append(Difference(name, label, shown(before), shown(theirs), shown(mine)))
        return tuple(found)

    def _show_new_version(self) -> None:
        data: Any = self.data.copy()  # type: ignore[has-type]
        data[self.add_prefix("version")] = str(self._stored_version)  # type: ignore[attr-defined]
        self.data = data


class OtherPatient(Http404):
    """A form that was filled for one patient was sent to a page about another: 404.

    Who may see both reads both names, and what was typed (encounters.other_patient); to anybody
    else it is as if there were no such page. `sent` is the key that the form carried, `here` whom
    the page is about, `typed` the form's words: (label, text).
    """

    def __init__(self, sent: uuid.UUID, here: Any, typed: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__("other patient")
        self.sent, self.here, self.typed = sent, here, tuple(typed)


class PatientGuard(PlainForm):
    """Carries the patient a form was filled for; refuses to write to another.

    Validating it raises OtherPatient, which no view has to know of.
    """

    def __init__(self, *args: Any, patient: Any, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)
        self.fields["patient"] = forms.UUIDField(  # type: ignore[attr-defined]
            widget=forms.HiddenInput, initial=patient.pk
        )

    def clean_patient(self) -> uuid.UUID:
        sent = self.cleaned_data["patient"]  # type: ignore[attr-defined]
        if sent != self.patient.pk:
            raise OtherPatient(sent, self.patient, self._typed())
        return sent

    def _typed(self) -> Iterator[tuple[str, str]]:
        """What somebody wrote and would have to write again, in the order of the form."""
        for field in self.visible_fields():  # type: ignore[attr-defined]
            written = isinstance(field.field.widget, forms.TextInput | forms.Textarea)
            if written and isinstance(field.data, str) and field.data.strip():
                yield str(field.label), field.data


class PressForm(PatientGuard, forms.Form):
    """One press about a patient, who is all it carries."""


class Repeated(Exception):
    """The form was sent before with other content; `row` is what was made then."""

    def __init__(self, row: models.Model) -> None:
        super().__init__(
            _("This form was already sent with other content. What was saved then is shown here.")
        )
        self.row = row


def already_made(
    model: type[T],
    row_id: uuid.UUID,
    *,
    owners: Mapping[str, Any],
    same: Mapping[str, Any],
) -> T | None:
    """The row an earlier sending of the same form made, or None.

    `owners` (patient, encounter, entered_by...) must match or it is a 404: somebody else's key.
    `same` is the content: where it differs, Repeated is raised with the row that stands.
    """
    row = model._default_manager.filter(pk=row_id).first()
    if row is None:
        return None
    if any(getattr(row, name) != value for name, value in owners.items()):
        raise Http404
    if any(getattr(row, name) != value for name, value in same.items()):
        raise Repeated(row)
    return row


def once(find: Callable[[], T | None], make: Callable[[], T]) -> T:
    """What `find` (already_made) says an earlier sending of this form made, else what `make` makes.

    Two sendings at the same moment: the key's uniqueness decides, the second finds the first's.
    """
    made = find()
    if made is not None:
        return made
    try:
        return make()
    except IntegrityError:
        made = find()
        if made is None:
            raise
        return made


def shown(value: Any) -> str:
    """A stored or typed value as the conflict view shows it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, dt.date):
        return formats.date_format(value, "DATE_FORMAT")
    return str(value)
