"""What the database refuses, whoever asks: deletion, and rewriting what was written once."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import pre_migrate

from clinik import clock, guards
from clinik.guards import is_kept, is_written_once
from clinik.models import AuditEvent, CodeWord, Draft, PendingReference, Session
from encounters.models import Diagnosis, Encounter
from records.models import Note, NoteSignature, Observation
from records.models.note import BOUND
from tests.admin_world import make_rows
from tests.factories import (
    DiagnosisFactory,
    EncounterFactory,
    NoteFactory,
    ObservationFactory,
    PatientFactory,
)
from tests.lifting import lifted

pytestmark = pytest.mark.django_db

# Typing that becomes a row, an index made anew with its table, a reference until it is resolved, a
# login that has ended.
MAY_GO = {Draft, CodeWord, PendingReference, Session}


def ours() -> list[type[models.Model]]:
    labels = ("clinik", "encounters", "records")
    return [model for label in labels for model in apps.get_app_config(label).get_models()]


KEPT = [model for model in ours() if is_kept(model)]
WRITTEN_ONCE = [model for model in KEPT if is_written_once(model)]


def sql(statement: str, *values: Any) -> None:
    """In a savepoint, so that the test goes on after a refusal."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def taken(models_: list[type[models.Model]], statement: str) -> list[str]:
    """The tables that the database did this to, instead of refusing it."""
    found = []
    for model in models_:
        table = connection.ops.quote_name(model._meta.db_table)
        key = connection.ops.quote_name(str(model._meta.pk.column))
        columns = ", ".join(
            connection.ops.quote_name(str(field.column))
            for field in model._meta.local_concrete_fields
            if not field.generated
        )
        try:
            sql(statement.format(table=table, key=key, columns=columns))
        except IntegrityError as error:
            if "a row is" not in str(error):
                raise
        else:
            found.append(model._meta.db_table)
    return found


def everything() -> None:
    """A row in every table that is guarded."""
    make_rows(1)
    for model in WRITTEN_ONCE:
        if not model._base_manager.exists():
            _version_of(model)
    assert [model for model in KEPT if not model._base_manager.exists()] == []


def _version_of(model: Any) -> None:
    """A history row where saving the row made none: rows written in bulk have none."""
    row = model.instance_type._base_manager.all()[0]
    model.instance_type.history.bulk_history_create([row])


def test_every_clinical_history_and_audit_table_is_guarded() -> None:
    assert set(ours()) - set(KEPT) == MAY_GO
    assert {model for model in ours() if model.__name__.startswith("Historical")} < set(
        WRITTEN_ONCE
    )
    assert AuditEvent in WRITTEN_ONCE
    assert guards.missing() == []


def test_no_row_is_deleted_replaced_or_truncated() -> None:
    everything()
    assert taken(KEPT, "DELETE FROM {table}") == []
    assert taken(WRITTEN_ONCE, "UPDATE {table} SET {key} = {key}") == []
    if connection.vendor == "sqlite":
        replace = "INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table}"
        assert taken(KEPT, replace) == []
        assert taken(WRITTEN_ONCE, "UPDATE OR REPLACE {table} SET {key} = {key}") == []
    else:
        # Rows that wait for the check of their keys would be in its way as well.
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        assert taken(KEPT, "TRUNCATE {table} CASCADE") == []
        upsert = (
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {table}"
            " ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}"
        )
        assert taken(WRITTEN_ONCE, upsert) == []


def test_rows_that_may_go_still_go() -> None:
    make_rows(1)
    Draft.objects.all().delete()
    assert not Draft.objects.exists()


def _update(row: models.Model, **values: Any) -> None:
    with transaction.atomic():
        type(row)._base_manager.filter(pk=row.pk).update(**values)


def _other(field: Any) -> Any:
    """Another value of the column; whether a key leads anywhere is asked only at the end."""
    if isinstance(field, models.DateTimeField):
        return clock.now().replace(year=2001)
    if isinstance(field, models.ForeignKey | models.UUIDField):
        return "01900000-0000-7000-8000-000000000001"
    return {"relation": "addendum", "type": "referral-note"}.get(field.name, "other")


@pytest.mark.parametrize("name", BOUND)
def test_what_a_signature_binds_is_frozen(name: str) -> None:
    field = next(each for each in Note._meta.concrete_fields if each.attname == name)
    with pytest.raises(IntegrityError, match=r"does not change|its visit's patient"):
        _update(NoteFactory(signed=True), **{name: _other(field)})


def test_signed_note_is_still_entered_in_error_and_a_draft_is_still_written() -> None:
    signed, draft = NoteFactory(signed=True), NoteFactory()
    _update(signed, status="entered-in-error", error_reason="Wrong patient")
    _update(draft, content="More words.", digest="1" * 64, signed_at=clock.now(), status="final")
    assert Note.objects.get(pk=draft.pk).content == "More words."
    with pytest.raises(IntegrityError, match="does not change"):
        _update(draft, content="Other words.")


def test_signature_is_frozen() -> None:
    make_rows(1)
    with pytest.raises(IntegrityError, match="does not change"):
        _update(NoteSignature.objects.get(), digest="f" * 64)


def test_patient_of_a_visit_and_of_a_record_is_fixed() -> None:
    other = PatientFactory()
    for row in (
        EncounterFactory(),
        ObservationFactory(),
        ObservationFactory(encounter=None, patient=other),
    ):
        with pytest.raises(IntegrityError, match="patient"):
            _update(row, patient=PatientFactory())
    assert not Observation.objects.filter(patient=other, encounter__isnull=False).exists()


