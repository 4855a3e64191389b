"""Backups: whole while the clinic writes, checked table by table, put back all or nothing."""

import json
import resource
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from clinik import audit, backups
from clinik.backups import manifest
from clinik.models import AuditEvent, Session
from encounters.models import Patient
from tests.factories import NoteFactory, PatientFactory

pytestmark = pytest.mark.django_db(transaction=True)
# Tables in which a restored database goes on: its own event, the counter of its id, no logins.
GO_ON = {"clinik_auditevent", "clinik_session", "sqlite_sequence"}


@contextmanager
def elsewhere(folder: Path) -> Iterator[None]:
    """Within, the database is another one, which is empty: no tables."""
    here = connections["default"]
    name = str(folder / "elsewhere.sqlite3")
    if connection.vendor == "postgresql":
        name = "clinik_elsewhere"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    connections["default"] = type(here)({**here.settings_dict, "NAME": name}, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = here
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Writer(threading.Thread):
    """Registers patients, each with its event in one transaction, until told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: list[Any] = []
        self.enough, self.some = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                with transaction.atomic():
                    patient = PatientFactory()
                    audit.record("patient.create", patient, by=None)
                self.acknowledged.append(patient.pk)
                if len(self.acknowledged) >= 10:
                    self.some.set()
        finally:
            self.some.set()
            connections.close_all()


def said(*command: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*map(str, command), stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Of a database with a note in it."""
    NoteFactory(content="Feels „well“ \U0001f600")
    path, _made = backups.take(tmp_path / "clinic.backup")
    return path


def test_backup_taken_while_the_clinic_writes_is_restored_elsewhere(tmp_path: Path) -> None:
    writer = Writer()
    writer.start()
    assert writer.some.wait(60)
    before = set(writer.acknowledged)
    (tmp_path / "again").mkdir()
    path, made = backups.take(tmp_path)
    after = len(writer.acknowledged)
    writer.enough.set()
    writer.join()
    assert path.parent == tmp_path
    assert after > len(before) >= 10, "it went on writing meanwhile"
    assert "is whole" in said("verify_backup", path)
    with elsewhere(tmp_path):
        backups.restore(path)
        restored, _made = backups.take(tmp_path / "again")
        patients = set(Patient.objects.values_list("pk", flat=True))
        created = AuditEvent.objects.filter(act="patient.create")
        written = {event.patient_id for event in created}
    assert before <= patients <= set(writer.acknowledged)
    assert written == patients, "a patient and its event are in it together"
    found = manifest.read(restored).tables
    assert {name for name in made.tables if made.tables[name] != found[name]} <= GO_ON
    assert made.tables["encounters_patient"].rows == len(patients)


def test_backup_is_for_its_owner_only_and_leaves_nothing_else(backup: Path) -> None:
    there = sorted(backup.parent.iterdir())
    assert [path.name for path in there] == ["clinic.backup", "clinic.backup.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in there} == {0o600}
    event = AuditEvent.objects.get(act="database.backup")
    assert event.detail["sha256"] == manifest.read(backup).sha256
    with pytest.raises(CommandError, match="there already"):
        said("backup", backup)


def test_verify_names_the_table_that_differs(backup: Path) -> None:
    beside = manifest.beside(backup)
    written = json.loads(beside.read_text())
    written["tables"]["records_note"]["rows"] = 2
    written["tables"]["encounters_patient"]["digest"] = "0" * 32
    del written["tables"]["encounters_encounter"]
    beside.write_text(json.dumps(written))
    out = StringIO()
    with pytest.raises(CommandError, match="3 findings"):
        call_command("verify_backup", backup, stdout=out)
    assert [finding.split()[0].strip(":") for finding in out.getvalue().splitlines()] == [
        "encounters_encounter",
        "encounters_patient",
        "records_note",
    ]
    # Nor is it restored, and what was there stays.
    with pytest.raises(CommandError):
        said("restore", backup, force=True)
    assert Patient.objects.count() == 1


def test_verify_finds_one_changed_letter_and_a_file_cut_off(backup: Path) -> None:
    whole = backup.read_bytes()
    if connection.vendor == "sqlite":
        with sqlite3.connect(backup) as copy:
            copy.execute("UPDATE encounters_practitioner SET family = family || 'x'")
        copy.close()
        assert [finding.partition(":")[0] for finding in backups.verify(backup)] == [
            "the file is not the one that was written",
            "encounters_practitioner",
        ]
    for damaged in (whole[: len(whole) // 2], b""):
        backup.write_bytes(damaged)
        assert "the file is not the one that was written" in backups.verify(backup)
        with pytest.raises(CommandError, match="not the file that was written"):
            said("restore", backup, force=True)
    assert Patient.objects.count() == 1


def test_restore_says_what_would_be_lost_and_loses_it_only_by_force(backup: Path) -> None:
    later = PatientFactory()
    audit.record("patient.create", later, by=None)
    Session.objects.create(session_key="k" * 32, expire_date="2100-01-01T00:00Z")
    with pytest.raises(CommandError, match=r"not empty.* 2 patients.*last act"):
        said("restore", backup)
    assert Patient.objects.filter(pk=later.pk).exists()
    assert "2 patients" in said("restore", backup, force=True)
    assert Patient.objects.count() == 1
    assert not Session.objects.exists()
    event = AuditEvent.objects.get(act="database.restore")
    assert event.detail["over"]["patients"] == 2
    call_command("check", databases=["default"], fail_level="WARNING")


def test_restore_refuses_what_it_does_not_know(backup: Path, tmp_path: Path) -> None:
    beside = manifest.beside(backup)
    written = json.loads(beside.read_text())
    for changes, words in (
        ({"migrations": [*written["migrations"], "records.0999_later"]}, "newer Clinik"),
        ({"vendor": "oracle"}, "backup of oracle"),
        ({"form": 2}, "no manifest"),
    ):
        beside.write_text(json.dumps(written | changes))
        with pytest.raises(CommandError, match=words):
            said("restore", backup, force=True)
    beside.unlink()
    with pytest.raises(CommandError, match="is missing"):
        said("verify_backup", backup)
    with pytest.raises(CommandError, match="no file"):
        said("restore", tmp_path / "nowhere")


def test_backup_onto_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    NoteFactory()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(backups.BackupError):
            backups.take(tmp_path / "clinic.backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
    assert not AuditEvent.objects.filter(act="database.backup").exists()


def test_database_of_settings_is_the_one_that_is_tested() -> None:
    """The tests above force a restore: not over anybody's clinic."""
    assert "test" in Path(str(settings.DATABASES["default"]["NAME"])).name
