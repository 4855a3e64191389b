"""The database knows what one row can say: each column of choices, interval and reference."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import Q

from encounters.models import Encounter

OURS = ("clinik", "encounters", "records")


def _models() -> Iterator[type[models.Model]]:
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            if not model.__name__.startswith("Historical"):
                yield model


def _named(condition: Any) -> set[str]:
    """The lookups that a condition is made of: "status__in"."""
    if isinstance(condition, Q):
        return set[str]().union(*map(_named, condition.children))
    return {condition[0]}


def _lookups(model: type[models.Model]) -> list[set[str]]:
    """Of each CHECK of a table."""
    return [
        _named(each.condition)
        for each in model._meta.constraints
        if isinstance(each, models.CheckConstraint)
    ]


def _choices() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name)
        for model in _models()
        for field in model._meta.local_fields
        if getattr(field, "choices", None)
    ]


def _intervals() -> list[tuple[type[models.Model], str, str]]:
    pairs = (("start", "end"), ("onset", "abatement"), ("period_start", "period_end"))
    found = []
    for model in _models():
        names = {field.name for field in model._meta.local_fields}
        found += [(model, *pair) for pair in pairs if names.issuperset(pair)]
    return found


def _id(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize(("model", "name"), _choices(), ids=_id)
def test_choices_are_checked_by_the_database(model: type[models.Model], name: str) -> None:
    assert f"{name}__in" in set[str]().union(*_lookups(model))


@pytest.mark.parametrize(("model", "start", "end"), _intervals(), ids=_id)
def test_interval_is_checked_by_the_database(
    model: type[models.Model], start: str, end: str
) -> None:
    assert any(f"{start}__lte" in names for names in _lookups(model)), end


def _is_real(field: Any) -> bool:
    return bool(field.db_constraint)


def test_clinical_rows_are_never_deleted_with_another() -> None:
    """Drafts and sessions alone go with their user, who is never deleted either."""
    loose = {
        f"{model.__name__}.{field.name}"
        for model in _models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and (field.remote_field.on_delete is not models.PROTECT or not _is_real(field))
    }
    assert loose == {"Draft.user", "Session.user"}


@pytest.mark.django_db(transaction=True)
def test_references_are_real_in_the_database() -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Encounter._meta.db_table)
    kept = {tuple(e["columns"]): e["foreign_key"] for e in found.values() if e["foreign_key"]}
    assert kept[("patient_id",)] == ("encounters_patient", "id")
    assert kept[("practitioner_id",)] == ("encounters_practitioner", "id")
    assert kept[("part_of_id",)] == ("encounters_encounter", "id")


@pytest.mark.django_db
def test_embedded_database_is_a_real_one() -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        said = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert said["journal_mode"] == "wal"
    assert (said["synchronous"], said["foreign_keys"]) == (2, 1)
    assert said["busy_timeout"] >= 5_000
