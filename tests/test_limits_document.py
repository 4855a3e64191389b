"""docs/limits.md says what is so: its tables are the code's.

Where one differs, what the assertion shows is what belongs there.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.db import models

import encounters.forms
import records.forms
from encounters.models import Allergy, Patient, PatientContact, PatientIdentifier

DOCUMENT = Path(__file__).parents[1] / "docs" / "limits.md"
# Forms that are made of a table's columns.
COLUMNS = (Patient, PatientContact, PatientIdentifier, Allergy)
# Not typed by anybody: keys, versions and digests that a form carries.
CARRIED = {
    *("id", "version", "other", "other_version", "draft_version"),
    *("digest", "rows", "renews", "to"),
}
_ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<limit>[^|]+) \| `(?P<where>[\w.]+)` \|$", re.M)


def said(name: str) -> str:
    return (
        DOCUMENT.read_text().partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
    ).strip()


def own_forms() -> Iterator[Any]:
    """Forms that pages use: those that no other form is made of."""
    found: list[Any] = []
    for package in (encounters.forms, records.forms):
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            found += [
                each
                for _name, each in inspect.getmembers(module, inspect.isclass)
                if issubclass(each, forms.BaseForm) and each.__module__ == module.__name__
            ]
    for form in found:
        if not any(form in other.__mro__[1:] for other in found):
            yield form


def bounds(field: forms.Field) -> str | None:
    """How much a field takes; None where it takes no text and no number, "" without a bound."""
    if isinstance(field, forms.CharField):
        return f"{field.max_length:,}" if field.max_length else ""
    if isinstance(field, forms.IntegerField):
        return f"{field.min_value} to {field.max_value:,}" if field.max_value else ""
    return None


def typed(form: Any) -> dict[str, str]:
    found = {name: bounds(field) for name, field in form.base_fields.items()}
    return {name: most for name, most in found.items() if most is not None and name not in CARRIED}


def form_table() -> str:
    lines = ["| Form | Takes at most |", "|---|---|"]
    for form in sorted(own_forms(), key=lambda each: (each.__module__, each.__name__)):
        if fields := typed(form):
            module = form.__module__.rpartition(".")[2]
            takes = ", ".join(f"{name} {most}" for name, most in fields.items())
            lines.append(f"| `{module}.{form.__name__}` | {takes} |")
    return "\n".join(lines)


def test_the_lengths_of_forms_are_those_of_the_code() -> None:
    assert said("forms") == form_table()


def test_no_field_of_a_form_is_without_a_bound() -> None:
    unbounded = [
        f"{form.__name__}.{name}"
        for form in own_forms()
        for name, most in typed(form).items()
        if not most
    ]
    assert unbounded == []


def column_table() -> str:
    lines = ["| Table | Takes at most |", "|---|---|"]
    for model in COLUMNS:
        columns = [
            f"{field.name} {field.max_length:,}"
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField)
            and field.max_length
            and field.editable
            and not field.choices
        ]
        lines.append(f"| {model._meta.verbose_name} | {', '.join(columns)} |")
    return "\n".join(lines)


def test_the_lengths_of_columns_are_those_of_the_code() -> None:
    assert said("columns") == column_table()


def rule_table() -> str:
    """Every rule that a row must keep, by its name; keys and choices are told by theirs."""
    lines = ["| Table | What the database holds to |", "|---|---|"]
    for label in ("clinik", "encounters", "records"):
        for model in apps.get_app_config(label).get_models():
            prefix = f"{label}_{model._meta.model_name}_"
            names = [rule.name.removeprefix(prefix) for rule in model._meta.constraints]
            if names:
                rules = "; ".join(name.replace("_", " ") for name in sorted(names))
                lines.append(f"| {model._meta.verbose_name} | {rules} |")
    return "\n".join(lines)


def test_the_rules_of_the_database_are_those_of_the_code() -> None:
    assert said("rules") == rule_table()


def value_of(where: str) -> Any:
    if where.startswith("settings."):
        name, _dot, key = where.removeprefix("settings.").partition(".")
        return getattr(settings, name)[key] if key else getattr(settings, name)
    module, _dot, name = where.rpartition(".")
    return getattr(importlib.import_module(module), name)


def in_words(value: Any) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for unit, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
            if seconds % unit == 0:
                number = seconds // unit
                return f"{number} {word}{'s' if number > 1 else ''}"
    return value if isinstance(value, str) else f"{value:,}"


LIMITS = list(_ROW.finditer(said("limits")))


@pytest.mark.parametrize("row", [pytest.param(each, id=each["where"]) for each in LIMITS])
def test_a_limit_is_that_of_the_code(row: re.Match[str]) -> None:
    assert row["limit"] == in_words(value_of(row["where"]))


def test_there_are_limits() -> None:
    assert len(LIMITS) > 25
