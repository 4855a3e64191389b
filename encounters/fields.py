"""Form fields that read what staff type: a birth date, a day known vaguely, a practitioner."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinik import clock
from clinik.names import parse_birth_date
from encounters.models import Practitioner

_ABOUT = re.compile(r"(?:about|ca\.?|circa|approx\.?|~)\s*(\d{1,4})\s*(?:y|years?|years old)?")
_UNKNOWN = ("unknown", "not known", "?")
_OLDEST = 130
_FORMATS = {
    clock.Precision.DAY: "DATE_FORMAT",
    clock.Precision.MONTH: "YEAR_MONTH_FORMAT",
    clock.Precision.YEAR: "Y",
}


@dataclass(frozen=True)
class PartialDate:
    """A date as exactly as it is known: its day, or the first of its month or year.

    `unknown` says that somebody asked and nobody knows.
    """

    day: dt.date | None
    precision: str = clock.Precision.DAY
    estimated: bool = False
    unknown: bool = False

    def __str__(self) -> str:
        """As it can be typed again: "11 Mar 1962", "Mar 1962", "1962", "about 40", "unknown"."""
        if self.unknown:
            return _("unknown")
        if self.day is None:
            return ""
        if self.estimated:
            return _("about %(age)s") % {"age": clock.today().year - self.day.year}
        return date_format(self.day, _FORMATS[clock.Precision(self.precision)])


class PartialDateField(forms.CharField):
    """One box for a date of the past in any usual form, to the day, the month or the year."""

    default_error_messages = {
        "unreadable": gettext_lazy(
            "This is not read as a date. Write it as 1962-03-11, 11.3.1962, Mar 1962 or 1962."
        ),
        "future": gettext_lazy("This day is still to come."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40, **kwargs})
        self.widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})

    def to_python(self, value: Any) -> PartialDate | None:  # type: ignore[override]
        if isinstance(value, PartialDate):
            return value
        text = super().to_python(value)
        if not text:
            return None
        parsed = parse_birth_date(text)
        if parsed is None:
            raise ValidationError(self.error_messages["unreadable"], code="unreadable")
        if parsed[0] > clock.today():
            raise ValidationError(self.error_messages["future"], code="future")
        return PartialDate(*parsed)

    def run_validators(self, value: Any) -> None:
        """The text's validators, of no meaning for a date."""

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, PartialDate) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "") != str(data or "").strip()


class BirthDateField(PartialDateField):
    """A PartialDateField that also reads "about 40" (an age) and "unknown"."""

    default_error_messages = {
        "unreadable": gettext_lazy(
            "This is not read as a birth date. Write it as 1962-03-11, 11.3.1962, Mar 1962 or "
            "1962, an age as “about 40”, or “unknown”."
        ),
        "future": gettext_lazy("This day is still to come."),
        "old": gettext_lazy("Nobody is that old."),
    }

    def to_python(self, value: Any) -> PartialDate | None:  # type: ignore[override]
        text = str(value or "").strip().casefold()
        if text in (*_UNKNOWN, _("unknown").casefold()):
            return PartialDate(None, unknown=True)
        about = _ABOUT.fullmatch(text)
        if about is None:
            return super().to_python(value)
        number, year = int(about[1]), clock.today().year
        born = number if number > _OLDEST else year - number
        if not year - _OLDEST <= born <= year:
            raise ValidationError(self.error_messages["old"], code="old")
        return PartialDate(dt.date(born, 1, 1), clock.Precision.YEAR, estimated=True)


@dataclass
class TypedPractitioner:
    """What came back: the text, the key of the suggestion taken, and for which text it was."""

    text: str = ""
    pk: str = ""
    chosen_for: str = ""


class PractitionerWidget(forms.Widget):
    """A text box with suggestions; without JavaScript the text is resolved after sending."""

    candidates: tuple[Practitioner, ...] = ()

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> TypedPractitioner:
        text = str(data.get(name) or "").strip()
        chosen = str(data.get(f"{name}_choice") or "")
        if chosen and data.get(f"{name}_choice_for") == text:
            return TypedPractitioner(text, chosen, text)
        return TypedPractitioner(text, str(data.get(f"{name}_id") or ""))

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        return name not in data

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        typed = value if isinstance(value, TypedPractitioner) else TypedPractitioner()
        return render_to_string(
            "encounters/_practitioner_field.html",
            {
                "name": name,
                "value": typed,
                "attrs": self.build_attrs(self.attrs, attrs),
                "candidates": self.candidates,
            },
        )

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return id_


class PractitionerField(forms.Field):
    """One active practitioner, or None; never a select box over people.

    Typed text that names exactly one is taken; where it fits several, the error offers them as
    radio buttons. An initial value may be a Practitioner or a key.
    """

    widget = PractitionerWidget
    default_error_messages = {
        "unknown": gettext_lazy("No practitioner here is called this."),
        "several": gettext_lazy("Several practitioners are called this: choose one below."),
        "many": gettext_lazy("Very many practitioners fit: write more of the name."),
    }
    most = 8

    def prepare_value(self, value: Any) -> TypedPractitioner:
        if isinstance(value, TypedPractitioner):
            return value
        if isinstance(value, str | UUID) and value:
            value = Practitioner.objects.filter(pk=value).first()
        if isinstance(value, Practitioner):
            return TypedPractitioner(str(value), str(value.pk))
        return TypedPractitioner()

    def clean(self, value: Any) -> Practitioner | None:
        if isinstance(value, Practitioner):
            return value
        if not isinstance(value, TypedPractitioner) or not value.text:
            self.validate(None)
            return None
        found = self._taken(value)
        return found if found is not None else self._resolved(value.text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        before = self.prepare_value(initial)
        return before.text != (data.text if isinstance(data, TypedPractitioner) else "")

    def _taken(self, value: TypedPractitioner) -> Practitioner | None:
        """The suggestion that was chosen, unless the text was changed since."""
        try:
            key = UUID(value.pk)
        except ValueError:
            return None
        found = Practitioner.objects.filter(pk=key).first()
        if found is None or (value.text != str(found) and value.chosen_for != value.text):
            return None
        return found

    def _resolved(self, text: str) -> Practitioner:
        found = list(Practitioner.objects.active().search(text)[: self.most + 1])
        exact = [row for row in found if str(row).casefold() == text.casefold()]
        if len(exact) == 1 or len(found) == 1:
            return (exact or found)[0]
        if not found:
            raise ValidationError(self.error_messages["unknown"], code="unknown")
        if len(found) > self.most:
            raise ValidationError(self.error_messages["many"], code="many")
        self.widget.candidates = tuple(found)
        raise ValidationError(self.error_messages["several"], code="several")
