"""No word of the chart is ever lost: no deletion reaches it, and a visit in error keeps it."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from encounters.lifecycle import enter_in_error, restore
from encounters.models import Encounter, Patient
from records.models import Assessment, Note, Observation, Prescription, Report
from tests import factories
from tests.factories import EncounterFactory, UserFactory

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)
RECORDS = (Observation, Note, Prescription, Assessment, Report)
# Rows of no clinical meaning that may go: typing that has become a row, a login that is over, a
# reference that waited until its target came.
MAY_GO = {
    "records/notes.py": {"Draft.objects.of(by, form, target).delete()"},
    "records/bundle/pending.py": {"pending.delete()"},
    "clinik/sessions.py": {
        "session.delete()",
        "Session.objects.filter(user=user).exclude(session_key=but or '').delete()",
    },
}
# The guards name what they refuse; an import forgets in a temporary database of its own.
NAMES_DELETION = {
    "clinik/guards.py",
    # Sessions of a copy, and what a backup is put back over where --force says so.
    "clinik/backups/postgresql.py",
    "clinik/backups/sqlite.py",
    "records/bundle/index.py",
}


def one_of_each(visit: Encounter) -> dict[type[models.Model], models.Model]:
    """One row of everything of the chart that has a factory, about one visit."""
    return {
        model: getattr(factories, f"{model.__name__}Factory")(encounter=visit) for model in RECORDS
    }


def pointing_at(target: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """Every foreign key of our own tables to a clinical table, histories apart."""
    return [
        field
        for label in ("encounters", "records")
        for model in apps.get_app_config(label).get_models()
        if not model.__name__.startswith("Historical")
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.related_model is target
    ]


@pytest.mark.parametrize("target", [Encounter, Patient])
def test_every_key_to_a_visit_or_a_patient_protects_it(target: type[models.Model]) -> None:
    keys = pointing_at(target)
    assert {key.model for key in keys} >= set(RECORDS)
    for key in keys:
        assert key.remote_field.on_delete is models.PROTECT, key
        assert key.db_constraint, key  # type: ignore[attr-defined]  # not in the stubs


def test_every_key_between_clinical_rows_protects(db: Any) -> None:
    for label in ("encounters", "records"):
        for model in apps.get_app_config(label).get_models():
            if model.__name__.startswith("Historical"):
                continue
            for field in model._meta.get_fields():
                if isinstance(field, models.ForeignKey):
                    assert field.remote_field.on_delete is models.PROTECT, field


@pytest.mark.parametrize("model", RECORDS)
def test_visit_and_patient_with_a_record_cannot_be_deleted(model: type[models.Model]) -> None:
    visit = EncounterFactory(status_history=False)
    row = getattr(factories, f"{model.__name__}Factory")(encounter=visit)
    for parent in (visit, visit.patient):
        with pytest.raises(ProtectedError):
            parent.delete()
    assert model._default_manager.filter(pk=row.pk, encounter=visit).exists()


def delete_by_sql(key: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM encounters_encounter WHERE id = %s", [key])
        # Keys are checked at the end of the transaction; a test's never ends.
        connection.check_constraints()


@pytest.mark.parametrize("model", RECORDS)
def test_raw_delete_of_the_visit_fails_in_the_database(model: type[models.Model]) -> None:
    visit = EncounterFactory(status_history=False)
    getattr(factories, f"{model.__name__}Factory")(encounter=visit)
    key = Encounter._meta.pk.get_db_prep_value(visit.pk, connection)
    with pytest.raises(IntegrityError):
        delete_by_sql(key)
    assert Encounter.objects.filter(pk=visit.pk).exists()


@pytest.mark.parametrize("about", ["somebody-else", "opened-twice"])
def test_records_name_their_visit_after_it_is_entered_in_error(about: str) -> None:
    visit = EncounterFactory()
    rows = one_of_each(visit)
    before = {row.pk: (row.status, row.version) for row in rows.values()}  # type: ignore[attr-defined]
    enter_in_error(visit, by=UserFactory(role="Clinician"), about=about, reason="Wrong person")
    for model, row in rows.items():
        stored = model._default_manager.get(pk=row.pk)
        assert stored.encounter_id == visit.pk  # type: ignore[attr-defined]
        assert stored.patient_id == visit.patient_id  # type: ignore[attr-defined]
        assert (stored.status, stored.version) == before[row.pk]  # type: ignore[attr-defined]


def test_records_of_a_visit_about_somebody_else_count_nowhere_until_restored() -> None:
    visit = EncounterFactory(status_history=False)
    factories.StatusPeriod.objects.create(encounter=visit, status=visit.status, start=visit.start)
    rows = one_of_each(visit)
    enter_in_error(
        visit, by=UserFactory(role="Clinician"), about="somebody-else", reason="Wrong person"
    )
    for model in rows:
        counted = model._default_manager.of_patient(visit.patient).listed()  # type: ignore[attr-defined]
        assert not counted.exists()
    restore(visit, by=UserFactory(role="Administrator"), reason="It was right")
    for model, row in rows.items():
        counted = model._default_manager.of_patient(visit.patient).listed()  # type: ignore[attr-defined]
        assert [found.pk for found in counted] == [row.pk]


def deletions(path: Path) -> set[str]:
    """The source of every call in a file that deletes rows."""
    deleting = ("delete", "_raw_delete", "delete_queryset", "delete_model")
    return {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in deleting
    }


def test_deletions_are_seen_by_this_test(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("Note.objects.filter(pk=1).delete()\nrow.delete(keep_parents=True)\n")
    assert len(deletions(code)) == 2


def test_no_code_deletes_clinical_rows() -> None:
    files = [
        path
        for app in ("clinik", "encounters", "records")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    ]
    assert len(files) > 50
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        assert deletions(path) <= MAY_GO.get(name, set()), name


def test_no_sql_in_the_code_deletes() -> None:
    for app in ("clinik", "encounters", "records"):
        for path in (ROOT / app).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if "migrations" in path.parts or name in NAMES_DELETION:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    text = node.value.upper()
                    assert "DELETE FROM" not in text, path
                    assert "TRUNCATE" not in text, path