def test_record_is_about_the_patient_of_its_visit() -> None:
    visit, other = EncounterFactory(), PatientFactory()
    for make in (ObservationFactory, DiagnosisFactory):
        with pytest.raises(IntegrityError, match="its visit's patient"), transaction.atomic():
            make(encounter=visit, patient=other)
        loose = make(encounter=None, patient=other)
        with pytest.raises(IntegrityError, match="its visit's patient"):
            _update(loose, encounter=visit)
        _update(make(encounter=None, patient=visit.patient), encounter=visit)
    assert Observation.objects.filter(encounter=visit).count() == 1
    assert Diagnosis.objects.filter(encounter=visit).count() == 1


def test_every_table_with_a_visit_and_a_patient_asks_the_visit() -> None:
    asking = {
        model
        for model in ours()
        if not model.__name__.startswith("Historical")
        and {"encounter", "patient"} <= {field.name for field in model._meta.local_concrete_fields}
    }
    assert {Observation, Note, Diagnosis} < asking
    for model in asking:
        kinds = {rule.kind for rule in guards.rules_of(model, connection.vendor)}
        assert {"whose_insert", "whose_update", "kept"} <= kinds, model


@pytest.mark.django_db(transaction=True)
def test_guards_stand_again_after_a_migration_that_rebuilds_the_table() -> None:
    """What `migrate` does: pre_migrate with a plan, the operations, post_migrate for each app."""
    observation = ObservationFactory()
    old, new = (Encounter._meta.get_field("location") for _each in range(2))
    new = type(new)(max_length=1001, blank=True, default="")
    new.set_attributes_from_name("location")
    new.model = Encounter
    app = apps.get_app_config("encounters")
    pre_migrate.send(app, app_config=app, using="default", plan=[("a migration", False)])
    assert guards.standing() == {}
    for before, after in ((old, new), (new, old)):
        with connection.schema_editor() as editor:
            if connection.vendor == "sqlite":  # makes the table anew, under another name first
                editor._remake_table(  # type: ignore[attr-defined]
                    Encounter, alter_fields=[(before, after)]
                )
            else:
                editor.alter_field(Encounter, before, after)
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
    assert taken([Encounter, Observation], "DELETE FROM {table}") == []
    assert Observation.objects.filter(pk=observation.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_guards_stand_again_after_a_migration_that_fails(client: Any) -> None:
    """The last migration of records, whose columns are there already, said not to be applied."""
    observation = ObservationFactory()
    recorder = MigrationRecorder(connection)
    last = sorted(name for app, name in recorder.applied_migrations() if app == "records")[-1]
    recorder.record_unapplied("records", last)
    try:
        with (
            patch.object(Migration, "apply", side_effect=DatabaseError("half done")),
            pytest.raises(DatabaseError, match="half done"),
        ):
            call_command("migrate", verbosity=0)
        assert guards.missing() == []
        with pytest.raises(IntegrityError):
            sql("DELETE FROM records_observation")
    finally:
        recorder.record_applied("records", last)
    # Killed in between: nobody could put them back, so no balancer sends people here.
    assert client.get("/readyz").status_code == 200
    guards.remove()
    assert client.get("/readyz").status_code == 503
    assert taken([Observation], "DELETE FROM {table} WHERE 1 = 0") != []
    call_command("migrate", verbosity=0)
    assert client.get("/readyz").status_code == 200
    assert Observation.objects.filter(pk=observation.pk).exists()


def test_half_migrated_tables_are_guarded_where_their_columns_allow() -> None:
    guards.remove()
    lacks = []
    if connection.vendor == "postgresql":  # the other database makes the table anew for this
        sql("ALTER TABLE records_note DROP COLUMN encounter_id CASCADE")
        sql("ALTER TABLE records_assessment DROP COLUMN summary CASCADE")
        lacks = ["records_note"]
    guards.install_where_possible()
    assert guards.missing() == lacks


def test_migrate_with_nothing_to_do_leaves_the_guards_alone() -> None:
    app = apps.get_app_config("encounters")
    stood = guards.standing()
    pre_migrate.send(app, app_config=app, using="default", plan=[])
    assert guards.standing() == stood


def test_check_names_tables_whose_guards_do_not_stand() -> None:
    def said() -> str:
        return " ".join(
            str(message.msg)
            for message in checks.run_checks(databases=["default"], tags=[checks.Tags.database])
        )

    assert "guards" not in said()
    guards.remove(tables=["records_note"])
    assert "records_note." in said()
    guards.install([Note])
    assert "guards" not in said()


def test_trigger_switched_off_does_not_count_as_standing() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL switches triggers off")
    sql("ALTER TABLE records_note DISABLE TRIGGER USER")
    assert guards.missing() == ["records_note"]


def test_lifting_in_tests_ends() -> None:
    note = NoteFactory()
    with lifted(Note):
        sql("DELETE FROM records_note")
    assert not Note.objects.filter(pk=note.pk).exists()
    assert guards.missing() == []


def test_embedded_database_sees_replacement_as_deletion_in_every_process() -> None:
    """Without it INSERT OR REPLACE would fire no trigger of deletion; each connection says it."""
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA recursive_triggers").fetchone()[0] == 1
    text = (Path(settings.BASE_DIR) / "clinik" / "settings.py").read_text()
    assert re.search(r'"init_command".*?recursive_triggers=ON', text, re.S)
