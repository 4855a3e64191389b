"""Which tables hold a patient's rows, on this floor and the one above."""

import functools
from collections.abc import Iterator
from typing import Any

from django.apps import apps

from encounters.models import Encounter, Patient


@functools.cache
def tables_of_patients() -> tuple[type[Any], ...]:
    """Every table whose rows are a patient's, by the column `patient`; histories left out."""
    return tuple(_with("patient", Patient))


@functools.cache
def tables_of_visits() -> tuple[type[Any], ...]:
    """Those whose rows are a visit's and name its patient through it only."""
    named = tables_of_patients()
    return tuple(model for model in _with("encounter", Encounter) if model not in named)


def _with(name: str, target: type[Any]) -> Iterator[type[Any]]:
    for label in ("encounters", "records"):
        for model in apps.get_app_config(label).get_models():
            if not hasattr(model, "history_object") and any(
                field.name == name and field.related_model is target
                for field in model._meta.concrete_fields
            ):
                yield model
