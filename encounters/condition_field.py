"""The one field for a condition: words, a code, or both ("I10 Essential hypertension")."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from encounters.code_search import Found, find
from encounters.diagnoses import TEXT_LIMIT


class Asked(str):
    """A text that was sent to be looked up, not to be saved."""

    __slots__ = ()


class ConditionWidget(forms.Widget):
    """A combobox; without script a button looks the text up and offers what it finds."""

    candidates: Sequence[Found] = ()

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> str:
        text = str(data.get(name) or "").strip()
        chosen = str(data.get(f"{name}_choice") or "")
        if chosen and data.get(f"{name}_choice_for") == text:
            return chosen
        return Asked(text) if text and f"{name}_find" in data else text

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        return name not in data

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        context = {
            "name": name,
            "value": value or "",
            "attrs": self.build_attrs(self.attrs, attrs),
            "candidates": self.candidates,
        }
        return render_to_string("encounters/_condition_field.html", context)


class ConditionField(forms.CharField):
    """Cleans to the text; encounters.forms.diagnoses.read_condition() takes it apart."""

    widget = ConditionWidget
    default_error_messages = {
        "choose": gettext_lazy("Choose one below, or keep the words as they are."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", gettext_lazy("In words, or a code such as I10."))
        super().__init__(**{"max_length": TEXT_LIMIT, "required": False, **kwargs})

    def clean(self, value: Any) -> Any:
        if isinstance(value, Asked):
            widget: Any = self.widget
            widget.candidates = find(value)
            raise ValidationError(self.error_messages["choose"], code="choose")
        return super().clean(value)
